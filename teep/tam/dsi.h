/*
 * Device State Information, parsed: what a TEE says about itself and about the security domains
 * that this TAM owns.
 *
 * Used by the TAM. The text is hostile until the answer around it has been verified, with the
 * certificate that is in it: see device_trust.h. Spans and arrays point into the arena. Members
 * that are not known are passed over.
 */
#ifndef TEESIM_TEEP_TAM_DSI_H
#define TEESIM_TEEP_TAM_DSI_H

#include <openssl/evp.h>

#include "teep/otrp/algorithm.h"
#include "teep/otrp/member.h"

struct dsi_ta {
	struct span taid, taname; /* the name is absent where there is none */
};

struct dsi_sd {
	struct span name, spid;
	const struct dsi_ta *tas;
	size_t ta_count;
};

struct dsi_aik {
	struct span spid;
	struct span der; /* a key that can be used, once checked: RSAPublicKey or
			  * SubjectPublicKeyInfo */
	bool ecc;
};

struct dsi {
	struct span name, version;
	struct span cert;	 /* DER */
	struct span_list cacert; /* DER, the root last */
	bool has_generation;
	uint64_t generation;	  /* dsigen */
	const struct dsi_sd *sds; /* no two with one SP and one name */
	size_t sd_count;
	const struct dsi_aik *aiks; /* no two of one SP */
	size_t aik_count;
	const struct span *requested; /* taids that client apps asked the agent for */
	size_t requested_count;
	bool has_tfw; /* the firmware's word: the rest is valid only with it */
	struct span tfw_tbs, tfw_cert, tfw_sig;
	enum jws_algorithm tfw_algorithm;
	uint8_t hash[OTRP_HASH_SIZE]; /* of the text as it was given: the next request's dsihash */
};

/* `text` is {"dsi":…}: as decrypted from `edsi`, or in canonical form where it came inside a
 * content (response.h). Returns 0 or otrp_fail()'s value. */
int dsi_parse(struct span text, struct arena *arena, struct dsi *out, struct otrp_failure *failure);

/*
 * The same of text that was parsed before, but for the keys in it: to look into hundreds of them is
 * more work than anybody gets done who has not shown who he is. dsi_keys_check() comes once the
 * signature has been verified; 0 or otrp_fail()'s value.
 */
int dsi_keys_check(const struct dsi *dsi, struct otrp_failure *failure);
int dsi_take(const json_t *object, struct span text, struct arena *arena, struct dsi *out,
	     struct otrp_failure *failure);

/* The SP's anonymous key; the caller's. NULL where the SP has none. */
EVP_PKEY *dsi_aik_key(const struct dsi *dsi, struct span spid);

/* A public key as `spaik` has it, of a kind that can be used: the caller's, or NULL. */
EVP_PKEY *aik_parse(struct span der);

const struct dsi_sd *dsi_sd_find(const struct dsi *dsi, struct span spid, struct span name);
const struct dsi_ta *dsi_ta_find(const struct dsi_sd *sd, struct span taid);

#endif
