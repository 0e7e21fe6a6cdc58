/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mbedTLS 3 hides the members of its structs behind this macro, and sources for it name them by it.
 * Those of mbedTLS 2.28 have the same names and are not hidden.
 */
#ifndef __TEE_MBEDTLS_PRIVATE_ACCESS_H
#define __TEE_MBEDTLS_PRIVATE_ACCESS_H

#ifndef MBEDTLS_PRIVATE
#define MBEDTLS_PRIVATE(member) member
#endif

#endif
