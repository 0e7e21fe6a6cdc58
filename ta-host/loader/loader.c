#include "loader/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/neutral_tags.h"
#include "sandbox/library_dirs.h"
#include "wire/message.h"

/* The dynamic linker speaks of an image by its name in /proc. */
#define FD_NAME_SIZE 32

static const char *const entry_names[] = {
	"TA_CreateEntryPoint",	     "TA_DestroyEntryPoint",	   "TA_OpenSessionEntryPoint",
	"TA_CloseSessionEntryPoint", "TA_InvokeCommandEntryPoint",
};

static bool is_entry_point(const char *symbol)
{
	for (size_t i = 0; i < sizeof(entry_names) / sizeof(entry_names[0]); i++)
		if (!strcmp(symbol, entry_names[i]))
			return true;
	return false;
}

static int missing_symbol_tell(const char *path, const char *symbol, char *err, size_t errlen)
{
	if (is_entry_point(symbol))
		snprintf(err, errlen,
			 "%s: missing symbol %s: the TA must define all five entry points", path,
			 symbol);
	else if (!strncmp(symbol, "ta_", 3))
		snprintf(
			err, errlen,
			"%s: missing symbol %s: compile the dev kit's user_ta_header.c into the TA",
			path, symbol);
	else
		snprintf(err, errlen,
			 "%s: undefined symbol %s: neither the TEE Internal Core API nor a library "
			 "that the TA links has it; add the source or library that defines it",
			 path, symbol);
	return -ENOENT;
}

static void fd_name_write(char name[FD_NAME_SIZE], int fd)
{
	snprintf(name, FD_NAME_SIZE, "/proc/self/fd/%d", fd);
}

/* Which library the dynamic linker speaks of at the beginning of `text`; NULL none. */
static const struct loader_image *library_named(const struct loader_image *libraries,
						const char *text)
{
	for (size_t i = 0; libraries && i < LOADER_LIBRARIES_MAX; i++) {
		char name[FD_NAME_SIZE];

		fd_name_write(name, MESSAGE_LIBRARY_FD_FIRST + (int)i);
		if (libraries[i].fd >= 0)
			fd_name_write(name, libraries[i].fd);
		if (!strncmp(text, name, strlen(name)) && text[strlen(name)] == ':')
			return &libraries[i];
	}
	return NULL;
}

/* Puts the dynamic linker's complaint `text` about the image, which it calls `fd_name`, or about
 * one that this needs, in words that help. */
static int failure_tell(const char *path, const char *fd_name, const struct loader_image *libraries,
			const char *text, char *err, size_t errlen)
{
	static const char undefined[] = "undefined symbol: ";
	static const char no_library[] = ": cannot open shared object file";
	const struct loader_image *library = library_named(libraries, text);
	const char *at = strstr(text, undefined);
	const char *end = strstr(text, no_library);
	size_t own = strlen(fd_name);
	bool of_another = strncmp(text, fd_name, own) && strncmp(text, path, strlen(path));

	if (at) {
		char symbol[256];

		at += sizeof(undefined) - 1;
		snprintf(symbol, sizeof(symbol), "%.*s", (int)strcspn(at, ", \t\n"), at);
		/* In whatever library it is missing, that one is named first. */
		if (of_another) {
			snprintf(err, errlen, "%s: library %.*s lacks symbol %s", path,
				 library ? (int)strlen(library->path) : (int)strcspn(text, ":"),
				 library ? library->path : text, symbol);
			return -ENOENT;
		}
		return missing_symbol_tell(path, symbol, err, errlen);
	}
	if (end && library) {
		char uuid[UUID_TEXT_SIZE];

		snprintf(err, errlen, "%s: needs library %s, which could not be had", path,
			 uuid_format(&library->uuid, uuid));
		return -ELIBACC;
	}
	if (end && of_another) {
		snprintf(err, errlen,
			 "%s: needs library %.*s, which is not below " LIBRARY_DIRS_TEXT
			 "; link it into the TA statically or install it there",
			 path, (int)(end - text), text);
		return -ELIBACC;
	}
	if (!strncmp(text, fd_name, own) && !strncmp(text + own, ": ", 2))
		text += own + 2;
	snprintf(err, errlen, "%s: cannot be loaded: %s", path, text);
	return -ELIBBAD;
}

