#include "otrp/exchange.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "teep/otrp/compose.h"
#include "teep/otrp/encoding.h"
#include "teep/pki/fetched.h"
#include "teep/pki/openssl_auto.h"

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

/* Pieces of text, one after the other. */
#define PIECES_MAX 40U
struct pieces {
	struct arena *arena;
	struct span of[PIECES_MAX];
	unsigned int count;
	bool failed;
};

static void piece(struct pieces *pieces, struct span text)
{
	if (!text.data || pieces->count == PIECES_MAX)
		pieces->failed = true;
	else
		pieces->of[pieces->count++] = text;
}

static void piece_text(struct pieces *pieces, const char *text)
{
	piece(pieces, span_of_text(text));
}

static void piece_copy(struct pieces *pieces, const char *text)
{
	struct span kept = { 0 };

	(void)arena_copy(pieces->arena, text, strlen(text), &kept);
	piece(pieces, kept);
}

static void piece_base64(struct pieces *pieces, const void *data, size_t size)
{
	char *text = arena_take(pieces->arena, BASE64_ROOM(size));

	if (text)
		piece(pieces, span_of(text, (size_t)(base64_put(text, data, size) - text)));
	else
		pieces->failed = true;
}

/* Takes the value. */
static void piece_json(struct pieces *pieces, json_t *value)
{
	char *text = value ? json_canonical(value) : NULL;
	struct span kept;

	if (text && arena_copy(pieces->arena, text, strlen(text), &kept))
		piece(pieces, kept);
	else
		pieces->failed = true;
	free(text);
	json_decref(value);
}

static void piece_certificate(struct pieces *pieces, X509 *certificate)
{
	size_t size;
	uint8_t *der = certificate_encode(certificate, &size);

	piece_text(pieces, "\"");
	if (der)
		piece_base64(pieces, der, size);
	else
		pieces->failed = true;
	piece_text(pieces, "\"");
	OPENSSL_free(der);
}

static char *pieces_join(const struct pieces *pieces, size_t *size)
{
	char *text, *at;

	*size = 0;
	for (unsigned int i = 0; i < pieces->count; i++)
		*size += pieces->of[i].size;
	text = at = pieces->failed ? NULL : malloc(*size + 1);
	for (unsigned int i = 0; text && i < pieces->count; i++)
		at = mempcpy(at, pieces->of[i].data, pieces->of[i].size);
	if (text)
		*at = '\0';
	return text;
}

static int pieces_keep(struct pieces *pieces, struct tee *tee, struct span *out)
{
	size_t size;
	char *text = pieces_join(pieces, &size);
	bool kept = text && arena_copy(&tee->texts, text, size, out);

	free(text);
	pieces->count = 0;
	return kept ? 0 : -ENOMEM;
}

/* What is the same in each state of this TEE. */
static int constants_make(struct tee *tee, struct arena *arena)
{
	const struct boot *boot = &tee->boot;
	struct pieces pieces = { .arena = arena };
	int rc;

	if (tee->state_head.data)
		return 0;
	piece_json(&pieces, json_string(boot->tee_version));
	rc = pieces_keep(&pieces, tee, &tee->state_version);
	piece_json(&pieces, json_string(boot->tee_name));
	if (rc == 0)
		rc = pieces_keep(&pieces, tee, &tee->state_name);
	if (!boot->unattested)
		piece_certificate(&pieces, sk_X509_value(boot->tfw_chain, 0));
	if (rc == 0)
		rc = pieces_keep(&pieces, tee, &tee->firmware_certificate);
	piece_text(&pieces, "\"cacert\":[");
	for (int i = 1; i < sk_X509_num(boot->tee_chain); i++) {
		if (i > 1)
			piece_text(&pieces, ",");
		piece_certificate(&pieces, sk_X509_value(boot->tee_chain, i));
	}
	piece_text(&pieces, "],\"cert\":");
	piece_certificate(&pieces, sk_X509_value(boot->tee_chain, 0));
	return rc ? rc : pieces_keep(&pieces, tee, &tee->state_head);
}

