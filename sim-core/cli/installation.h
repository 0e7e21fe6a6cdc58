/*
 * Where the other parts of this build or installation are, as seen from the running teesim. Runs in
 * `teesim`.
 */
#ifndef TEESIM_CLI_INSTALLATION_H
#define TEESIM_CLI_INSTALLATION_H

#include <limits.h>

/* An empty string stands for what was not found. */
struct installation {
	char prefix[PATH_MAX];
	char teesimd[PATH_MAX];
	/* The directory that holds libteec.so.2. */
	char library_dir[PATH_MAX];
	/* What makefiles call TEEC_EXPORT: include/ and lib/ below it. */
	char client_export[PATH_MAX];
	char ta_dev_kit[PATH_MAX];
	/* Has the package for Node.js in it. */
	char node_modules[PATH_MAX];
};

/* Looks for all parts. Returns 0, or -errno when it is not known where teesim itself is. */
int installation_find(struct installation *found);

/* The path of the program `name` of libexec/teesim, which is beside teesimd. Returns 0, or -ENOENT,
 * with an empty path, when it is not there.
 */
int installation_program(const struct installation *found, const char *name, char path[PATH_MAX]);

#endif