static int image_load(const struct loader_image *image, const struct loader_image *libraries,
		      int more_flags, struct loaded_image *out, char *err, size_t errlen)
{
	char fd_name[FD_NAME_SIZE];

	if (image->fd >= 0)
		fd_name_write(fd_name, image->fd);
	out->uuid = image->uuid;
	out->needs = image->needs;
	out->name = strdup(image->path);
	if (!out->name) {
		snprintf(err, errlen, "%s: out of memory", image->path);
		return -ENOMEM;
	}
	out->handle =
		dlopen(image->fd >= 0 ? fd_name : image->path, RTLD_NOW | RTLD_LOCAL | more_flags);
	if (!out->handle) {
		const char *text = dlerror();
		int failed = 0;

		if (!(more_flags & RTLD_NOLOAD))
			failed =
				failure_tell(image->path, image->fd >= 0 ? fd_name : image->path,
					     libraries, text ? text : "unknown error", err, errlen);
		free(out->name);
		out->name = NULL;
		return failed;
	}
	/* The handle is the link map in glibc, but only this way is documented. */
	if (dlinfo(out->handle, RTLD_DI_LINKMAP, &out->map) < 0)
		abort();
	return 0;
}

/* A debugger that attaches finds the file by this name. The dynamic linker goes by the file itself
 * where a name says nothing to it. */
static void image_rename(struct loaded_image *image, bool has_fd)
{
	if (!image->handle || image->linker_name)
		return;
	image->linker_name = image->map->l_name;
	if (has_fd)
		image->map->l_name = image->name;
}

static void libraries_rename(struct loaded_ta *ta)
{
	for (size_t i = 0; i < LOADER_LIBRARIES_MAX; i++)
		image_rename(&ta->library[i], true);
}

static void image_unload(struct loaded_image *image)
{
	if (image->handle) {
		/* The dynamic linker frees its own name. */
		if (image->linker_name)
			image->map->l_name = image->linker_name;
		dlclose(image->handle);
	}
	free(image->name);
	free(image->problem);
	memset(image, 0, sizeof(*image));
}

/* The address of `name` in the TA's own image; dlsym() looks into its libraries, too. */
static void *symbol_find(const struct loaded_image *image, const char *name)
{
	void *address = dlsym(image->handle, name);
	struct link_map *map = NULL;
	Dl_info info;

	if (!address || !dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP) ||
	    map != image->map)
		return NULL;
	return address;
}

static int symbols_find(struct loaded_ta *ta, char *err, size_t errlen)
{
	const struct loaded_image *image = &ta->image;
	const size_t *count = NULL;
	const struct {
		const char *name;
		void *slot;
	} wanted[] = {
		{ "TA_CreateEntryPoint", &ta->create },
		{ "TA_DestroyEntryPoint", &ta->destroy },
		{ "TA_OpenSessionEntryPoint", &ta->open_session },
		{ "TA_CloseSessionEntryPoint", &ta->close_session },
		{ "TA_InvokeCommandEntryPoint", &ta->invoke_command },
		{ "ta_head", &ta->head },
		{ "ta_props", &ta->properties },
		{ "ta_num_props", &count },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		void *address = symbol_find(image, wanted[i].name);

		if (!address)
			return missing_symbol_tell(image->name, wanted[i].name, err, errlen);
		/* A function's address is a pointer's size wherever there is dlsym(). */
		memcpy(wanted[i].slot, &address, sizeof(address));
	}
	ta->property_count = *count;
	return 0;
}

/* Takes hold of those libraries that came with another image. */
static void libraries_note(struct loaded_ta *ta, const struct loader_image *libraries)
{
	for (size_t i = 0; libraries && i < LOADER_LIBRARIES_MAX; i++)
		if (libraries[i].fd >= 0 && !ta->library[i].handle)
			(void)image_load(&libraries[i], libraries, RTLD_NOLOAD, &ta->library[i],
					 NULL, 0);
}

