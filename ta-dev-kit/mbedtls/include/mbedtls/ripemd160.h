/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions that give no result in 2.28 are called as those that do are there. */
#ifndef __TEE_MBEDTLS_RIPEMD160_H
#define __TEE_MBEDTLS_RIPEMD160_H

#include_next <mbedtls/ripemd160.h>

#define mbedtls_ripemd160	 mbedtls_ripemd160_ret
#define mbedtls_ripemd160_starts mbedtls_ripemd160_starts_ret
#define mbedtls_ripemd160_update mbedtls_ripemd160_update_ret
#define mbedtls_ripemd160_finish mbedtls_ripemd160_finish_ret

#endif
