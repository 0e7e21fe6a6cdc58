/* The `teesim` program: picks the command, which does the rest. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "ta", cmd_ta, "sign, verify, inspect, list, install and remove trusted applications" },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *to)
{
	fputs("usage: teesim COMMAND [ARGUMENT…]\n"
	      "\n"
	      "A software-simulated Trusted Execution Environment for developer testing.\n"
	      "\n",
	      to);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\n"
	      "`teesim COMMAND --help` tells more. `teesim --version` prints the version.\n",
	      to);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("teesim " TEESIM_VERSION);
		return EXIT_OK;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "teesim: no command \"%s\"; `teesim --help` lists them\n", argv[1]);
	return EXIT_USAGE;
}
