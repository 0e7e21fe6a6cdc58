/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef __TEE_MBEDTLS_ECP_H
#define __TEE_MBEDTLS_ECP_H

#include_next <mbedtls/ecp.h>

static inline int __tee_ecp_check_pub_priv(const mbedtls_ecp_keypair *pub,
					   const mbedtls_ecp_keypair *prv,
					   int (*rng)(void *arg, unsigned char *out, size_t size),
					   void *rng_arg)
{
	(void)rng;
	(void)rng_arg;
	return mbedtls_ecp_check_pub_priv(pub, prv);
}

/* New in 3.0. */
static inline int mbedtls_ecp_export(const mbedtls_ecp_keypair *key, mbedtls_ecp_group *grp,
				     mbedtls_mpi *d, mbedtls_ecp_point *Q)
{
	int err = mbedtls_ecp_group_copy(grp, &key->grp);

	if (!err)
		err = mbedtls_mpi_copy(d, &key->d);
	if (!err)
		err = mbedtls_ecp_copy(Q, &key->Q);
	return err;
}

/* New in 3.x. */
static inline mbedtls_ecp_group_id mbedtls_ecp_keypair_get_group_id(const mbedtls_ecp_keypair *key)
{
	return key->grp.id;
}

#define mbedtls_ecp_check_pub_priv __tee_ecp_check_pub_priv

#endif
