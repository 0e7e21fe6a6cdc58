/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C library's <dlfcn.h>, except that the functions are those for TAs: a library is opened by
 * its UUID, and found where TAs are found. They are macros, because what a TA links needs the C
 * library's. The runtime itself, which is built with __TEE_RUNTIME__, gets the header as it is.
 */
#ifndef __TEE_DLFCN_H
#define __TEE_DLFCN_H

/* The C library's <link.h>, if it follows, wants to have seen all of this one. */
#include <features.h>
#ifndef __USE_GNU
#define __USE_GNU 1
#include_next <dlfcn.h>
#undef __USE_GNU
#else
#include_next <dlfcn.h>
#endif

#ifndef __TEE_RUNTIME__
#ifdef __cplusplus
extern "C" {
#endif

/*
 * __tee_dlopen() - open a shared library for TAs; its constructors run before this returns
 *
 * @name:  its UUID as text; NULL: the TA itself with all libraries that are open
 * @flags: RTLD_NOW, or'ed with RTLD_GLOBAL and RTLD_NODELETE, which is what hardware asks for.
 *         RTLD_NOLOAD: only if it is open already.
 *
 * Libraries are found when the TA is started: one that appears later is not there. Returns a handle
 * for the two below, or NULL; dlerror() tells why.
 */
void *__tee_dlopen(const char *name, int flags);

/*
 * __tee_dlsym() - the address of @symbol in the library and those that it needs, or for the handle
 * of dlopen(NULL) in the TA and all libraries that are open
 *
 * Returns NULL when there is none; dlerror() tells why.
 */
void *__tee_dlsym(void *handle, const char *symbol);

/* __tee_dlclose() - give a handle back; the library stays. Returns 0, or -1 for no handle. */
int __tee_dlclose(void *handle);

/* __tee_dlerror() - what went wrong last, once; NULL when nothing did. Hardware has no such thing.
 */
char *__tee_dlerror(void);

#ifdef __cplusplus
}
#endif

#define dlopen	__tee_dlopen
#define dlsym	__tee_dlsym
#define dlclose __tee_dlclose
#define dlerror __tee_dlerror
#endif

#endif /* __TEE_DLFCN_H */
