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

int installation_program(const struct installation *found, const char *name, char path[PATH_MAX])
{
	const char *slash = strrchr(found->teesimd, '/');
	int length = slash ? (int)(slash - found->teesimd) : 0;

	if (slash && snprintf(path, PATH_MAX, "%.*s/%s", length, found->teesimd, name) < PATH_MAX &&
	    access(path, X_OK) == 0)
		return 0;
	path[0] = '\0';
	return -ENOENT;
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
	if (launch_daemon_path(found->teesimd, sizeof(found->teesimd), NULL, 0) < 0)
		found->teesimd[0] = '\0';
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
