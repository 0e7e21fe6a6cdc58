/*
 * What the clients and the trusted application of the payment example agree on.
 */
#ifndef PAYMENT_TA_H
#define PAYMENT_TA_H

#include <stdint.h>

/* a819c571-318e-405c-b46d-905d70f96861 */
#define PAYMENT_TA_UUID                                                \
	{                                                              \
		0xa819c571, 0x318e, 0x405c,                            \
		{                                                      \
			0xb4, 0x6d, 0x90, 0x5d, 0x70, 0xf9, 0x68, 0x61 \
		}                                                      \
	}

#define PAYMENT_PIN_MIN 4
#define PAYMENT_PIN_MAX 12

/* Wrong PINs in a row; after the last the card is locked for good. */
#define PAYMENT_TRIES	       3

#define PAYMENT_PAYEE_MAX      60
#define PAYMENT_POINT_SIZE     65
#define PAYMENT_SIGNATURE_SIZE 64

/* From version 2 on a single payment has a limit, in cents. */
#define PAYMENT_LIMIT 50000

/* What the client asks to have signed. */
struct payment_order {
	uint32_t cents;
	char payee[PAYMENT_PAYEE_MAX]; /* ends with its first zero, or is full */
};

/* What is signed with ECDSA on P-256 over SHA-256: these octets. */
struct payment_receipt {
	uint32_t number; /* of this card's payments; no two have the same */
	uint32_t cents;
	char payee[PAYMENT_PAYEE_MAX];
	uint32_t version; /* of the trusted application */
};

/*
 * Makes the card: its key, and the PIN that it answers to from then on. Once only:
 * TEEC_ERROR_BAD_STATE when there is a card.
 *
 * [0] memory reference in: the PIN, PAYMENT_PIN_MIN to PAYMENT_PIN_MAX digits.
 */
#define PAYMENT_CMD_ENROL 0

/*
 * [0] memory reference out: the card's public key, PAYMENT_POINT_SIZE bytes: 0x04, x, y.
 */
#define PAYMENT_CMD_PUBLIC_KEY 1

/*
 * Shows the payment on the TEE's own console and signs it.
 *
 * [0] memory reference in: struct payment_order.
 * [1] memory reference in: the PIN.
 * [2] memory reference out: struct payment_receipt.
 * [3] memory reference out: its signature, PAYMENT_SIGNATURE_SIZE bytes: r, s.
 *
 * TEEC_ERROR_SECURITY: a wrong PIN. TEEC_ERROR_ACCESS_DENIED: the card is locked.
 * TEEC_ERROR_EXCESS_DATA: more than the limit.
 */
#define PAYMENT_CMD_SIGN 2

/*
 * [0] value out: a: tries that are left; b: payments signed so far.
 * [1] value out: a: the version of the trusted application.
 */
#define PAYMENT_CMD_STATUS 3

#endif
