/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef __TEE_MBEDTLS_ECDSA_H
#define __TEE_MBEDTLS_ECDSA_H

#include_next <mbedtls/ecdsa.h>

#include <mbedtls/ecp.h>

static inline int __tee_ecdsa_write_signature(
	mbedtls_ecdsa_context *ctx, mbedtls_md_type_t md, const unsigned char *hash,
	size_t hash_size, unsigned char *sig, size_t sig_max, size_t *sig_size,
	int (*rng)(void *arg, unsigned char *out, size_t size), void *rng_arg)
{
	unsigned char whole[MBEDTLS_ECDSA_MAX_LEN];
	int err = mbedtls_ecdsa_write_signature(ctx, md, hash, hash_size, whole, sig_size, rng,
						rng_arg);

	if (err)
		return err;
	if (*sig_size > sig_max)
		return MBEDTLS_ERR_ECP_BUFFER_TOO_SMALL;
	for (size_t i = 0; i < *sig_size; i++)
		sig[i] = whole[i];
	return 0;
}

#define mbedtls_ecdsa_write_signature __tee_ecdsa_write_signature

#endif
