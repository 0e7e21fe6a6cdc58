/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pseudo TA that draws from the board's random number generator. The simulated device has none;
 * opening a session gives TEE_ERROR_ITEM_NOT_FOUND, and TEE_GenerateRandom() is for TAs.
 */
#ifndef __PTA_RNG_H
#define __PTA_RNG_H

/* clang-format off */
#define PTA_RNG_UUID \
	{ 0xab7a617c, 0xb8e7, 0x4d8f, \
	  { 0x83, 0x01, 0xd0, 0x9b, 0x61, 0x03, 0x6b, 0x64 } }
/* clang-format on */

/* memref[0] (inout): random bytes. */
#define PTA_CMD_GET_ENTROPY 0x0
/* value[0].a (out): bytes a second; value[0].b: quality, of 1024 bits so many are random. */
#define PTA_CMD_GET_RNG_INFO 0x1

#endif /* __PTA_RNG_H */
