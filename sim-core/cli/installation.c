#include "cli/installation.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/launch.h"

#ifndef TEESIM_INSTALL_LIBDIR
#define TEESIM_INSTALL_LIBDIR "lib"
#endif

/* Copies `directory` when `directory`/`member` exists. */
static void found_in(char out[PATH_MAX], const char *member, const char *format, ...)
{
	char directory[PATH_MAX], path[2 * PATH_MAX];
	va_list args;
	int n;

	if (out[0])
		return;
	va_start(args, format);
	n = vsnprintf(directory, sizeof(directory), format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(directory))
		return;
	snprintf(path, sizeof(path), "%s/%s", directory, member);
	if (access(path, R_OK) == 0)
		strcpy(out, directory);
}

/* The program of that name in the directory in which `program` lies. */
static void found_beside(char out[PATH_MAX], const char *program, const char *name)
{
	const char *slash = strrchr(program, '/');
	int length = slash ? (int)(slash - program) : 0;

	if (snprintf(out, PATH_MAX, "%.*s/%s", length, program, name) >= PATH_MAX ||
	    access(out, X_OK) < 0)
		out[0] = '\0';
}

int installation_find(struct installation *found)
{
	char *slash;

	memset(found, 0, sizeof(*found));
	if (!realpath("/proc/self/exe", found->prefix))
		return -errno;
	for (int up = 0; up < 2; up++) {
		slash = strrchr(found->prefix, '/');
		if (slash)
			*slash = '\0';
	}
	if (launch_daemon_path(found->teesimd, sizeof(found->teesimd), NULL, 0) == 0) {
		found_beside(found->ta_host, found->teesimd, "ta-host");
		found_beside(found->tee_services, found->teesimd, "tee-services");
		found_beside(found->tee_plugins, found->teesimd, "tee-plugins");
		found_beside(found->symbolizer, found->teesimd, "teesim-symbolize");
		found_beside(found->teep, found->teesimd, "teesim-teep");
		found_beside(found->otrp_parser, found->teesimd, "teesim-otrp-parser");
		found_beside(found->agent, found->teesimd, "teesim-agent");
		found_beside(found->teep_http, found->teesimd, "teesim-teep-http");
		found_beside(found->evil_agent, found->teesimd, "teesim-evil-agent");
		found_beside(found->tam, found->teesimd, "teesim-tam");
		found_beside(found->tam_cli, found->teesimd, "teesim-tam-cli");
	} else {
		found->teesimd[0] = '\0';
	}
	found_in(found->library_dir, "libteec.so.2", "%s/lib", found->prefix);
	found_in(found->library_dir, "libteec.so.2", "%s/%s", found->prefix, TEESIM_INSTALL_LIBDIR);
	found_in(found->node_modules, "teesim-tizen-teec/teec_node.node",
		 "%s/lib/teesim/node_modules", found->prefix);
	found_in(found->node_modules, "teesim-tizen-teec/teec_node.node",
		 "%s/%s/teesim/node_modules", found->prefix, TEESIM_INSTALL_LIBDIR);
	found_in(found->client_export, "include/tee_client_api.h", "%s", found->prefix);
	/* As installed, then as built. */
	found_in(found->ta_dev_kit, "mk/ta_dev_kit.mk", "%s/share/teesim/ta-dev-kit",
		 found->prefix);
	found_in(found->ta_dev_kit, "mk/ta_dev_kit.mk", "%s/ta-dev-kit", found->prefix);
	return 0;
}
