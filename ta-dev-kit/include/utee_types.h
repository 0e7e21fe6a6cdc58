/* SPDX-License-Identifier: BSD-2-Clause */
/* Kept for sources that name it; the types are in tee_api_types.h. */
#ifndef UTEE_TYPES_H
#define UTEE_TYPES_H

#include <inttypes.h>
#include <tee_api_types.h>

#endif /* UTEE_TYPES_H */
