/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In 2.28 the kind of key is an argument of its own, and an operation can go either way; 3 uses the
 * public key to verify and encrypt, and the private one to sign and decrypt.
 */
#ifndef __TEE_MBEDTLS_RSA_H
#define __TEE_MBEDTLS_RSA_H

#include_next <mbedtls/rsa.h>

static inline int __tee_rsa_set_padding(mbedtls_rsa_context *ctx, int padding,
					mbedtls_md_type_t hash)
{
	if (padding != MBEDTLS_RSA_PKCS_V15 && padding != MBEDTLS_RSA_PKCS_V21)
		return MBEDTLS_ERR_RSA_INVALID_PADDING;
	if (padding == MBEDTLS_RSA_PKCS_V21 && hash != MBEDTLS_MD_NONE &&
	    !mbedtls_md_info_from_type(hash))
		return MBEDTLS_ERR_RSA_INVALID_PADDING;
	mbedtls_rsa_set_padding(ctx, padding, (int)hash);
	return 0;
}

static inline int mbedtls_rsa_get_padding_mode(const mbedtls_rsa_context *ctx)
{
	return ctx->padding;
}

static inline int mbedtls_rsa_get_md_alg(const mbedtls_rsa_context *ctx)
{
	return ctx->hash_id;
}

static inline size_t mbedtls_rsa_get_bitlen(const mbedtls_rsa_context *ctx)
{
	return mbedtls_mpi_bitlen(&ctx->N);
}

#define mbedtls_rsa_init(ctx)		    mbedtls_rsa_init((ctx), MBEDTLS_RSA_PKCS_V15, 0)
#define mbedtls_rsa_set_padding(ctx, p, md) __tee_rsa_set_padding((ctx), (p), (md))

#define mbedtls_rsa_pkcs1_sign(ctx, rng, rng_arg, md, size, hash, sig)             \
	mbedtls_rsa_pkcs1_sign((ctx), (rng), (rng_arg), MBEDTLS_RSA_PRIVATE, (md), \
			       (unsigned int)(size), (hash), (sig))
#define mbedtls_rsa_rsassa_pkcs1_v15_sign(ctx, rng, rng_arg, md, size, hash, sig)             \
	mbedtls_rsa_rsassa_pkcs1_v15_sign((ctx), (rng), (rng_arg), MBEDTLS_RSA_PRIVATE, (md), \
					  (unsigned int)(size), (hash), (sig))
#define mbedtls_rsa_rsassa_pss_sign(ctx, rng, rng_arg, md, size, hash, sig)             \
	mbedtls_rsa_rsassa_pss_sign((ctx), (rng), (rng_arg), MBEDTLS_RSA_PRIVATE, (md), \
				    (unsigned int)(size), (hash), (sig))
#define mbedtls_rsa_pkcs1_verify(ctx, md, size, hash, sig)                    \
	mbedtls_rsa_pkcs1_verify((ctx), NULL, NULL, MBEDTLS_RSA_PUBLIC, (md), \
				 (unsigned int)(size), (hash), (sig))
#define mbedtls_rsa_rsassa_pkcs1_v15_verify(ctx, md, size, hash, sig)                    \
	mbedtls_rsa_rsassa_pkcs1_v15_verify((ctx), NULL, NULL, MBEDTLS_RSA_PUBLIC, (md), \
					    (unsigned int)(size), (hash), (sig))
#define mbedtls_rsa_rsassa_pss_verify(ctx, md, size, hash, sig)                    \
	mbedtls_rsa_rsassa_pss_verify((ctx), NULL, NULL, MBEDTLS_RSA_PUBLIC, (md), \
				      (unsigned int)(size), (hash), (sig))
#define mbedtls_rsa_rsassa_pss_verify_ext(ctx, md, size, hash, mgf1, salt, sig)        \
	mbedtls_rsa_rsassa_pss_verify_ext((ctx), NULL, NULL, MBEDTLS_RSA_PUBLIC, (md), \
					  (unsigned int)(size), (hash), (mgf1), (salt), (sig))

#define mbedtls_rsa_pkcs1_encrypt(ctx, rng, rng_arg, size, in, out) \
	mbedtls_rsa_pkcs1_encrypt((ctx), (rng), (rng_arg), MBEDTLS_RSA_PUBLIC, (size), (in), (out))
#define mbedtls_rsa_rsaes_pkcs1_v15_encrypt(ctx, rng, rng_arg, size, in, out)                    \
	mbedtls_rsa_rsaes_pkcs1_v15_encrypt((ctx), (rng), (rng_arg), MBEDTLS_RSA_PUBLIC, (size), \
					    (in), (out))
#define mbedtls_rsa_rsaes_oaep_encrypt(ctx, rng, rng_arg, label, label_size, size, in, out)  \
	mbedtls_rsa_rsaes_oaep_encrypt((ctx), (rng), (rng_arg), MBEDTLS_RSA_PUBLIC, (label), \
				       (label_size), (size), (in), (out))
#define mbedtls_rsa_pkcs1_decrypt(ctx, rng, rng_arg, size, in, out, out_max)                  \
	mbedtls_rsa_pkcs1_decrypt((ctx), (rng), (rng_arg), MBEDTLS_RSA_PRIVATE, (size), (in), \
				  (out), (out_max))
#define mbedtls_rsa_rsaes_pkcs1_v15_decrypt(ctx, rng, rng_arg, size, in, out, out_max)            \
	mbedtls_rsa_rsaes_pkcs1_v15_decrypt((ctx), (rng), (rng_arg), MBEDTLS_RSA_PRIVATE, (size), \
					    (in), (out), (out_max))
#define mbedtls_rsa_rsaes_oaep_decrypt(ctx, rng, rng_arg, label, label_size, size, in, out,   \
				       out_max)                                               \
	mbedtls_rsa_rsaes_oaep_decrypt((ctx), (rng), (rng_arg), MBEDTLS_RSA_PRIVATE, (label), \
				       (label_size), (size), (in), (out), (out_max))

#endif
