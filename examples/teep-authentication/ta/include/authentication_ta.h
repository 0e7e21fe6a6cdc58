/*
 * What the clients and the trusted application of the authentication example agree on.
 */
#ifndef AUTHENTICATION_TA_H
#define AUTHENTICATION_TA_H

#include <stdint.h>

/* c870435a-0126-4b00-bb2d-65f35380f1bc */
#define AUTHENTICATION_TA_UUID                                         \
	{                                                              \
		0xc870435a, 0x0126, 0x4b00,                            \
		{                                                      \
			0xbb, 0x2d, 0x65, 0xf3, 0x53, 0x80, 0xf1, 0xbc \
		}                                                      \
	}

#define AUTHENTICATION_SITE_MAX	      60
#define AUTHENTICATION_POINT_SIZE     65
#define AUTHENTICATION_SIGNATURE_SIZE 64
#define AUTHENTICATION_CHALLENGE_SIZE 32
#define AUTHENTICATION_HASH_SIZE      32

/* What is signed with ECDSA on P-256 over SHA-256: these octets. */
struct authentication_statement {
	uint8_t site_hash[AUTHENTICATION_HASH_SIZE]; /* SHA-256 of the site's name */
	uint8_t challenge[AUTHENTICATION_CHALLENGE_SIZE];
	uint32_t count; /* of this key's signatures; it only grows */
};

/*
 * A key pair for a site, made inside. TEEC_ERROR_ACCESS_CONFLICT: the site has one.
 *
 * [0] memory reference in: the site's name, 1 to AUTHENTICATION_SITE_MAX bytes.
 * [1] memory reference out: the public key: 0x04, x, y.
 */
#define AUTHENTICATION_CMD_REGISTER 0

/*
 * Answers a site's challenge. TEEC_ERROR_ITEM_NOT_FOUND: the site has no key.
 *
 * [0] memory reference in: the site's name.
 * [1] memory reference in: the challenge, AUTHENTICATION_CHALLENGE_SIZE bytes.
 * [2] memory reference out: struct authentication_statement.
 * [3] memory reference out: its signature: r, s.
 */
#define AUTHENTICATION_CMD_SIGN_IN 1

/*
 * Tries to get a private key out, as somebody might who has changed this trusted application's
 * code. The TEE ends the instance over it: TEEC_ERROR_TARGET_DEAD.
 *
 * [0] memory reference in: the site's name.
 * [1] value in: a: AUTHENTICATION_LEAK_…
 * [2] memory reference out: where the private key would appear.
 */
#define AUTHENTICATION_CMD_LEAK	  2

#define AUTHENTICATION_LEAK_READ  0 /* read it */
#define AUTHENTICATION_LEAK_WIDEN 1 /* allow that first */
#define AUTHENTICATION_LEAK_COPY  2 /* read a copy that was made to be read */
#define AUTHENTICATION_LEAK_COUNT 3

#endif
