/*
 * What the teller and the treasury of the bank agree on. Applications have no business here: the
 * treasury opens sessions for the teller alone.
 */
#ifndef TREASURY_TA_H
#define TREASURY_TA_H

/* b7a3d941-58c6-4f02-8e1d-09f4c62a7b35 */
#define TREASURY_TA_UUID                                               \
	{                                                              \
		0xb7a3d941, 0x58c6, 0x4f02,                            \
		{                                                      \
			0x8e, 0x1d, 0x09, 0xf4, 0xc6, 0x2a, 0x7b, 0x35 \
		}                                                      \
	}

/* How many entries it remembers. */
#define TREASURY_ENTRIES 32

/*
 * [0] value inout: a is what is put in, as a signed number; then the balance.
 *
 * TEE_ERROR_EXCESS_DATA: the balance would be below 0, and stays as it was.
 */
#define TREASURY_CMD_MOVE 0

/* [0] memory reference out: the entries as text, a line each. */
#define TREASURY_CMD_STATEMENT 1

#endif
