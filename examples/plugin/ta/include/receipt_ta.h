/*
 * What the client and the trusted application of the plugin example agree on.
 */
#ifndef RECEIPT_TA_H
#define RECEIPT_TA_H

/* d1f6ad3c-5d5c-4a6e-8b1e-6d3f7a0f2c41 */
#define RECEIPT_TA_UUID                                                \
	{                                                              \
		0xd1f6ad3c, 0x5d5c, 0x4a6e,                            \
		{                                                      \
			0x8b, 0x1e, 0x6d, 0x3f, 0x7a, 0x0f, 0x2c, 0x41 \
		}                                                      \
	}

/*
 * [0] value in: a, an account; b, an amount.
 * [1] memory reference out: the receipt, not terminated. SHORT_BUFFER, with the size that it
 *     takes, if there is too little room. ITEM_NOT_FOUND if nobody has the account.
 */
#define RECEIPT_CMD_WRITE 1

#endif
