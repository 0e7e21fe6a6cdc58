/*
 * Brings a TA image into the process and finds what it exports.
 *
 * Runs in ta-host. loader_open*() are called in the loading phase of the sandbox and run no code of
 * the image: teesimd has renamed its constructors and destructors (registry/neutral_tags.h) and
 * refused everything else by which an image could run code while it is loaded.
 * loader_run_constructors() is called in the running phase, on the TA's thread. Everything that is
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

struct link_map;

#define LOADER_IMAGES_MAX 32

/* A shared object to load. */
struct loader_image {
	/* The verified image, a sealed memfd; stays the caller's and may be closed after loading.
	 * -1: load the file `path` itself. */
	int fd;
	/* The file that it was read from, for messages and debuggers. */
	const char *path;
};

/* One that was loaded. */
struct loaded_image {
	void *handle;
	struct link_map *map;
	/* What the dynamic linker called it, and what it is called since. */
	char *linker_name;
	char *name;
};

struct loaded_ta {
	/* Dependencies first, the TA itself last. */
	struct loaded_image images[LOADER_IMAGES_MAX];
	size_t count;
	/* Constructors were run, so destructors are owed. */
	unsigned int constructed;

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
 * Loads `count` images in the given order: first the shared libraries that the TA names by their
 * SONAME, each after those that it needs itself, last the TA.
 *
 * Returns 0, or with one line in `err` that names the file and what is wrong with it, and nothing
 * loaded: -ELIBACC for a library that cannot be had, -ENOENT for a symbol that is missing, -ELIBBAD
 * for anything else that keeps the image from being loaded.
 */
int loader_open_images(const struct loader_image *images, size_t count, struct loaded_ta *out,
		       char *err, size_t errlen);

/* The same for a TA without libraries of its own, from the memfd `image_fd`; `path` is the file
 * that it was read from. */
int loader_open(int image_fd, const char *path, struct loaded_ta *out, char *err, size_t errlen);

/* The same from the file itself, for Valgrind, gdb and perf, without a sandbox. The dynamic linker
 * runs the constructors at once, since nobody renamed them. */
int loader_open_path(const char *path, struct loaded_ta *out, char *err, size_t errlen);

/* Does any of the images name a symbol, its own or one that it wants, of which `text` is a part? */
bool loader_names(const struct loaded_ta *ta, const char *text);

/* Calls the constructors of all images, as the dynamic linker would have: dependencies first,
 * DT_INIT before DT_INIT_ARRAY, with (argc, argv, environ). */
void loader_run_constructors(struct loaded_ta *ta, int argc, char **argv, char **envp);

/* Calls the destructors of all images whose constructors were called, in reverse. */
void loader_run_destructors(struct loaded_ta *ta);

/* Takes the images out of the process, after the destructors that are still owed. */
void loader_close(struct loaded_ta *ta);

#endif
