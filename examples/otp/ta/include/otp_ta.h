/*
 * What the client and the trusted application of the one-time passwords agree on.
 */
#ifndef OTP_TA_H
#define OTP_TA_H

/* 8b1f0c9e-6b7d-4f0a-9d53-1a4e7c2f5b10 */
#define OTP_TA_UUID                                                    \
	{                                                              \
		0x8b1f0c9e, 0x6b7d, 0x4f0a,                            \
		{                                                      \
			0x9d, 0x53, 0x1a, 0x4e, 0x7c, 0x2f, 0x5b, 0x10 \
		}                                                      \
	}

#define OTP_SECRET_SIZE_MIN 10
#define OTP_SECRET_SIZE_MAX 64

/* How many of the coming passwords OTP_CMD_VERIFY takes, and how many wrong ones it stands for. */
#define OTP_WINDOW   3
#define OTP_ATTEMPTS 5

/*
 * A session is a token: it is given its secret first, and once. The secret never comes out again.
 *
 * [0] memory reference in: the secret, OTP_SECRET_SIZE_MIN to OTP_SECRET_SIZE_MAX bytes.
 * [1] value in: a is the number of digits, 6 to 8.
 *
 * TEEC_ERROR_BAD_STATE: the token has a secret.
 */
#define OTP_CMD_ENROL 0

/*
 * The next password of RFC 4226. The counter is the token's own, from 0 on, and never goes back.
 *
 * [0] value out: a is the password.
 */
#define OTP_CMD_NEXT 1

/*
 * The password of RFC 6238 for a time, in steps of 30 seconds.
 *
 * [0] value in: the time in seconds since 1970, the upper half in a.
 * [1] value out: a is the password.
 *
 * The time is the client's word. A token that is to trust its time asks TEE_GetREETime(), or
 * better.
 */
#define OTP_CMD_AT_TIME 2

/*
 * Is that one of the next OTP_WINDOW passwords of RFC 4226? If so, the counter goes on behind it.
 *
 * [0] value in: a is the password.
 *
 * TEEC_ERROR_SECURITY: no. TEEC_ERROR_ACCESS_DENIED: there were OTP_ATTEMPTS wrong ones, and the
 * token is locked.
 */
#define OTP_CMD_VERIFY 3

#endif
