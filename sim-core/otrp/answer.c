#include "otrp/exchange.h"

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

static json_t *encrypted(struct exchange *exchange, const char *plain)
{
	/* The request's content key where it is known; else a fresh one. */
	const enum jwe_encryption encryption =
		exchange->cek.data ? (enum jwe_encryption)exchange->encryption : ENC_A128CBC_HS256;

	return plain ? jwe_encrypt(span_of_text(plain), exchange->sender, encryption,
				   &exchange->arena, &exchange->cek)
		     : NULL;
}

static json_t *content_encrypted(struct exchange *exchange, const char *state)
{
	json_t *content = content_json(exchange), *made;
	char *text = content ? content_text(content, state) : NULL;

	made = encrypted(exchange, text);
	free(text);
	json_decref(content);
	return made;
}

/* What the members of the TBS object are besides the four that all have. */
static bool members_add(struct exchange *exchange, json_t *tbs, const char *state)
{
	const bool passed = exchange->failure.status == OTRP_PASS;
	const bool query = exchange->message == OTRP_GET_DEVICE_STATE;

	if (query && passed)
		return json_object_set_new(tbs, "signerreq", json_false()) == 0 &&
		       json_object_set_new(tbs, "edsi", encrypted(exchange, state)) == 0;
	if (exchange->authenticated && !query)
		return json_object_set_new(tbs, "content", content_encrypted(exchange, state)) == 0;
	/* Who is not authenticated learns the reason and nothing about the device. */
	if (exchange->failure.status == OTRP_UNSUPPORTED_CRYPTO_ALG)
		(void)json_object_set_new(tbs, "supportedsigalgs", algorithms_json(exchange->tee));
	return json_object_set_new(tbs, "reason", reason_json(&exchange->failure)) == 0;
}

char *answer_make(struct exchange *exchange, const char *state)
{
	const struct otrp_request *request = &exchange->request;
	json_t *tbs = json_pack("{s:s, s:s, s:o, s:o}", "ver", OTRP_VERSION, "status",
				exchange->failure.status == OTRP_PASS ? "pass" : "fail", "rid",
				otrp_text(request->rid.data ? request->rid : span_of("", 0)), "tid",
				otrp_text(request->tid.data ? request->tid : span_of("", 0)));
	char *text = NULL;

	if (tbs && members_add(exchange, tbs, state))
		/* Nobody knows an answer to what is no request: it is one to the query. */
		text = otrp_compose(otrp_answer_name(exchange->message < OTRP_MESSAGE_COUNT
							     ? exchange->message
							     : OTRP_GET_DEVICE_STATE),
				    "Response", tbs, exchange->tee->boot.tee_key, NULL);
	else
		json_decref(tbs);
	return text;
}
