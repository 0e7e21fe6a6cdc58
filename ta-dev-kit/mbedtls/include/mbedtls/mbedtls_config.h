/* SPDX-License-Identifier: BSD-2-Clause */
/* The name of the configuration in mbedTLS 3. */
#include <mbedtls/config.h>
