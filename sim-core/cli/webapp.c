/* `teesim webapp`: web applications, by the Node.js package that is installed with teesim. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/installation.h"

static const char usage[] =
	"usage: teesim webapp run [OPTION…] DIR\n"
	"\n"
	"Runs a Tizen web application as a web page: serves the one in DIR, which has its "
	"config.xml,\n"
	"to a browser on this machine, with tizen.teec leading to the simulated TEE.\n"
	"`teesim webapp run --help` has the options. It needs Node.js 18 or later.\n";

/* Becomes Node.js with the script that does the work. */
static int run(char **argv)
{
	struct installation installation;
	char script[PATH_MAX + 64];
	char **command = argv;

	if (installation_find(&installation) < 0 || !installation.node_modules[0]) {
		fputs("teesim: this teesim was built without its Node.js package; `./dev build` in "
		      "its "
		      "checkout builds it\n",
		      stderr);
		return EXIT_REFUSED;
	}
	snprintf(script, sizeof(script), "%s/teesim-tizen-teec/webapp/run.js",
		 installation.node_modules);
	/* In the places of "webapp" and "run". */
	command[0] = (char[]) { "node" };
	command[1] = script;
	(void)execvp(command[0], command);
	if (errno == ENOENT)
		fputs("teesim: a web application needs Node.js, and there is no `node`: apt-get "
		      "install "
		      "nodejs\n",
		      stderr);
	else
		fprintf(stderr, "teesim: node: %s\n", strerror(errno));
	return EXIT_REFUSED;
}

int cmd_webapp(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "run") == 0)
		return run(argv);
	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(usage, stdout);
		return EXIT_OK;
	}
	if (argc >= 2)
		fprintf(stderr,
			"teesim webapp: no command \"%s\"; `teesim webapp --help` tells more\n",
			argv[1]);
	else
		fputs(usage, stderr);
	return EXIT_USAGE;
}
