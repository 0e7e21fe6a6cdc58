/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The version that sources are compiled for: 3.0, whose interface these headers give to the
 * library. mbedtls_version_get_number() tells the library's own, 2.28.
 */
#ifndef __TEE_MBEDTLS_VERSION_H
#define __TEE_MBEDTLS_VERSION_H

#include_next <mbedtls/version.h>

#undef MBEDTLS_VERSION_MAJOR
#undef MBEDTLS_VERSION_MINOR
#undef MBEDTLS_VERSION_PATCH
#undef MBEDTLS_VERSION_NUMBER
#undef MBEDTLS_VERSION_STRING
#undef MBEDTLS_VERSION_STRING_FULL
#define MBEDTLS_VERSION_MAJOR	    3
#define MBEDTLS_VERSION_MINOR	    0
#define MBEDTLS_VERSION_PATCH	    0
#define MBEDTLS_VERSION_NUMBER	    0x03000000
#define MBEDTLS_VERSION_STRING	    "3.0.0"
#define MBEDTLS_VERSION_STRING_FULL "mbed TLS 3.0.0"

#endif
