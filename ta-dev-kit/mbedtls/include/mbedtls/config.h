/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration that the library was built with, without what a TA can't do: there are no files
 * and no network. Only declarations depend on these two.
 */
#ifndef __TEE_MBEDTLS_CONFIG_H
#define __TEE_MBEDTLS_CONFIG_H

#include_next <mbedtls/config.h>

#undef MBEDTLS_FS_IO
#undef MBEDTLS_NET_C

/* Every header begins with this one. */
#include <mbedtls/private_access.h>

#endif
