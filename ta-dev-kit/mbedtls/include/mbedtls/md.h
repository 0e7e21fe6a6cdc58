/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef __TEE_MBEDTLS_MD_H
#define __TEE_MBEDTLS_MD_H

#include_next <mbedtls/md.h>

/* New in 3.x. */
static inline const mbedtls_md_info_t *mbedtls_md_info_from_ctx(const mbedtls_md_context_t *ctx)
{
	return ctx ? ctx->md_info : NULL;
}

static inline unsigned char mbedtls_md_get_size_from_type(mbedtls_md_type_t md)
{
	const mbedtls_md_info_t *info = mbedtls_md_info_from_type(md);

	return info ? mbedtls_md_get_size(info) : 0;
}

#endif
