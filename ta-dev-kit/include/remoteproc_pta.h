/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pseudo TA that loads and starts another processor, which the simulated device does not have.
 * In all commands, value[0].a (in) says which processor.
 */
#ifndef __REMOTEPROC_PTA_H
#define __REMOTEPROC_PTA_H

#include <stddef.h>
#include <stdint.h>
#include <util.h>

/* clang-format off */
#define PTA_RPROC_UUID \
	{ 0x54af4a68, 0x19be, 0x40d7, \
	  { 0xbb, 0xe6, 0x89, 0x50, 0x35, 0x0a, 0x87, 0x44 } }
/* clang-format on */

/* What it can load, and how it checks that. */
#define PTA_RPROC_HWCAP_FMT_ELF		BIT32(0)
#define PTA_RPROC_HWCAP_PROT_HASH_TABLE BIT32(0)

/* A public key: algorithm TEE_ALG_…, and what it takes of data. */
struct rproc_pta_key_info {
	uint32_t algo;
	uint32_t info_size;
	uint8_t info[];
};

/* All of it in bytes; 0 when that can't be. */
static inline size_t rproc_pta_keyinfo_size(struct rproc_pta_key_info *keyinf)
{
	size_t size;

	if (!keyinf || ADD_OVERFLOW(sizeof(*keyinf), keyinf->info_size, &size))
		return 0;
	return size;
}

/* value[1].a, value[2].a (out): the bits above. */
#define PTA_RPROC_HW_CAPABILITIES 1
/* memref[1] (in): an image. */
#define PTA_RPROC_FIRMWARE_LOAD 2
/* memref[1] (in): data; value[2] (in): address, low and high; memref[3] (in): SHA-256 of the data.
 */
#define PTA_RPROC_LOAD_SEGMENT_SHA256 3
/* value[1], value[2] (in): address and size, low and high each; value[3].a (in): octet. */
#define PTA_RPROC_SET_MEMORY	 4
#define PTA_RPROC_FIRMWARE_START 5
#define PTA_RPROC_FIRMWARE_STOP	 6
/* value[1], value[2] (in): address and size; value[3] (out): where that is physically. */
#define PTA_RPROC_FIRMWARE_DA_TO_PA 7
/* memref[1] (in): struct rproc_pta_key_info; memref[2], memref[3] (in): digest and signature. */
#define PTA_RPROC_VERIFY_DIGEST 8
#define PTA_REMOTEPROC_RELEASE	9

#endif /* __REMOTEPROC_PTA_H */
