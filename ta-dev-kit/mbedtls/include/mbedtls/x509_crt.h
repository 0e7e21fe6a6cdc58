/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef __TEE_MBEDTLS_X509_CRT_H
#define __TEE_MBEDTLS_X509_CRT_H

#include_next <mbedtls/x509_crt.h>

/* New in 3.4. */
static inline int mbedtls_x509write_crt_set_serial_raw(mbedtls_x509write_cert *ctx,
						       unsigned char *serial, size_t size)
{
	mbedtls_mpi number;
	int err;

	mbedtls_mpi_init(&number);
	err = mbedtls_mpi_read_binary(&number, serial, size);
	if (!err)
		err = mbedtls_x509write_crt_set_serial(ctx, &number);
	mbedtls_mpi_free(&number);
	return err;
}

/* New in 3.x. */
static inline int mbedtls_x509_crt_get_ca_istrue(const mbedtls_x509_crt *crt)
{
	return crt->ca_istrue;
}

#endif
