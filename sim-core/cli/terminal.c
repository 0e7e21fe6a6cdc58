#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct terminal_colours terminal_colours(FILE *stream)
{
	static const struct terminal_colours none = { "", "", "", "", "", "" };
	static const struct terminal_colours ansi = { "\033[1m",  "\033[2m",  "\033[31m",
						      "\033[32m", "\033[33m", "\033[0m" };
	const char *no_colour = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (!isatty(fileno(stream)) || (no_colour && no_colour[0]) || !term ||
	    !strcmp(term, "dumb"))
		return none;
	return ansi;
}
