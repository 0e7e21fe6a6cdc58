#include "api/lazy_library.h"

#include <dlfcn.h>
#include <openssl/opensslv.h>
#include <stddef.h>
#include <tee_api_defines.h>

#include "runtime.h"

#define TEXT_OF(number) #number
#define TEXT(number)	TEXT_OF(number)
#define LIBRARY_NAME	"libcrypto.so." TEXT(OPENSSL_SHLIB_VERSION)

/* Written by lazy_library.cmake. */
extern void *lazy_slots[] __attribute__((visibility("hidden")));
extern const char *const lazy_names[] __attribute__((visibility("hidden")));
__attribute__((noreturn, visibility("hidden"))) void lazy_library_closed(void);

static bool opened, sealed;

/* Where a call goes that comes too early, or in a TA that hides from the loader what it calls. */
void lazy_library_closed(void)
{
	runtime_panic(TEE_ERROR_GENERIC,
		      "the TA uses cryptography, but none of its images names a function of it; "
		      "call TEE_AllocateOperation by its name");
}

const char *lazy_library_open(void)
{
	void *library;

	if (opened)
		return NULL;
	if (sealed)
		lazy_library_closed();
	library = dlopen(LIBRARY_NAME, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return LIBRARY_NAME " can't be loaded, which the TA needs for cryptography; "
				    "install the package libssl3";
	for (size_t i = 0; lazy_names[i]; i++) {
		lazy_slots[i] = dlsym(library, lazy_names[i]);
		if (!lazy_slots[i])
			return LIBRARY_NAME " lacks a function that ta-host was built with; "
					    "install the version that it was built for";
	}
	opened = true;
	return NULL;
}

void lazy_library_seal(void)
{
	sealed = true;
}
