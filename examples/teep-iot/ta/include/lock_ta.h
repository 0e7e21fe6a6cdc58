/*
 * What the clients and the trusted application of the lock example agree on.
 */
#ifndef LOCK_TA_H
#define LOCK_TA_H

#include <stdint.h>

/* 27f25fa5-13cc-4f44-a3b7-8cbd85987ab7 */
#define LOCK_TA_UUID                                                   \
	{                                                              \
		0x27f25fa5, 0x13cc, 0x4f44,                            \
		{                                                      \
			0xa3, 0xb7, 0x8c, 0xbd, 0x85, 0x98, 0x7a, 0xb7 \
		}                                                      \
	}

#define LOCK_KEY_SIZE 32
#define LOCK_MAC_SIZE 32

#define LOCK_CLOSED   0
#define LOCK_OPEN     1

/* What the owner sends, over whatever network there is. Numbers are little-endian. */
struct lock_order {
	uint64_t count; /* above that of every order that was executed */
	uint32_t position;
	uint32_t reserved;	    /* 0 */
	uint8_t mac[LOCK_MAC_SIZE]; /* HMAC-SHA256 of what is before it, under the shared key */
};

/*
 * Makes the key that the owner and the lock share, and hands it out, this once:
 * TEEC_ERROR_BAD_STATE when the lock has an owner. On a lock this takes a button on the inside of
 * the door.
 *
 * [0] memory reference out: the key, LOCK_KEY_SIZE bytes.
 */
#define LOCK_CMD_PAIR 0

/*
 * Executes an order.
 *
 * [0] memory reference in: struct lock_order.
 *
 * TEEC_ERROR_MAC_INVALID (0xFFFF3071): not by the owner. TEEC_ERROR_SECURITY: it was here before,
 * or a later one was.
 */
#define LOCK_CMD_EXECUTE 1

/*
 * [0] value out: a: LOCK_CLOSED or LOCK_OPEN; b: orders executed since it was paired.
 */
#define LOCK_CMD_STATE 2

#endif
