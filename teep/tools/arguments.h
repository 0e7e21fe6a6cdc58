/*
 * Command lines of the TEEP tools: options with and without a value, and what stands by itself.
 *
 * Runs in teesim-teep.
 */
#ifndef TEESIM_TEEP_TOOLS_ARGUMENTS_H
#define TEESIM_TEEP_TOOLS_ARGUMENTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1, /* it was understood and did not work; the reason is on stderr */
	EXIT_USAGE = 2,
};

struct argument {
	const char *name;   /* without the two hyphens */
	const char **value; /* for an option that has one */
	bool *flag;	    /* for one that has none */
};

/*
 * Parse what follows argv[0], the command's name. `words` gets up to `words_max` arguments that are
 * no options. `help` begins with "usage: teesim …" and a line for each form of each command, up to
 * an empty line; what stands there outside of brackets is needed, words and options alike, and a
 * command that needs something has a form there. Returns -1 to go on, or the exit status: --help
 * prints `help`; what is missing or not understood is told with the forms of that command.
 */
int arguments_parse(int argc, char **argv, const char *help, const struct argument *table,
		    size_t count, const char **words, size_t words_max);

/* A number of an option; `otherwise` without it. Returns false, with a message, for anything else.
 */
bool argument_number(const char *name, const char *text, long otherwise, long least, long most,
		     long *out);

/* Picks a subcommand by argv[1]; --help and what is not understood as above. */
struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv);
};

int subcommand_run(int argc, char **argv, const char *help, const struct subcommand *table,
		   size_t count);

/* One line on stderr; returns EXIT_REFUSED. */
int tool_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A whole file, or standard input for "-": the caller's (free()). NULL after a message. */
unsigned char *input_read(const char *path, size_t *size);

/* A device's directory: as it stands when there is a slash in it, else of the device of that name;
 * NULL means the default. Returns false after a message. */
bool device_directory(const char *device, char *out, size_t size);

/* The parser's program, beside this one. Returns false when it is not there. */
bool parser_find(char out[PATH_MAX]);

#endif
