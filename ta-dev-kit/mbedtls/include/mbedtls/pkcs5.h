/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef __TEE_MBEDTLS_PKCS5_H
#define __TEE_MBEDTLS_PKCS5_H

#include_next <mbedtls/pkcs5.h>

#include <mbedtls/md.h>

/* New in 3.3. */
static inline int mbedtls_pkcs5_pbkdf2_hmac_ext(mbedtls_md_type_t md, const unsigned char *password,
						size_t password_size, const unsigned char *salt,
						size_t salt_size, unsigned int rounds,
						uint32_t key_size, unsigned char *key)
{
	const mbedtls_md_info_t *info = mbedtls_md_info_from_type(md);
	mbedtls_md_context_t ctx;
	int err;

	if (!info)
		return MBEDTLS_ERR_PKCS5_FEATURE_UNAVAILABLE;
	mbedtls_md_init(&ctx);
	err = mbedtls_md_setup(&ctx, info, 1);
	if (!err)
		err = mbedtls_pkcs5_pbkdf2_hmac(&ctx, password, password_size, salt, salt_size,
						rounds, key_size, key);
	mbedtls_md_free(&ctx);
	return err;
}

#endif
