/*
 * A TA on its way to a device: its package and its personalisation data under a key of their own,
 * which is wrapped for the SP's key in the TEE (OTrP section 9.3).
 *
 * Used by the TAM, and by `teesim sp` where the SP does it itself.
 */
#ifndef TEESIM_TEEP_OTRP_ENCRYPTED_TA_H
#define TEESIM_TEEP_OTRP_ENCRYPTED_TA_H

#include <jansson.h>
#include <openssl/evp.h>

#include "teep/otrp/arena.h"

/*
 * The member `encrypted_ta` of InstallTA, or of UpdateTA for an `update`. What is absent is not in
 * it. Returns the caller's reference, or NULL.
 */
json_t *encrypted_ta_make(bool update, EVP_PKEY *aik, struct span package,
			  struct span personalisation, struct arena *arena);

/*
 * What was made for InstallTA, in canonical form, for either command. Returns the caller's
 * reference, or NULL.
 */
json_t *encrypted_ta_take(struct span text, bool update);

#endif
