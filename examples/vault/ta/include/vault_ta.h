/*
 * What the client and the trusted application of the vault pair agree on.
 */
#ifndef VAULT_TA_H
#define VAULT_TA_H

/* 6a1e0c57-2d93-4c88-a3f4-0b7d51e6c9d2 */
#define VAULT_TA_UUID                                                  \
	{                                                              \
		0x6a1e0c57, 0x2d93, 0x4c88,                            \
		{                                                      \
			0xa3, 0xf4, 0x0b, 0x7d, 0x51, 0xe6, 0xc9, 0xd2 \
		}                                                      \
	}

/* A name has 1 to so many bytes. */
#define VAULT_NAME_MAX 64

/*
 * [0] memory reference in: a name. [1] memory reference in: what is to be kept under it, in the
 * place of what was.
 */
#define VAULT_CMD_PUT 0

/* [0] memory reference in: a name. [1] memory reference out: what is kept under it. SHORT_BUFFER,
 * with the size that it takes; ITEM_NOT_FOUND. */
#define VAULT_CMD_GET 1

/* [0] memory reference in: a name. Forgets what is kept under it. ITEM_NOT_FOUND. */
#define VAULT_CMD_DROP 2

/* [0] memory reference out: all names, a byte of length before each. SHORT_BUFFER, with the size
 * that it takes. */
#define VAULT_CMD_LIST 3

#endif
