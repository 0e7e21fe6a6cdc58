/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header that TAs include: the whole GlobalPlatform TEE Internal Core API 1.3.1 and, as TAs
 * rely on it, the trace macros.
 */
#ifndef TEE_INTERNAL_API_H
#define TEE_INTERNAL_API_H

#include <stddef.h>
#include <compiler.h>
#include <trace.h>
#include <tee_api_defines.h>
#include <tee_api_types.h>
#include <tee_api.h>
#include <tee_ta_api.h>

#endif /* TEE_INTERNAL_API_H */
