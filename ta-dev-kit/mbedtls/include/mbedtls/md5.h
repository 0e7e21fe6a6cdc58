/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions that give no result in 2.28 are called as those that do are there. */
#ifndef __TEE_MBEDTLS_MD5_H
#define __TEE_MBEDTLS_MD5_H

#include_next <mbedtls/md5.h>

#define mbedtls_md5	   mbedtls_md5_ret
#define mbedtls_md5_starts mbedtls_md5_starts_ret
#define mbedtls_md5_update mbedtls_md5_update_ret
#define mbedtls_md5_finish mbedtls_md5_finish_ret

#endif
