/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In steps, as 3 has it, as far as 2.28 can: all but the last update are of whole blocks of 16
 * octets, and there is no additional data, which 2.28 wants at the start. At once, by
 * mbedtls_gcm_crypt_and_tag() and mbedtls_gcm_auth_decrypt(), nothing differs.
 */
#ifndef __TEE_MBEDTLS_GCM_H
#define __TEE_MBEDTLS_GCM_H

#include_next <mbedtls/gcm.h>

static inline int __tee_gcm_update(mbedtls_gcm_context *ctx, const unsigned char *in, size_t size,
				   unsigned char *out, size_t out_max, size_t *out_size)
{
	if (out_max < size)
		return MBEDTLS_ERR_GCM_BAD_INPUT;
	*out_size = size;
	return mbedtls_gcm_update(ctx, size, in, out);
}

static inline int __tee_gcm_finish(mbedtls_gcm_context *ctx, unsigned char *out, size_t out_max,
				   size_t *out_size, unsigned char *tag, size_t tag_size)
{
	(void)out;
	(void)out_max;
	*out_size = 0;
	return mbedtls_gcm_finish(ctx, tag, tag_size);
}

#define mbedtls_gcm_starts(ctx, mode, iv, iv_size) \
	mbedtls_gcm_starts((ctx), (mode), (iv), (iv_size), NULL, 0)
#define mbedtls_gcm_update __tee_gcm_update
#define mbedtls_gcm_finish __tee_gcm_finish
#define mbedtls_gcm_update_ad(ctx, ad, size)                                        \
	_Static_assert(0, "mbedtls_gcm_update_ad() cannot be had of mbedTLS 2.28; " \
			  "use mbedtls_gcm_crypt_and_tag()")

#endif
