/* SPDX-License-Identifier: BSD-2-Clause */
/* 2.28 writes a signature without knowing the room for it, and needs no random numbers to parse. */
#ifndef __TEE_MBEDTLS_PK_H
#define __TEE_MBEDTLS_PK_H

#include_next <mbedtls/pk.h>

#include <mbedtls/ecdsa.h>
#include <mbedtls/rsa.h>

#ifndef MBEDTLS_ERR_PK_BUFFER_TOO_SMALL
#define MBEDTLS_ERR_PK_BUFFER_TOO_SMALL (-0x3880)
#endif

typedef int __tee_mbedtls_rng(void *arg, unsigned char *out, size_t size);

static inline int __tee_pk_sign(mbedtls_pk_context *ctx, mbedtls_md_type_t md,
				const unsigned char *hash, size_t hash_size, unsigned char *sig,
				size_t sig_max, size_t *sig_size, __tee_mbedtls_rng *rng,
				void *rng_arg)
{
	unsigned char whole[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
	int err = mbedtls_pk_sign(ctx, md, hash, hash_size, whole, sig_size, rng, rng_arg);

	if (err)
		return err;
	if (*sig_size > sig_max)
		return MBEDTLS_ERR_PK_BUFFER_TOO_SMALL;
	for (size_t i = 0; i < *sig_size; i++)
		sig[i] = whole[i];
	return 0;
}

static inline int __tee_pk_parse_key(mbedtls_pk_context *ctx, const unsigned char *key, size_t size,
				     const unsigned char *password, size_t password_size,
				     __tee_mbedtls_rng *rng, void *rng_arg)
{
	(void)rng;
	(void)rng_arg;
	return mbedtls_pk_parse_key(ctx, key, size, password, password_size);
}

static inline int __tee_pk_check_pair(const mbedtls_pk_context *pub, const mbedtls_pk_context *prv,
				      __tee_mbedtls_rng *rng, void *rng_arg)
{
	(void)rng;
	(void)rng_arg;
	return mbedtls_pk_check_pair(pub, prv);
}

#define mbedtls_pk_sign	      __tee_pk_sign
#define mbedtls_pk_parse_key  __tee_pk_parse_key
#define mbedtls_pk_check_pair __tee_pk_check_pair

#endif
