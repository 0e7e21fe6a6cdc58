/*
 * What the client of the bank and its teller agree on.
 */
#ifndef TELLER_TA_H
#define TELLER_TA_H

/* 6e0f1c52-2a7d-4b9e-93c4-5d1b7a80e2f6 */
#define TELLER_TA_UUID                                                 \
	{                                                              \
		0x6e0f1c52, 0x2a7d, 0x4b9e,                            \
		{                                                      \
			0x93, 0xc4, 0x5d, 0x1b, 0x7a, 0x80, 0xe2, 0xf6 \
		}                                                      \
	}

/* No teller handles more at a time. */
#define TELLER_LIMIT 1000

/*
 * [0] value inout: a is the amount; then the balance.
 *
 * TEEC_ERROR_ACCESS_DENIED: more than TELLER_LIMIT. TEEC_ERROR_EXCESS_DATA: more than there is.
 */
#define TELLER_CMD_DEPOSIT  0
#define TELLER_CMD_WITHDRAW 1

/*
 * [0] memory reference out: the account's entries as text, a line each. The memory is the
 * treasury's to fill: the teller passes it on.
 */
#define TELLER_CMD_STATEMENT 2

#endif