int loader_open_set(const struct loader_image *image, const struct loader_image *libraries,
		    struct loaded_ta *out, char *err, size_t errlen)
{
	int failed;

	memset(out, 0, sizeof(*out));
	if (errlen)
		err[0] = '\0';
	failed = image_load(image, libraries, 0, &out->image, err, errlen);
	if (failed)
		return failed;
	libraries_note(out, libraries);
	failed = symbols_find(out, err, errlen);
	if (failed) {
		loader_close(out);
		return failed;
	}
	image_rename(&out->image, image->fd >= 0);
	libraries_rename(out);
	return 0;
}

/* Returns whether there was one that could be loaded and had not been. */
static bool others_try(struct loaded_ta *ta, const struct loader_image *libraries, int more_flags)
{
	bool progress = false;

	for (size_t i = 0; i < LOADER_LIBRARIES_MAX; i++) {
		struct loaded_image *library = &ta->library[i];
		char why[512] = "";

		if (libraries[i].fd < 0 || library->handle)
			continue;
		if (image_load(&libraries[i], libraries, more_flags, library, why, sizeof(why))) {
			free(library->problem);
			library->problem = strdup(why);
			continue;
		}
		free(library->problem);
		library->problem = NULL;
		progress = true;
		libraries_note(ta, libraries);
	}
	return progress;
}

static bool any_problem(const struct loaded_ta *ta)
{
	for (size_t i = 0; i < LOADER_LIBRARIES_MAX; i++)
		if (ta->library[i].problem)
			return true;
	return false;
}

/* From here on, what is loaded finds the symbols of all that is loaded. */
static void make_global(const struct loaded_image *image)
{
	if (image->handle && dlopen(image->linker_name ? image->linker_name : image->map->l_name,
				    RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL))
		dlclose(image->handle);
}

void loader_open_others(struct loaded_ta *ta, const struct loader_image *libraries)
{
	(void)others_try(ta, libraries, 0);
	/* One that uses symbols of the TA, or of a library that it does not name. */
	if (any_problem(ta)) {
		make_global(&ta->image);
		for (size_t i = 0; i < LOADER_LIBRARIES_MAX; i++)
			make_global(&ta->library[i]);
		while (any_problem(ta) && others_try(ta, libraries, RTLD_GLOBAL))
			;
	}
	libraries_rename(ta);
}

int loader_open(int image_fd, const char *path, struct loaded_ta *out, char *err, size_t errlen)
{
	const struct loader_image image = { .fd = image_fd, .path = path };

	return loader_open_set(&image, NULL, out, err, errlen);
}

int loader_open_path(const char *path, struct loaded_ta *out, char *err, size_t errlen)
{
	return loader_open(-1, path, out, err, errlen);
}

static bool image_names(const struct loaded_image *image, const char *text)
{
	const void *strings = NULL;
	size_t size = 0;

	if (!image->handle)
		return false;
	/* The dynamic linker has used the table by now, so it is where this says. */
	for (const ElfW(Dyn) *dyn = image->map->l_ld; dyn->d_tag != DT_NULL; dyn++) {
		if (dyn->d_tag == DT_STRTAB)
			strings = (const void *)dyn->d_un.d_ptr;
		else if (dyn->d_tag == DT_STRSZ)
			size = dyn->d_un.d_val;
	}
	return strings && memmem(strings, size, text, strlen(text));
}

bool loader_names(const struct loaded_ta *ta, const char *text)
{
	bool named = image_names(&ta->image, text);

	for (size_t i = 0; !named && i < LOADER_LIBRARIES_MAX; i++)
		named = image_names(&ta->library[i], text);
	return named;
}

typedef void (*init_function)(int, char **, char **);
typedef void (*fini_function)(void);

/* What an image keeps under the private tags, as addresses in the process. */
struct kept_code {
	ElfW(Addr) init, fini;
	const ElfW(Addr) * init_array, *fini_array;
	size_t init_count, fini_count;
};

