#include "otrp/exchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "teep/otrp/compose.h"
#include "teep/pki/openssl_auto.h"

static json_t *certificate_json(X509 *certificate)
{
	size_t size;
	uint8_t *der = certificate_encode(certificate, &size);
	json_t *value = der ? otrp_base64(der, size) : NULL;

	OPENSSL_free(der);
	return value;
}

json_t *aik_encode(EVP_PKEY *key, const char **type)
{
	const bool rsa = key_kind(key) == KEY_RSA;
	uint8_t *der = NULL;
	size_t size = 0;
	json_t *value = NULL;

	if (rsa) {
		const int n = i2d_PublicKey(key, &der);

		size = n > 0 ? (size_t)n : 0;
	} else {
		(void)key_public_encode(key, &der, &size);
	}
	if (size)
		value = otrp_base64(der, size);
	*type = rsa ? "RSA" : "ECC";
	OPENSSL_free(der);
	return value;
}

/* The firmware's word on this very transaction. */
static json_t *firmware_json(struct exchange *exchange)
{
	X509 *certificate = sk_X509_value(exchange->tee->boot.tfw_chain, 0);
	const enum key_kind kind = key_kind(X509_get0_pubkey(certificate));
	const struct span tid = exchange->request.tid;
	struct span *word = &exchange->firmware_word;
	uint8_t *signature;
	size_t size;

	/* A state may be made twice; it was begun to be signed once. */
	if (!word->data) {
		if (firmware_sign_end(exchange->tee->firmware, &signature, &size))
			return NULL;
		(void)arena_copy(&exchange->arena, signature, size, word);
		OPENSSL_free(signature);
	}
	return word->data
		       ? json_pack("{s:o, s:o, s:s, s:o}", "tbs", otrp_base64(tid.data, tid.size),
				   "cert", certificate_json(certificate), "sigalg",
				   jws_algorithm_name(jws_algorithm_of(kind)), "sig",
				   otrp_base64(word->data, word->size))
		       : NULL;
}

struct collection {
	struct exchange *exchange;
	json_t *domains, *aiks, *tas;
	struct span last_spid;
};

static int ta_collect(void *context, struct span taid, struct span name)
{
	struct collection *collection = context;
	json_t *ta = json_object();

	(void)json_object_set_new(ta, "taid", otrp_text(taid));
	if (name.size)
		(void)json_object_set_new(ta, "taname", otrp_text(name));
	return json_array_append_new(collection->tas, ta) ? -1 : 0;
}

static int aik_collect(struct collection *collection, struct span spid)
{
	struct exchange *exchange = collection->exchange;
	struct aik_public key;

	if (aik_public_get(exchange->tee->store, &exchange->arena, exchange->tamid, spid, &key))
		return -1;
	return json_array_append_new(collection->aiks,
				     json_pack("{s:o, s:o, s:o}", "spaik", otrp_text(key.text),
					       "spaiktype", otrp_text(key.type), "spid",
					       otrp_text(spid)));
}

static int domain_collect(void *context, const struct domain *domain)
{
	struct collection *collection = context;
	struct exchange *exchange = collection->exchange;
	json_t *object;

	collection->tas = json_array();
	object = json_pack("{s:o, s:o, s:o}", "name", otrp_text(domain->name.sdname), "spid",
			   otrp_text(domain->name.spid), "talist", collection->tas);
	if (!object || json_array_append_new(collection->domains, object) ||
	    ta_each(exchange->tee->store, &exchange->arena, domain->id, ta_collect, collection))
		return -1;
	/* Domains come in the order of their SP. */
	if (span_equal(domain->name.spid, collection->last_spid))
		return 0;
	if (!arena_copy(&exchange->arena, domain->name.spid.data, domain->name.spid.size,
			&collection->last_spid))
		return -1;
	return aik_collect(collection, collection->last_spid);
}

/* What client applications wait for. No part of the generation: that it grew tells a TAM nothing
 * about what its commands did, and must not end a session. */
static int requested_add(struct exchange *exchange, json_t *tee)
{
	struct span_list tas;
	json_t *array, *one;
	int rc = requested_get(exchange->tee->store, &exchange->arena, &tas);

	if (rc || !tas.count)
		return rc;
	array = json_array();
	for (uint32_t i = 0; i < tas.count; i++) {
		const struct span ta = tas.item[i];

		one = json_pack("{s:o}", "taid", otrp_text(span_of(ta.data, REQUESTED_TAID_SIZE)));
		if (ta.size > REQUESTED_TAID_SIZE)
			(void)json_object_set_new(
				one, "taname",
				otrp_text(span_of(ta.data + REQUESTED_TAID_SIZE,
						  ta.size - REQUESTED_TAID_SIZE)));
		(void)json_array_append_new(array, one);
	}
	return json_object_set_new(tee, "requestedtalist", array);
}

static json_t *tee_json(struct exchange *exchange, struct collection *collection)
{
	const struct boot *boot = &exchange->tee->boot;
	json_t *authorities = json_array(), *tee;
	char count[24], generation[24];

	for (int i = 1; i < sk_X509_num(boot->tee_chain); i++)
		(void)json_array_append_new(authorities,
					    certificate_json(sk_X509_value(boot->tee_chain, i)));
	snprintf(count, sizeof(count), "%zu", json_array_size(collection->domains));
	snprintf(generation, sizeof(generation), "%" PRIu64, exchange->memory.dsigen);
	tee = json_pack("{s:s, s:s, s:o, s:o, s:{s:s, s:O}, s:O}", "name", boot->tee_name, "ver",
			boot->tee_version, "cert",
			certificate_json(sk_X509_value(boot->tee_chain, 0)), "cacert", authorities,
			"sdlist", "cnt", count, "sd", collection->domains, "teeaiklist",
			collection->aiks);
	if (tee && !exchange->tee->options.without_dsigen)
		(void)json_object_set_new(tee, "dsigen", json_string(generation));
	if (tee && requested_add(exchange, tee)) {
		json_decref(tee);
		tee = NULL;
	}
	return tee;
}

char *device_state_make(struct exchange *exchange, uint8_t hash[32])
{
	struct collection collection = { exchange, json_array(), json_array(), NULL, { 0 } };
	json_t *state = NULL;
	char *text = NULL;

	if (domain_each(exchange->tee->store, exchange->tamid, domain_collect, &collection) == 0)
		state = exchange->tee->boot.unattested
				? json_pack("{s:{s:o}}", "dsi", "tee",
					    tee_json(exchange, &collection))
				: json_pack("{s:{s:o, s:o}}", "dsi", "tee",
					    tee_json(exchange, &collection), "tfwdata",
					    firmware_json(exchange));
	json_decref(collection.domains);
	json_decref(collection.aiks);
	text = state ? json_canonical(state) : NULL;
	json_decref(state);
	if (text && EVP_Digest(text, strlen(text), hash, NULL, EVP_sha256(), NULL) != 1) {
		free(text);
		text = NULL;
	}
	return text;
}
