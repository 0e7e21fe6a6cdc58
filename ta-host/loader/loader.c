#include "loader/loader.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/neutral_tags.h"
#include "sandbox/library_dirs.h"

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

/* Puts the dynamic linker's complaint `text`, in which the image is called `fd_name`, in words
 * that help. */
static int failure_tell(const char *path, const char *fd_name, const char *text, char *err,
			size_t errlen)
{
	static const char undefined[] = "undefined symbol: ";
	static const char no_library[] = ": cannot open shared object file";
	const char *at = strstr(text, undefined);
	const char *end = strstr(text, no_library);
	size_t own = strlen(fd_name);

	if (at) {
		char symbol[256];

		at += sizeof(undefined) - 1;
		snprintf(symbol, sizeof(symbol), "%.*s", (int)strcspn(at, ", \t\n"), at);
		/* In whatever library it is missing, that one is named first. */
		if (strncmp(text, fd_name, own) && strncmp(text, path, strlen(path))) {
			snprintf(err, errlen, "%s: library %.*s lacks symbol %s", path,
				 (int)strcspn(text, ":"), text, symbol);
			return -ENOENT;
		}
		return missing_symbol_tell(path, symbol, err, errlen);
	}
	if (end && strncmp(text, fd_name, own) && strncmp(text, path, strlen(path))) {
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

static int image_load(const struct loader_image *image, struct loaded_image *out, char *err,
		      size_t errlen)
{
	char fd_name[FD_NAME_SIZE];

	if (image->fd >= 0)
		snprintf(fd_name, sizeof(fd_name), "/proc/self/fd/%d", image->fd);
	out->name = strdup(image->path);
	if (!out->name) {
		snprintf(err, errlen, "%s: out of memory", image->path);
		return -ENOMEM;
	}
	out->handle = dlopen(image->fd >= 0 ? fd_name : image->path, RTLD_NOW | RTLD_LOCAL);
	if (!out->handle) {
		const char *text = dlerror();
		int failed = failure_tell(image->path, image->fd >= 0 ? fd_name : image->path,
					  text ? text : "unknown error", err, errlen);

		free(out->name);
		out->name = NULL;
		return failed;
	}
	/* The handle is the link map in glibc, but only this way is documented. */
	if (dlinfo(out->handle, RTLD_DI_LINKMAP, &out->map) < 0)
		abort();
	/* A debugger that attaches finds the file by this name. */
	out->linker_name = out->map->l_name;
	if (image->fd >= 0)
		out->map->l_name = out->name;
	return 0;
}

static void image_unload(struct loaded_image *image)
{
	/* The dynamic linker frees its own name. */
	image->map->l_name = image->linker_name;
	dlclose(image->handle);
	free(image->name);
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
	const struct loaded_image *image = &ta->images[ta->count - 1];
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

int loader_open_images(const struct loader_image *images, size_t count, struct loaded_ta *out,
		       char *err, size_t errlen)
{
	int failed = 0;

	assert(count > 0);
	memset(out, 0, sizeof(*out));
	if (errlen)
		err[0] = '\0';
	if (count > LOADER_IMAGES_MAX) {
		snprintf(err, errlen, "%s: needs more than %d libraries of its own",
			 images[count - 1].path, LOADER_IMAGES_MAX - 1);
		return -ELIBBAD;
	}
	while (!failed && out->count < count) {
		failed = image_load(&images[out->count], &out->images[out->count], err, errlen);
		if (!failed)
			out->count++;
	}
	if (!failed)
		failed = symbols_find(out, err, errlen);
	if (failed)
		loader_close(out);
	return failed;
}

int loader_open(int image_fd, const char *path, struct loaded_ta *out, char *err, size_t errlen)
{
	const struct loader_image image = { .fd = image_fd, .path = path };

	return loader_open_images(&image, 1, out, err, errlen);
}

int loader_open_path(const char *path, struct loaded_ta *out, char *err, size_t errlen)
{
	return loader_open(-1, path, out, err, errlen);
}

bool loader_names(const struct loaded_ta *ta, const char *text)
{
	for (size_t i = 0; i < ta->count; i++) {
		const void *strings = NULL;
		size_t size = 0;

		/* The dynamic linker has used the table by now, so it is where this says. */
		for (const ElfW(Dyn) *dyn = ta->images[i].map->l_ld; dyn->d_tag != DT_NULL; dyn++) {
			if (dyn->d_tag == DT_STRTAB)
				strings = (const void *)dyn->d_un.d_ptr;
			else if (dyn->d_tag == DT_STRSZ)
				size = dyn->d_un.d_val;
		}
		if (strings && memmem(strings, size, text, strlen(text)))
			return true;
	}
	return false;
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

void loader_run_constructors(struct loaded_ta *ta, int argc, char **argv, char **envp)
{
	for (size_t i = 0; i < ta->count; i++) {
		struct kept_code code = kept_code_find(ta->images[i].map);

		/* Counted first: one that panics halfway has run as far as it got. */
		ta->constructed++;
		if (code.init)
			((init_function)code.init)(argc, argv, envp);
		for (size_t n = 0; n < code.init_count; n++)
			((init_function)code.init_array[n])(argc, argv, envp);
	}
}

void loader_run_destructors(struct loaded_ta *ta)
{
	while (ta->constructed > 0) {
		struct kept_code code = kept_code_find(ta->images[--ta->constructed].map);

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
	while (ta->count > 0)
		image_unload(&ta->images[--ta->count]);
	memset(ta, 0, sizeof(*ta));
}