static struct kept_code kept_code_find(const struct link_map *map)
{
	struct kept_code code = { 0 };

	for (const ElfW(Dyn) *dyn = map->l_ld; dyn->d_tag != DT_NULL; dyn++) {
		/* The dynamic linker relocates only what stands behind tags it knows. */
		ElfW(Addr) address = map->l_addr + dyn->d_un.d_ptr;

		switch (dyn->d_tag) {
		case TEESIM_DT_INIT:
			code.init = address;
			break;
		case TEESIM_DT_FINI:
			code.fini = address;
			break;
		case TEESIM_DT_INIT_ARRAY:
			code.init_array = (const ElfW(Addr) *)address;
			break;
		case TEESIM_DT_FINI_ARRAY:
			code.fini_array = (const ElfW(Addr) *)address;
			break;
		case TEESIM_DT_INIT_ARRAYSZ:
			code.init_count = dyn->d_un.d_val / sizeof(ElfW(Addr));
			break;
		case TEESIM_DT_FINI_ARRAYSZ:
			code.fini_count = dyn->d_un.d_val / sizeof(ElfW(Addr));
			break;
		default:
			break;
		}
	}
	if (!code.init_array)
		code.init_count = 0;
	if (!code.fini_array)
		code.fini_count = 0;
	return code;
}

static void image_construct(struct loaded_ta *ta, unsigned int number, int argc, char **argv,
			    char **envp)
{
	const struct loaded_image *image =
		number == LOADER_LIBRARIES_MAX ? &ta->image : &ta->library[number];
	struct kept_code code;

	if (!image->handle || ta->constructed_bits & 1U << number)
		return;
	/* Two libraries may need each other. */
	ta->constructed_bits |= 1U << number;
	for (unsigned int i = 0; i < LOADER_LIBRARIES_MAX; i++)
		if (image->needs & 1U << i)
			image_construct(ta, i, argc, argv, envp);
	/* Counted first: one that panics halfway has run as far as it got. */
	ta->constructed[ta->constructed_count++] = (uint8_t)number;
	code = kept_code_find(image->map);
	if (code.init)
		((init_function)code.init)(argc, argv, envp);
	for (size_t n = 0; n < code.init_count; n++)
		((init_function)code.init_array[n])(argc, argv, envp);
}

void loader_run_constructors(struct loaded_ta *ta, int argc, char **argv, char **envp)
{
	image_construct(ta, LOADER_LIBRARIES_MAX, argc, argv, envp);
}

int loader_library_find(const struct loaded_ta *ta, const struct uuid *uuid)
{
	for (int i = 0; i < LOADER_LIBRARIES_MAX; i++) {
		const struct loaded_image *library = &ta->library[i];

		if ((library->handle || library->problem) && uuid_equal(&library->uuid, uuid))
			return i;
	}
	return -ENOENT;
}

bool loader_library_is_constructed(const struct loaded_ta *ta, int number)
{
	return ta->constructed_bits & 1U << number;
}

void loader_library_construct(struct loaded_ta *ta, int number)
{
	static char *nothing[] = { NULL };

	image_construct(ta, (unsigned int)number, 0, nothing, nothing);
}

void loader_run_destructors(struct loaded_ta *ta)
{
	while (ta->constructed_count > 0) {
		const unsigned int number = ta->constructed[--ta->constructed_count];
		const struct loaded_image *image =
			number == LOADER_LIBRARIES_MAX ? &ta->image : &ta->library[number];
		struct kept_code code = kept_code_find(image->map);

		for (size_t n = code.fini_count; n > 0; n--)
			((fini_function)code.fini_array[n - 1])();
		if (code.fini)
			((fini_function)code.fini)();
	}
}

void loader_close(struct loaded_ta *ta)
{
	/* The C library would otherwise call them later, in memory that is no longer there. */
	loader_run_destructors(ta);
	for (size_t i = 0; i < LOADER_LIBRARIES_MAX; i++)
		image_unload(&ta->library[i]);
	if (ta->image.handle)
		image_unload(&ta->image);
	memset(ta, 0, sizeof(*ta));
}
