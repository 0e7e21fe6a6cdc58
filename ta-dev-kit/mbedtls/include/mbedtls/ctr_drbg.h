/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef __TEE_MBEDTLS_CTR_DRBG_H
#define __TEE_MBEDTLS_CTR_DRBG_H

#include_next <mbedtls/ctr_drbg.h>

#define mbedtls_ctr_drbg_update mbedtls_ctr_drbg_update_ret

#endif
