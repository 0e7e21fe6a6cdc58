/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions that give no result in 2.28 are called as those that do are there. */
#ifndef __TEE_MBEDTLS_SHA1_H
#define __TEE_MBEDTLS_SHA1_H

#include_next <mbedtls/sha1.h>

#define mbedtls_sha1	    mbedtls_sha1_ret
#define mbedtls_sha1_starts mbedtls_sha1_starts_ret
#define mbedtls_sha1_update mbedtls_sha1_update_ret
#define mbedtls_sha1_finish mbedtls_sha1_finish_ret

#endif
