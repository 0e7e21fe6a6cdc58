/*
 * SM2 (GM/T 0003): what its signatures, its encryption and its key exchange share. Runs in ta-host,
 * on the TA's thread.
 */
#ifndef TEESIM_TA_HOST_API_SM2_H
#define TEESIM_TA_HOST_API_SM2_H

#include <openssl/ec.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/asymmetric.h"

#define SM2_SIZE     32U
#define SM3_SIZE     32U
#define SM2_ID_LIMIT 8191U

/* SM3 of several pieces. */
bool sm3(uint8_t out[SM3_SIZE], const struct octets *pieces, size_t count);

/* One side of the key exchange of part 3. Points and numbers stay the caller's. */
struct sm2_exchange {
	bool initiator;
	const BIGNUM *own_private, *own_ephemeral_private;
	const EC_POINT *own, *own_ephemeral, *peer, *peer_ephemeral;
	struct octets initiator_id, responder_id;
	/* What the peer confirmed with, if it is to be checked; where the own confirmation goes. */
	struct octets confirmation_in;
	uint8_t *confirmation_out;
};

/* False: the points give no key, or the peer's confirmation is wrong. */
bool sm2_exchange(const struct sm2_exchange *exchange, uint8_t *key, size_t size);

#endif
