/*
 * Which file tells about the code of a module that was loaded: the module itself, or one with debug
 * information that was kept apart from it. Runs in teesim-symbolize.
 *
 * The list of modules comes from a process that TA code ran in. So libraries are looked for where
 * libraries are, and a file counts only when it has the module's build ID.
 */
#ifndef TEESIM_SYMBOLIZE_DEBUG_FILE_H
#define TEESIM_SYMBOLIZE_DEBUG_FILE_H

#include <limits.h>
#include <stdbool.h>

#include "wire/message.h"

struct debug_file {
	/* The caller's; -1: none was found. */
	int fd;
	/* Has it lines of source, or only names? */
	bool has_lines;
	char path[PATH_MAX];
	/* A file beside the TA that should have them is of another build; or empty. */
	char stale[PATH_MAX];
};

/* For ta-host and libraries: the program `host`, or the library by its name. */
void debug_file_of_library(const struct message_module *module, const char *host,
			   struct debug_file *out);

/* For the TA that was loaded from `ta`: <uuid>.elf beside it, or the like. */
void debug_file_of_ta(const struct message_module *module, const char *ta, struct debug_file *out);

#endif
