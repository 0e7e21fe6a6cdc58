/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system pseudo TA: commands that extend the Internal Core API. Only TAs can open it.
 * Addresses travel in a value parameter, upper half in a and lower half in b.
 */
#ifndef __PTA_SYSTEM_H
#define __PTA_SYSTEM_H

#include <util.h>

/* clang-format off */
#define PTA_SYSTEM_UUID \
	{ 0x3a2f8978, 0x5dc0, 0x11e8, \
	  { 0x9c, 0x2d, 0xfa, 0x7a, 0xe0, 0x1b, 0xbe, 0xbc } }
/* clang-format on */

/* Stir memref[0] (in) into the random number generator. */
#define PTA_SYSTEM_ADD_RNG_ENTROPY 0

/*
 * A key of this device and the calling TA: memref[0] (in) is mixed in, up to
 * TA_DERIVED_EXTRA_DATA_MAX_SIZE bytes; memref[1] (out), of the TA's own memory, receives it.
 */
#define PTA_SYSTEM_DERIVE_TA_UNIQUE_KEY 1
#define TA_DERIVED_KEY_MIN_SIZE		16
#define TA_DERIVED_KEY_MAX_SIZE		32
#define TA_DERIVED_EXTRA_DATA_MAX_SIZE	1024

/*
 * Map zeroed memory: value[0] (in) bytes and PTA_SYSTEM_MAP_FLAG_SHAREABLE or 0; value[1] (inout)
 * the address; value[2] (in) bytes kept unmapped before and after.
 */
#define PTA_SYSTEM_MAP_ZI	       2
#define PTA_SYSTEM_MAP_FLAG_SHAREABLE  BIT32(0)
#define PTA_SYSTEM_MAP_FLAG_WRITEABLE  BIT32(1)
#define PTA_SYSTEM_MAP_FLAG_EXECUTABLE BIT32(2)

/* Unmap it: value[0] (in) bytes and 0; value[1] (in) the address. */
#define PTA_SYSTEM_UNMAP 3

/* Commands of the TA loader on hardware; the simulator has another loader and refuses them. */
#define PTA_SYSTEM_OPEN_TA_BINARY      4
#define PTA_SYSTEM_CLOSE_TA_BINARY     5
#define PTA_SYSTEM_MAP_TA_BINARY       6
#define PTA_SYSTEM_COPY_FROM_TA_BINARY 7
#define PTA_SYSTEM_SET_PROT	       8
#define PTA_SYSTEM_REMAP	       9

/* Load a library: memref[0] (in) its UUID; value[1].a (in) flags of dlopen(). */
#define PTA_SYSTEM_DLOPEN 10

/* memref[0] (in) UUID or nil for all; memref[1] (in) a symbol; value[2] (out) its address. */
#define PTA_SYSTEM_DLSYM 11

/* The boot measurements: memref[0] (out). */
#define PTA_SYSTEM_GET_TPM_EVENT_LOG 12

/*
 * Call a plugin on the client's side: memref[0] (in) its UUID; value[1] (in) command and
 * subcommand; memref[2] (inout) data; value[3].a (out) bytes of the answer.
 */
#define PTA_SYSTEM_SUPP_PLUGIN_INVOKE 13

#endif /* __PTA_SYSTEM_H */
