/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef __TEE_MBEDTLS_HMAC_DRBG_H
#define __TEE_MBEDTLS_HMAC_DRBG_H

#include_next <mbedtls/hmac_drbg.h>

#define mbedtls_hmac_drbg_update mbedtls_hmac_drbg_update_ret

#endif
