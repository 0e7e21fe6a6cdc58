/* Those commands whose work needs OpenSSL: another program does it. */
#include "cli/commands.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "wire/launch.h"

#define ARGUMENTS_MAX 64

int teep_exec(const char *command, int argc, char **argv)
{
	char path[PATH_MAX], *arguments[ARGUMENTS_MAX + 3];
	char *slash;
	int rc = launch_daemon_path(path, sizeof(path), NULL, 0);

	slash = rc ? NULL : strrchr(path, '/');
	if (!slash || (size_t)(slash - path) + sizeof("/teesim-teep") > sizeof(path)) {
		fputs("teesim: the program teesim-teep is not found; build or install it\n",
		      stderr);
		return EXIT_REFUSED;
	}
	strcpy(slash, "/teesim-teep");
	if (argc > ARGUMENTS_MAX) {
		fputs("teesim: too many arguments\n", stderr);
		return EXIT_USAGE;
	}
	arguments[0] = path;
	arguments[1] = (char *)command;
	for (int i = 0; i < argc; i++)
		arguments[2 + i] = argv[i];
	arguments[2 + argc] = NULL;
	execv(path, arguments);
	fprintf(stderr, "teesim: cannot run %s: %s; build or install it\n", path, strerror(errno));
	return EXIT_REFUSED;
}

int cmd_pki(int argc, char **argv)
{
	return teep_exec("pki", argc - 1, argv + 1);
}

int cmd_oem(int argc, char **argv)
{
	return teep_exec("oem", argc - 1, argv + 1);
}

int cmd_sp(int argc, char **argv)
{
	return teep_exec("sp", argc - 1, argv + 1);
}

int cmd_trust_admin(int argc, char **argv)
{
	return teep_exec("admin", argc - 1, argv + 1);
}

int cmd_otrp(int argc, char **argv)
{
	return teep_exec("otrp", argc - 1, argv + 1);
}
