#include "otrp/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "teep/otrp/compose.h"

static json_t *reason_json(const struct otrp_failure *failure)
{
	return json_pack("{s:s, s:s}", "error-code", otrp_status_name(failure->status),
			 "error-message", failure->why);
}

static json_t *algorithms_json(const struct tee *tee)
{
	json_t *array = json_pack("[s, s]", "RS256", "ES256");

	if (tee->options.extended)
		(void)json_array_append_new(array, json_string("ES384"));
	return array;
}

/* What is encrypted for the TAM: who we are, what came of it, what it asked for. */
static json_t *content_json(const struct exchange *exchange)
{
	const bool passed = exchange->failure.status == OTRP_PASS;
	json_t *content = json_pack("{s:o}", "did", otrp_base64(exchange->tee->did, 32));

	if (!passed)
		(void)json_object_set_new(content, "reason", reason_json(&exchange->failure));
	if (passed && exchange->message == OTRP_CREATE_SD)
		(void)json_object_set_new(content, "sdname",
					  otrp_text(exchange->domain.name.sdname));
	if (passed && exchange->aik) {
		(void)json_object_set_new(content, "teespaik",
					  otrp_text(exchange->aik_public.text));
		(void)json_object_set_new(content, "teespaiktype",
					  otrp_text(exchange->aik_public.type));
	}
	return content;
}

#define STATE_HEAD "{\"dsi\":"

/* The members of `content`, and the state's after "did", where it stands in canonical form. The
 * state is long and has been written out already. */
static char *content_text(json_t *content, const char *state)
{
	char *text = json_canonical(content), *whole = NULL, *rest;
	const size_t head = strlen(STATE_HEAD);

	if (!text || !state)
		return text;
	rest = text + strlen("{\"did\":\"") + 44 + 1;
	if (asprintf(&whole, "%.*s,\"dsi\":%.*s%s", (int)(rest - text), text,
		     (int)(strlen(state) - head - 1), state + head, rest) < 0)
		whole = NULL;
	free(text);
	return whole;
}

static int encrypted(struct exchange *exchange, const char *plain, struct span *out)
{
	exchange_wrap(exchange);
	return plain && exchange->wrapped.data
		       ? jwe_text(span_of_text(plain), (enum jwe_encryption)exchange->encryption,
				  exchange->cek, exchange->wrapped, &exchange->arena, out)
		       : -ENOMEM;
}

static int content_encrypted(struct exchange *exchange, const char *state, struct span *out)
{
	json_t *content = content_json(exchange);
	char *text = content ? content_text(content, state) : NULL;
	int rc = encrypted(exchange, text, out);

	free(text);
	json_decref(content);
	return rc;
}

void exchange_wrap(struct exchange *exchange)
{
	if (exchange->wrapped.data || !exchange->sender || exchange_wrapped_ahead(exchange))
		return;
	/* The request's content key where it is known; else a fresh one. */
	if (!exchange->cek.data)
		exchange->encryption = ENC_A128CBC_HS256;
	(void)jwe_wrap(exchange->sender, (enum jwe_encryption)exchange->encryption,
		       &exchange->arena, &exchange->cek, &exchange->wrapped);
}

static json_t *tbs_json(const struct exchange *exchange)
{
	const struct otrp_request *request = &exchange->request;

	return json_pack("{s:s, s:s, s:o, s:o}", "ver", OTRP_VERSION, "status",
			 exchange->failure.status == OTRP_PASS ? "pass" : "fail", "rid",
			 otrp_text(request->rid.data ? request->rid : span_of("", 0)), "tid",
			 otrp_text(request->tid.data ? request->tid : span_of("", 0)));
}

/* Who is not authenticated learns the reason and nothing about the device. */
static void reason_add(const struct exchange *exchange, json_t *tbs)
{
	if (exchange->failure.status == OTRP_UNSUPPORTED_CRYPTO_ALG)
		(void)json_object_set_new(tbs, "supportedsigalgs", algorithms_json(exchange->tee));
	(void)json_object_set_new(tbs, "reason", reason_json(&exchange->failure));
}

char *answer_make(struct exchange *exchange, const char *state)
{
	const bool passed = exchange->failure.status == OTRP_PASS;
	const bool query = exchange->message == OTRP_GET_DEVICE_STATE;
	/* Nobody knows an answer to what is no request: it is one to the query. */
	const char *name = otrp_answer_name(
		exchange->message < OTRP_MESSAGE_COUNT ? exchange->message : OTRP_GET_DEVICE_STATE);
	EVP_PKEY *key = exchange->tee->boot.tee_key;
	json_t *tbs = tbs_json(exchange);
	struct span content = { 0 };
	int rc = 0;

	if (!tbs)
		return NULL;
	if (query && passed) {
		rc = encrypted(exchange, state, &content);
		(void)json_object_set_new(tbs, "signerreq", json_false());
	} else if (exchange->authenticated && !query) {
		rc = content_encrypted(exchange, state, &content);
	} else {
		reason_add(exchange, tbs);
		return otrp_compose(name, "Response", tbs, key, NULL);
	}
	if (rc) {
		json_decref(tbs);
		return NULL;
	}
	return otrp_compose_encrypted(name, "Response", query ? "edsi" : "content", content, tbs,
				      key);
}
