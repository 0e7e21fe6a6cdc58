/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pseudo TA for a secure element's secure channel, which the simulated device does not have.
 */
#ifndef __PTA_SCP03_H
#define __PTA_SCP03_H

/* clang-format off */
#define PTA_SCP03_UUID \
	{ 0xbe0e5821, 0xe718, 0x4f77, \
	  { 0xab, 0x3e, 0x8e, 0x6c, 0x73, 0xa9, 0xc7, 0x35 } }
/* clang-format on */

/* value[0].a (in): whether with the keys that the element has, or with new ones put there first. */
#define PTA_CMD_ENABLE_SCP03	       0
#define PTA_SCP03_SESSION_CURRENT_KEYS 0
#define PTA_SCP03_SESSION_ROTATE_KEYS  1

#endif /* __PTA_SCP03_H */
