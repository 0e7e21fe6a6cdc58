/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions that give no result in 2.28 are called as those that do are there. */
#ifndef __TEE_MBEDTLS_SHA256_H
#define __TEE_MBEDTLS_SHA256_H

#include_next <mbedtls/sha256.h>

#define mbedtls_sha256	      mbedtls_sha256_ret
#define mbedtls_sha256_starts mbedtls_sha256_starts_ret
#define mbedtls_sha256_update mbedtls_sha256_update_ret
#define mbedtls_sha256_finish mbedtls_sha256_finish_ret

#endif
