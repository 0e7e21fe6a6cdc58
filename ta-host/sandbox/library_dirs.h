/*
 * Where the libraries that ta-host and TAs load may lie. The file system rules of ta-host and the
 * spawner's mount namespace are both made from this list.
 */
#ifndef TEESIM_SANDBOX_LIBRARY_DIRS_H
#define TEESIM_SANDBOX_LIBRARY_DIRS_H

static const char *const library_dirs[] = {
	"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib",
};

#define LIBRARY_DIRS_COUNT (sizeof(library_dirs) / sizeof(library_dirs[0]))

/* For messages. */
#define LIBRARY_DIRS_TEXT "/lib, /usr/lib and /usr/local/lib"

/* Where the dynamic linker looks up libraries. */
#define LIBRARY_CACHE "/etc/ld.so.cache"

#endif
