/*
 * What the client and the trusted application of the transform pair agree on.
 */
#ifndef TRANSFORM_TA_H
#define TRANSFORM_TA_H

/* 4ca9f89a-3271-4b01-a5d4-4c2385b60d41 */
#define TRANSFORM_TA_UUID                                              \
	{                                                              \
		0x4ca9f89a, 0x3271, 0x4b01,                            \
		{                                                      \
			0xa5, 0xd4, 0x4c, 0x23, 0x85, 0xb6, 0x0d, 0x41 \
		}                                                      \
	}

#define TRANSFORM_KEY_SIZE 16

/*
 * Enciphers or deciphers, which is the same, in place: XTEA in counter mode.
 *
 * [0] memory reference inout: the data, of any size.
 * [1] memory reference in: the key, TRANSFORM_KEY_SIZE bytes.
 * [2] value in: a is where the counter starts, in its upper half. Two texts under one key need
 *     two starts.
 * [3] value out: a is the CRC-32 (that of zlib and PNG) of the data as it was, b as it is now.
 *
 * This shows memory at work. XTEA is no cipher to protect anything with today.
 */
#define TRANSFORM_CMD_APPLY 0

#endif
