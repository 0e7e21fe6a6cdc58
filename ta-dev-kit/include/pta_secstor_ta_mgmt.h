/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pseudo TA that installs TAs into secure storage. The simulator installs by `teesim ta
 * install`.
 */
#ifndef __PTA_SECSTOR_TA_MGMT_H
#define __PTA_SECSTOR_TA_MGMT_H

/* clang-format off */
#define PTA_SECSTOR_TA_MGMT_UUID \
	{ 0x6e256cba, 0xfc4d, 0x4941, \
	  { 0xad, 0x09, 0x2c, 0xa1, 0x86, 0x03, 0x42, 0xdd } }
/* clang-format on */

/* memref[0] (in): a signed TA. */
#define PTA_SECSTOR_TA_MGMT_BOOTSTRAP 0

#endif /* __PTA_SECSTOR_TA_MGMT_H */
