/* SPDX-License-Identifier: BSD-2-Clause */
/* What 3 reads by functions, since the members are hidden there. */
#ifndef __TEE_MBEDTLS_CIPHER_H
#define __TEE_MBEDTLS_CIPHER_H

#include_next <mbedtls/cipher.h>

static inline mbedtls_cipher_type_t mbedtls_cipher_info_get_type(const mbedtls_cipher_info_t *info)
{
	return info ? info->type : MBEDTLS_CIPHER_NONE;
}

static inline mbedtls_cipher_mode_t mbedtls_cipher_info_get_mode(const mbedtls_cipher_info_t *info)
{
	return info ? info->mode : MBEDTLS_MODE_NONE;
}

static inline size_t mbedtls_cipher_info_get_key_bitlen(const mbedtls_cipher_info_t *info)
{
	return info ? info->key_bitlen : 0;
}

static inline const char *mbedtls_cipher_info_get_name(const mbedtls_cipher_info_t *info)
{
	return info ? info->name : NULL;
}

static inline size_t mbedtls_cipher_info_get_iv_size(const mbedtls_cipher_info_t *info)
{
	return info ? info->iv_size : 0;
}

static inline size_t mbedtls_cipher_info_get_block_size(const mbedtls_cipher_info_t *info)
{
	return info ? info->block_size : 0;
}

#endif
