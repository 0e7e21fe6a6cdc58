/*
 * What the clients and the trusted applications of the tenants example agree on.
 */
#ifndef TENANT_TA_H
#define TENANT_TA_H

#include <stdint.h>

/* The application of tenant RED: c77f2a5b-f0b2-4090-9098-fe0c3e2b4455 */
#define TENANT_RED_UUID                                                \
	{                                                              \
		0xc77f2a5b, 0xf0b2, 0x4090,                            \
		{                                                      \
			0x90, 0x98, 0xfe, 0x0c, 0x3e, 0x2b, 0x44, 0x55 \
		}                                                      \
	}

/* That of tenant BLUE: a6ab4596-07e1-4901-9bad-032686da968b */
#define TENANT_BLUE_UUID                                               \
	{                                                              \
		0xa6ab4596, 0x07e1, 0x4901,                            \
		{                                                      \
			0x9b, 0xad, 0x03, 0x26, 0x86, 0xda, 0x96, 0x8b \
		}                                                      \
	}

/*
 * Takes a tenant's figure into his ledger, which stays in the TEE.
 *
 * [0] value in: a: the figure.
 */
#define TENANT_CMD_ADD 0

/*
 * What comes out: the sum, and of how many figures.
 *
 * [0] value out: a: the sum; b: how many.
 */
#define TENANT_CMD_SUM 1

/*
 * Looks for other tenants, as somebody might who rents a place here for that.
 *
 * [0] value out: a: objects that it finds in all trusted storage; b: what came of a session with
 *     its neighbour, TEEC_ERROR_ACCESS_DENIED where there is one who keeps to himself.
 */
#define TENANT_CMD_SPY 2

#endif
