/* Those commands whose work needs OpenSSL: another program does it. */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/launch.h"

#define ARGUMENTS_MAX 64

#define TOOLS	      "teesim-teep"

/* Beside teesimd. */
static bool program_find(const char *name, char path[PATH_MAX])
{
	const int rc = launch_daemon_path(path, PATH_MAX, NULL, 0);
	char *slash = rc ? NULL : strrchr(path, '/');

	if (!slash || (size_t)(slash - path) + strlen(name) + 2 > PATH_MAX) {
		fprintf(stderr, "teesim: the program %s is not found; build or install it\n", name);
		return false;
	}
	strcpy(slash + 1, name);
	return true;
}

static pid_t output_pid;

FILE *teep_output(const char *command, const char *subcommand, const char *directory)
{
	char path[PATH_MAX];
	char *argv[] = { path,	     (char *)command,	(char *)subcommand,
			 "--device", (char *)directory, NULL };
	posix_spawn_file_actions_t actions;
	FILE *output = NULL;
	int ends[2], rc;

	if (!program_find(TOOLS, path) || pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	posix_spawn_file_actions_init(&actions);
	rc = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	if (rc == 0)
		rc = posix_spawn(&output_pid, path, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (rc == 0)
		output = fdopen(ends[0], "r");
	if (!output)
		close(ends[0]);
	return output;
}

bool teep_output_close(FILE *output)
{
	pid_t pid;
	int status;

	(void)fclose(output);
	do {
		pid = waitpid(output_pid, &status, 0);
	} while (pid < 0 && errno == EINTR);
	return pid == output_pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The program gets `command`, unless that is NULL, and then the arguments. */
static int program_exec(const char *name, const char *command, int argc, char **argv)
{
	char path[PATH_MAX], *arguments[ARGUMENTS_MAX + 3];
	int count = 0;

	if (!program_find(name, path))
		return EXIT_REFUSED;
	if (argc > ARGUMENTS_MAX) {
		fputs("teesim: too many arguments\n", stderr);
		return EXIT_USAGE;
	}
	arguments[count++] = path;
	if (command)
		arguments[count++] = (char *)command;
	for (int i = 0; i < argc; i++)
		arguments[count++] = argv[i];
	arguments[count] = NULL;
	execv(path, arguments);
	fprintf(stderr, "teesim: cannot run %s: %s; build or install it\n", path, strerror(errno));
	return EXIT_REFUSED;
}

int teep_exec(const char *command, int argc, char **argv)
{
	return program_exec(TOOLS, command, argc, argv);
}

/* The server is a program of its own, which does what it does for as long as it runs. */
int cmd_tam(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "serve") == 0)
		return program_exec("teesim-tam", NULL, argc - 2, argv + 2);
	return program_exec("teesim-tam-cli", NULL, argc - 1, argv + 1);
}

int cmd_fleet(int argc, char **argv)
{
	return program_exec("teesim-fleet", NULL, argc - 1, argv + 1);
}

int cmd_agent(int argc, char **argv)
{
	return program_exec("teesim-agent", NULL, argc - 1, argv + 1);
}

int cmd_evil_agent(int argc, char **argv)
{
	return program_exec("teesim-evil-agent", NULL, argc - 1, argv + 1);
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
