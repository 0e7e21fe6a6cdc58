/* SPDX-License-Identifier: BSD-2-Clause */
/* Where mbedTLS 3 has its configuration and version. */
#ifndef __TEE_MBEDTLS_BUILD_INFO_H
#define __TEE_MBEDTLS_BUILD_INFO_H

#include <mbedtls/config.h>
#include <mbedtls/version.h>

#endif
