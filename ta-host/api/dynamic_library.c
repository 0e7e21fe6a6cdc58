#include "api/dynamic_library.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <tee_api_defines.h>

#include "api/uuid_text.h"
#include "loader/loader.h"
#include "runtime.h"

/* What a TA holds for a library: a place in here by the library's number, and the last one for
 * everything that is open. */
#define HANDLES (LOADER_LIBRARIES_MAX + 1)

struct open_library {
	/* How many times it was opened and not closed. */
	unsigned int opens;
};

static struct open_library handles[HANDLES];
static struct open_library *const all = &handles[LOADER_LIBRARIES_MAX];

/* What dlerror() is to say, and whether it has not yet. */
static char complaint[512];
static bool has_complaint;

void *__tee_dlopen(const char *name, int flags);
void *__tee_dlsym(void *handle, const char *symbol);
int __tee_dlclose(void *handle);
char *__tee_dlerror(void);

__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(complaint, sizeof(complaint), format, args);
	va_end(args);
	has_complaint = true;
}

static int number_find(const TEE_UUID *uuid)
{
	const struct uuid wire = uuid_from_fields(uuid->timeLow, uuid->timeMid,
						  uuid->timeHiAndVersion, uuid->clockSeqAndNode);

	return runtime.images ? loader_library_find(runtime.images, &wire) : -1;
}

static bool is_open(int number)
{
	return number >= 0 && loader_library_is_constructed(runtime.images, number);
}

TEE_Result dynamic_library_open(const TEE_UUID *uuid, const char **why)
{
	const int number = number_find(uuid);

	if (why)
		*why = NULL;
	if (number < 0)
		return TEE_ERROR_ITEM_NOT_FOUND;
	if (!runtime.images->library[number].handle) {
		if (why)
			*why = runtime.images->library[number].problem;
		return TEE_ERROR_GENERIC;
	}
	loader_library_construct(runtime.images, number);
	return TEE_SUCCESS;
}

/* Is it in a library that the TA has not opened? */
static bool is_hidden(void *address)
{
	struct link_map *map = NULL;
	Dl_info info;

	if (!address || !dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP))
		return false;
	for (int i = 0; i < LOADER_LIBRARIES_MAX; i++)
		if (runtime.images->library[i].handle && runtime.images->library[i].map == map)
			return !is_open(i);
	return false;
}

static void *symbol_find_everywhere(const char *symbol)
{
	const struct loaded_ta *images = runtime.images;
	void *address;

	if (!images)
		return NULL;
	address = dlsym(images->image.handle, symbol);
	for (unsigned int i = 0; !address && i < images->constructed_count; i++) {
		const unsigned int number = images->constructed[i];

		if (number < LOADER_LIBRARIES_MAX)
			address = dlsym(images->library[number].handle, symbol);
	}
	/* A TA has the API in its own image, as far as it can tell. */
	if (!address)
		address = dlsym(RTLD_DEFAULT, symbol);
	return is_hidden(address) ? NULL : address;
}

void *dynamic_library_symbol(const TEE_UUID *uuid, const char *symbol)
{
	int number;

	if (!uuid)
		return symbol_find_everywhere(symbol);
	number = number_find(uuid);
	return is_open(number) ? dlsym(runtime.images->library[number].handle, symbol) : NULL;
}

void *__tee_dlopen(const char *name, int flags)
{
	const char *why;
	TEE_UUID uuid;
	int number;

	if (!name) {
		all->opens++;
		return all;
	}
	if (!uuid_text_parse(name, &uuid)) {
		complain("%s: a library for TAs is opened by its UUID", name);
		return NULL;
	}
	if (!(flags & (RTLD_LAZY | RTLD_NOW))) {
		complain("%s: the flags must have RTLD_NOW", name);
		return NULL;
	}
	number = number_find(&uuid);
	if (flags & RTLD_NOLOAD && !is_open(number)) {
		complain("%s: not open", name);
		return NULL;
	}
	switch (dynamic_library_open(&uuid, &why)) {
	case TEE_SUCCESS:
		handles[number].opens++;
		return &handles[number];
	case TEE_ERROR_ITEM_NOT_FOUND:
		complain("%s: there was no such library where the TA was found, in its client's "
			 "directory, in TEESIM_TA_PATH or installed, when the TA was started; the "
			 "log says if one was refused",
			 name);
		return NULL;
	default:
		complain("%s", why ? why : "out of memory");
		return NULL;
	}
}

/* The number of the library that the handle is of, LOADER_LIBRARIES_MAX for all; -1 when it is none
 * or was closed. */
static int handle_number(const void *handle)
{
	for (int i = 0; i < HANDLES; i++)
		if (handle == &handles[i] && handles[i].opens)
			return i;
	return -1;
}

void *__tee_dlsym(void *handle, const char *symbol)
{
	const int number = handle_number(handle);
	void *address = NULL;

	if (number < 0) {
		complain("dlsym: this is not a handle that dlopen() gave and dlclose() did not "
			 "take");
		return NULL;
	}
	if (symbol)
		address = number == LOADER_LIBRARIES_MAX
				  ? symbol_find_everywhere(symbol)
				  : dlsym(runtime.images->library[number].handle, symbol);
	if (!address)
		complain("undefined symbol: %s", symbol ? symbol : "(null)");
	return address;
}

int __tee_dlclose(void *handle)
{
	const int number = handle_number(handle);

	if (number < 0) {
		complain("dlclose: this is not a handle that dlopen() gave");
		return -1;
	}
	handles[number].opens--;
	return 0;
}

char *__tee_dlerror(void)
{
	if (!has_complaint)
		return NULL;
	has_complaint = false;
	return complaint;
}
