/* GetTAInformation: what a client application may know of a TA, signed by its SP's anonymous key.
 */
#include "otrp/tee.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "otrp/exchange.h"
#include "teep/otrp/compose.h"
#include "teep/otrp/jose_key.h"
#include "teep/pki/der.h"
#include "teep/pki/openssl_auto.h"

/* The next certificate of several; NULL behind the last. */
static json_t *certificate_take(struct span *rest)
{
	struct span content, whole;

	return der_take(rest, DER_SEQUENCE, &content, &whole) ? otrp_base64(whole.data, whole.size)
							      : NULL;
}

/* Of a certificate that signed itself, the chain is itself; others' chains are not known here. */
static json_t *signer_chain(struct tee *tee, struct span der)
{
	struct certificate_known known;
	struct otrp_failure failure;
	struct arena arena = { 0 };
	json_t *chain = json_array();

	if (tee_certificate(tee, &arena, der, &known, &failure) == 0 && known.self_signed)
		(void)json_array_append_new(chain, otrp_base64(der.data, der.size));
	EVP_PKEY_free(known.key);
	arena_clear(&arena);
	return chain;
}

static json_t *information_make(struct tee *tee, const struct domain *domain,
				const struct domain_ta *ta)
{
	struct span rest = ta->tam_chain;
	json_t *leaf = certificate_take(&rest), *chain = json_array(), *next;

	while ((next = certificate_take(&rest)))
		(void)json_array_append_new(chain, next);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "taid", otrp_text(ta->taid),
			 "tamid", otrp_text(domain->name.tamid), "spid",
			 otrp_text(domain->name.spid), "signercert",
			 otrp_base64(ta->signer.data, ta->signer.size), "signercacerts",
			 signer_chain(tee, ta->signer), "tamcert", leaf, "tamcacerts", chain);
}

/* The signature goes over the payload; who signs is a hint that a client must not rely on. */
static char *information_sign(json_t *information, EVP_PKEY *aik)
{
	json_t *payload = json_pack("{s:o}", "TAInformationTBS", information);
	char *text = payload ? json_canonical(payload) : NULL;
	json_t *jws = text ? jws_sign(span_of_text(text), aik, NULL) : NULL;
	json_t *whole = NULL;
	char *out = NULL;

	if (jws && json_object_set_new(jws, "header",
				       json_pack("{s:o}", "signer", jose_key_public_of(aik))) == 0)
		whole = json_pack("{s:O}", "TAInformation", jws);
	if (whole)
		out = json_canonical(whole);
	json_decref(whole);
	json_decref(jws);
	json_decref(payload);
	free(text);
	return out;
}

static int ta_look_up(struct tee *tee, struct arena *arena, const struct ta_query *query,
		      struct domain *domain, struct domain_ta *ta)
{
	int rc = ta_get(tee->store, arena, query->taid, ta);

	if (rc == 0)
		rc = domain_of_id(tee->store, arena, ta->domain, domain);
	return rc == 0 && !span_equal(domain->name.spid, query->spid) ? -ENOENT : rc;
}

int tee_ta_information(struct tee *tee, const void *query, size_t size, char **answer, char *err,
		       size_t errlen)
{
	struct otrp_failure failure = { 0 };
	struct arena arena = { 0 };
	struct domain_ta ta = { 0 };
	struct domain domain = { 0 };
	struct ta_query parsed;
	PKEY_AUTO aik = NULL;
	struct span der;
	int rc;

	*answer = NULL;
	rc = parser_query(tee->parser, span_of(query, size), &arena, &parsed, &failure);
	if (rc == 0 && (!parsed.spid.data || !parsed.taid.data))
		rc = -EBADMSG;
	if (rc) {
		snprintf(err, errlen, "the query: %s", failure.why);
	} else {
		rc = ta_look_up(tee, &arena, &parsed, &domain, &ta);
		if (rc == 0)
			rc = aik_get(tee->store, &arena, domain.name.tamid, domain.name.spid, &der);
		aik = rc ? NULL : key_cache_get(&tee->keys, der);
		if (aik)
			*answer = information_sign(information_make(tee, &domain, &ta), aik);
		if (rc == 0 && !*answer)
			rc = -EIO;
		if (rc)
			snprintf(err, errlen, "%s",
				 rc == -ENOENT ? "no such SP has a TA of that UUID on this device"
					       : strerror(-rc));
	}
	parser_refill(tee->parser);
	arena_clear(&arena);
	return rc;
}
