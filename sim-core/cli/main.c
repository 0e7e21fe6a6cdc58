/* The `teesim` program: picks the command, which does the rest. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "run", cmd_run, "run one command on a fresh device that is gone afterwards" },
	{ "start", cmd_start, "start a device that stays until it is stopped" },
	{ "stop", cmd_stop, "end a running device; what it keeps stays" },
	{ "status", cmd_status, "show whether a device runs, and its trusted applications" },
	{ "log", cmd_log, "show what trusted applications print, and why one failed" },
	{ "ta", cmd_ta, "sign, verify, inspect, list, install and remove trusted applications" },
	{ "device", cmd_device, "list and remove devices" },
	{ "storage", cmd_storage, "look at and change what trusted applications keep" },
	{ "env", cmd_env, "print the variables that point existing projects here" },
	{ "bench", cmd_bench, "measure one command of a trusted application" },
	{ "webapp", cmd_webapp, "run a Tizen web application in a browser" },
	{ "pki", cmd_pki, "authorities and certificates for TEEP's roles" },
	{ "oem", cmd_oem, "make a device as its manufacturer does" },
	{ "sp", cmd_sp, "sign trusted applications as a service provider" },
	{ "admin", cmd_trust_admin, "change which TAMs and TAs a device trusts" },
	{ "otrp", cmd_otrp, "have a device's TEE execute an OTrP request" },
	{ "tam", cmd_tam, "run a Trusted Application Manager, and manage devices by it" },
	{ "agent", cmd_agent, "bring a device's TEE and TAMs together" },
	{ "evil-agent", cmd_evil_agent, "do so as an attacker would, by a script" },
	{ "fleet", cmd_fleet, "bring many simulated devices to a TAM, and count" },
	{ "doctor", cmd_doctor, "check this machine: what is missing, and how to get it" },
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
	static char name[32];

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
		if (strcmp(argv[1], commands[i].name) == 0) {
			snprintf(name, sizeof(name), "teesim %s", commands[i].name);
			argv[1] = name;
			return commands[i].run(argc - 1, argv + 1);
		}
	fprintf(stderr, "teesim: no command \"%s\"; `teesim --help` lists them\n", argv[1]);
	return EXIT_USAGE;
}
