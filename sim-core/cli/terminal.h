/* Colours for people, none for programs. Runs in `teesim`. */
#ifndef TEESIM_CLI_TERMINAL_H
#define TEESIM_CLI_TERMINAL_H

#include <stdio.h>

struct terminal_colours {
	const char *bold;
	const char *dim;
	const char *red;
	const char *green;
	const char *yellow;
	const char *plain;
};

/* The sequences for `stream`: empty unless it is a terminal that has colours and NO_COLOR is not
 * set. */
struct terminal_colours terminal_colours(FILE *stream);

#endif
