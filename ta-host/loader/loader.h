/*
 * Brings a TA image and its shared libraries into the process and finds what the TA exports.
 *
 * Runs in ta-host. loader_open*() are called in the loading phase of the sandbox and run no code of
 * the image: teesimd has renamed its constructors and destructors (registry/neutral_tags.h) and
 * refused everything else by which an image could run code while it is loaded.
 * Constructors are called in the running phase, on the TA's thread: those of a library that the TA
 * opens by itself, with dlopen(), when it does. Everything that is
 * found in an image belongs to the TA and may lie.
 *
 * The caller of loader_open*() owns the loaded TA and may give it back with loader_close(). A host
 * that is about to end need not.
 */
#ifndef TEESIM_LOADER_LOADER_H
#define TEESIM_LOADER_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <user_ta_header.h>

#include "wire/uuid.h"

struct link_map;

/* Shared libraries for TAs that come with one TA. Each has a number below this. */
#define LOADER_LIBRARIES_MAX 31

/* A shared object to load. */
struct loader_image {
	/* The verified image, a sealed memfd; stays the caller's and may be closed after loading.
	 * Images that need a library call it by this number: "/proc/self/fd/N". -1: of the TA, load
	 * the file `path` itself; of a library, there is none. */
	int fd;
	/* The file that it was read from, for messages and debuggers. */
	const char *path;
	/* Of a library: what TAs know it by. */
	struct uuid uuid;
	/* Bit n: the image names library n. */
	uint32_t needs;
};

/* One that was loaded. */
struct loaded_image {
	void *handle;
	struct link_map *map;
	/* What the dynamic linker called it, and what it is called since. */
	char *linker_name;
	char *name;
	struct uuid uuid;
	uint32_t needs;
	/* Of a library that could not be loaded: why. */
	char *problem;
};

struct loaded_ta {
	struct loaded_image image;
	/* By number; without a handle where there is none. */
	struct loaded_image library[LOADER_LIBRARIES_MAX];
	/* Whose constructors were run, in that order, and as bits; LOADER_LIBRARIES_MAX is the TA
	 * itself. */
	uint8_t constructed[LOADER_LIBRARIES_MAX + 1];
	unsigned int constructed_count;
	uint32_t constructed_bits;

	TEE_Result (*create)(void);
	void (*destroy)(void);
	TEE_Result (*open_session)(uint32_t types, TEE_Param params[4], void **context);
	void (*close_session)(void *context);
	TEE_Result (*invoke_command)(void *context, uint32_t command, uint32_t types,
				     TEE_Param params[4]);

	const struct ta_head *head;
	const struct user_ta_property *properties;
	size_t property_count;
};

/*
 * Loads a TA and the libraries that it names, and those that they name, so that any of them may use
 * symbols of any other. `libraries` has LOADER_LIBRARIES_MAX entries, or is NULL.
 *
 * Returns 0, or with one line in `err` that names the file and what is wrong with it, and nothing
 * loaded: -ELIBACC for a library that cannot be had, -ENOENT for a symbol that is missing, -ELIBBAD
 * for anything else that keeps the image from being loaded.
 */
int loader_open_set(const struct loader_image *ta, const struct loader_image *libraries,
		    struct loaded_ta *out, char *err, size_t errlen);

/* Loads the others of `libraries`, so that the TA can have them when it asks. They may use symbols
 * of the TA and of each other. What can't be loaded stays out, with its `problem`. */
void loader_open_others(struct loaded_ta *ta, const struct loader_image *libraries);

/* As loader_open_set() for a TA without libraries of its own, from the memfd `image_fd`; `path` is
 * the file that it was read from. */
int loader_open(int image_fd, const char *path, struct loaded_ta *out, char *err, size_t errlen);

/* The same from the file itself, for Valgrind, gdb and perf, without a sandbox. The dynamic linker
 * runs the constructors at once, since nobody renamed them. */
int loader_open_path(const char *path, struct loaded_ta *out, char *err, size_t errlen);

/* Does any of the images name a symbol, its own or one that it wants, of which `text` is a part? */
bool loader_names(const struct loaded_ta *ta, const char *text);

/* Calls the constructors of the TA and of the libraries that it needs, as the dynamic linker would
 * have: dependencies first, DT_INIT before DT_INIT_ARRAY, with (argc, argv, environ). */
void loader_run_constructors(struct loaded_ta *ta, int argc, char **argv, char **envp);

/* The number of library `uuid` if it is or could have been loaded, else -ENOENT. */
int loader_library_find(const struct loaded_ta *ta, const struct uuid *uuid);

/* Were the constructors of library `number` called? */
bool loader_library_is_constructed(const struct loaded_ta *ta, int number);

/* Calls the constructors of a library that was loaded, and of those that it needs, unless they were
 * called before. */
void loader_library_construct(struct loaded_ta *ta, int number);

/* Calls the destructors of all images whose constructors were called, in reverse. */
void loader_run_destructors(struct loaded_ta *ta);

/* Takes the images out of the process, after the destructors that are still owed. */
void loader_close(struct loaded_ta *ta);

#endif
