/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pseudo TA that lists TAs with one of the TA_FLAG_DEVICE_ENUM flags: memref[0] (out) receives
 * an array of UUIDs; TEE_ERROR_SHORT_BUFFER says how many bytes it takes.
 */
#ifndef __PTA_DEVICE_H
#define __PTA_DEVICE_H

/* clang-format off */
#define PTA_DEVICE_UUID \
	{ 0x7011a688, 0xddde, 0x4053, \
	  { 0xa5, 0xa9, 0x7b, 0x3c, 0x4d, 0xdf, 0x13, 0xb8 } }
/* clang-format on */

/* Those there from the start, those that need the client-side helper, and those that need RPMB. */
#define PTA_CMD_GET_DEVICES	 0x0
#define PTA_CMD_GET_DEVICES_SUPP 0x1
#define PTA_CMD_GET_DEVICES_RPMB 0x2

#endif /* __PTA_DEVICE_H */
