/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C library's <link.h>, except that a TA's dl_iterate_phdr() visits every object whatever the
 * callback returns, as TAs know it; the C library's stops at the first result that is not 0. It is
 * a macro because the unwinder of C++ needs the C library's. The runtime itself, which is built
 * with __TEE_RUNTIME__, gets the header as it is.
 */
#ifndef __TEE_LINK_H
#define __TEE_LINK_H

/* The C library shows struct dl_phdr_info to those alone who ask for its own extensions. */
#include <features.h>
#ifndef __USE_GNU
#define __USE_GNU 1
#include_next <link.h>
#undef __USE_GNU
#else
#include_next <link.h>
#endif

#ifndef __TEE_RUNTIME__
#ifdef __cplusplus
extern "C" {
#endif

/*
 * __tee_dl_iterate_phdr() - call @callback for each loaded object of the TA
 *
 * @data: passed on. The result of the last call.
 */
int __tee_dl_iterate_phdr(int (*callback)(struct dl_phdr_info *info, size_t size, void *data),
			  void *data);

#ifdef __cplusplus
}
#endif

#define dl_iterate_phdr(callback, data) __tee_dl_iterate_phdr((callback), (data))
#endif

#endif /* __TEE_LINK_H */