/* The firmware's word on this very transaction. */
static void firmware_add(struct exchange *exchange, struct pieces *pieces)
{
	X509 *certificate = sk_X509_value(exchange->tee->boot.tfw_chain, 0);
	const enum key_kind kind = key_kind(X509_get0_pubkey(certificate));
	const struct span tid = exchange->request.tid;
	struct span *word = &exchange->firmware_word;
	uint8_t *signature;
	size_t size;

	/* A state may be made twice; it was begun to be signed once. */
	if (!word->data) {
		if (firmware_sign_end(exchange->tee->firmware, &signature, &size)) {
			pieces->failed = true;
			return;
		}
		(void)arena_copy(&exchange->arena, signature, size, word);
		OPENSSL_free(signature);
	}
	piece_text(pieces, ",\"tfwdata\":{\"cert\":");
	piece(pieces, exchange->tee->firmware_certificate);
	piece_text(pieces, ",\"sig\":\"");
	piece_base64(pieces, word->data, word->size);
	piece_text(pieces, "\",\"sigalg\":\"");
	piece_text(pieces, jws_algorithm_name(jws_algorithm_of(kind)));
	piece_text(pieces, "\",\"tbs\":\"");
	piece_base64(pieces, tid.data, tid.size);
	piece_text(pieces, "\"}");
}

/* What client applications wait for. No part of the generation: that it grew tells a TAM nothing
 * about what its commands did, and must not end a session. */
static void requested_add(struct exchange *exchange, struct pieces *pieces)
{
	struct span_list tas;
	json_t *array, *one;

	if (requested_get(exchange->tee->store, &exchange->arena, &tas)) {
		pieces->failed = true;
		return;
	}
	if (!tas.count)
		return;
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
	piece_text(pieces, ",\"requestedtalist\":");
	piece_json(pieces, array);
}

/* Without the comma behind the last. */
static void list_add(struct pieces *pieces, const struct state_list *list)
{
	if (list->size)
		piece(pieces, span_of(list->text, list->size - 1));
}

static void tee_add(struct exchange *exchange, struct pieces *pieces)
{
	struct tee *tee = exchange->tee;
	char count[24], generation[40];
	const struct state_lists *lists =
		state_lists_get(&tee->lists, tee->store, exchange->tamid, exchange->memory.dsigen);

	if (!lists) {
		pieces->failed = true;
		return;
	}
	piece(pieces, tee->state_head);
	snprintf(generation, sizeof(generation), ",\"dsigen\":\"%" PRIu64 "\"",
		 exchange->memory.dsigen);
	if (!tee->options.without_dsigen)
		piece_copy(pieces, generation);
	piece_text(pieces, ",\"name\":");
	piece(pieces, tee->state_name);
	requested_add(exchange, pieces);
	piece_text(pieces, ",\"sdlist\":{\"cnt\":\"");
	snprintf(count, sizeof(count), "%zu", lists->domains.count);
	piece_copy(pieces, count);
	piece_text(pieces, "\",\"sd\":[");
	list_add(pieces, &lists->domains);
	piece_text(pieces, "]},\"teeaiklist\":[");
	list_add(pieces, &lists->keys);
	piece_text(pieces, "],\"ver\":");
	piece(pieces, tee->state_version);
}

/* In canonical form, as it is hashed. */
char *device_state_make(struct exchange *exchange, uint8_t hash[32])
{
	struct pieces pieces = { .arena = &exchange->arena };
	char *text = NULL;
	size_t size;

	if (constants_make(exchange->tee, &exchange->arena))
		return NULL;
	piece_text(&pieces, "{\"dsi\":{\"tee\":{");
	tee_add(exchange, &pieces);
	piece_text(&pieces, "}");
	if (!exchange->tee->boot.unattested)
		firmware_add(exchange, &pieces);
	piece_text(&pieces, "}}");
	text = pieces_join(&pieces, &size);
	if (text && !sha256_make(text, size, hash)) {
		free(text);
		text = NULL;
	}
	return text;
}
