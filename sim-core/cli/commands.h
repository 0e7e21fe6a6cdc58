/*
 * The commands of the `teesim` program. Each gets its own name as argv[0], prints its own --help,
 * and returns the program's exit status.
 */
#ifndef TEESIM_CLI_COMMANDS_H
#define TEESIM_CLI_COMMANDS_H

enum {
	EXIT_OK = 0,
	EXIT_REFUSED = 1, /* it was understood and did not work; the reason is on stderr */
	EXIT_USAGE = 2,	  /* it was not understood */
};

int cmd_ta(int argc, char **argv);

#endif
