/*
 * What the clients and the trusted application of the signing service agree on.
 */
#ifndef SIGNER_TA_H
#define SIGNER_TA_H

/* d3a94b62-0f5e-4c1b-8e77-52c8a1f06e2d */
#define SIGNER_TA_UUID                                                 \
	{                                                              \
		0xd3a94b62, 0x0f5e, 0x4c1b,                            \
		{                                                      \
			0x8e, 0x77, 0x52, 0xc8, 0xa1, 0xf0, 0x6e, 0x2d \
		}                                                      \
	}

/* ECDSA on P-256 with SHA-256: a point is 0x04, x and y; a signature r and s. */
#define SIGNER_POINT_SIZE     65
#define SIGNER_SIGNATURE_SIZE 64

/*
 * The public half of the service's key.
 *
 * [0] memory reference out: SIGNER_POINT_SIZE bytes.
 */
#define SIGNER_CMD_PUBLIC_KEY 0

/*
 * Signs a message of any size.
 *
 * [0] memory reference in: the message.
 * [1] memory reference out: the signature, SIGNER_SIGNATURE_SIZE bytes.
 */
#define SIGNER_CMD_SIGN 1

/*
 * Is that a signature of the service's?
 *
 * [0] memory reference in: the message.
 * [1] memory reference in: the signature.
 *
 * TEEC_ERROR_SIGNATURE_INVALID (0xFFFF3072): no.
 */
#define SIGNER_CMD_VERIFY 2

#endif
