/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions that give no result in 2.28 are called as those that do are there. */
#ifndef __TEE_MBEDTLS_SHA512_H
#define __TEE_MBEDTLS_SHA512_H

#include_next <mbedtls/sha512.h>

#define mbedtls_sha512	      mbedtls_sha512_ret
#define mbedtls_sha512_starts mbedtls_sha512_starts_ret
#define mbedtls_sha512_update mbedtls_sha512_update_ret
#define mbedtls_sha512_finish mbedtls_sha512_finish_ret

#endif
