/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pseudo TA that passes frames (ISO/IEC 7816-4) to a secure element, which the simulated device
 * does not have.
 */
#ifndef __PTA_APDU_H
#define __PTA_APDU_H

/* clang-format off */
#define PTA_APDU_UUID \
	{ 0x3f3eb880, 0x3639, 0x11ec, \
	  { 0x9b, 0x9d, 0x0f, 0x3f, 0xc9, 0x46, 0x8f, 0x50 } }
/* clang-format on */

/* value[0].a (in): one of the cases; memref[1] (in): header; memref[2] (in): request; memref[3]
 * (out): response. */
#define PTA_CMD_TXRX_APDU_RAW_FRAME 0

#define PTA_APDU_TXRX_CASE_NO_HINT  0
#define PTA_APDU_TXRX_CASE_1	    1
#define PTA_APDU_TXRX_CASE_2	    2
#define PTA_APDU_TXRX_CASE_2E	    3
#define PTA_APDU_TXRX_CASE_3	    4
#define PTA_APDU_TXRX_CASE_3E	    5
#define PTA_APDU_TXRX_CASE_4	    6
#define PTA_APDU_TXRX_CASE_4E	    7

#endif /* __PTA_APDU_H */
