/*
 * What is begun before a request is parsed.
 *
 * Nothing of it decides anything: each result is kept beside what it was made of, and used where
 * the parser then finds the same octets and the step that wants it has come, with all that goes
 * before. What was begun in vain is dropped. The TEE's own key is not used before the signature of
 * a TAM that was good when the last session began was seen to hold.
 */
#include "otrp/exchange.h"

#include "otrp/request_guess.h"
#include "teep/otrp/encoding.h"

/* A name and certificates. */
#define HEADER_SIZE_MAX (64U << 10)

/* A session's commands may come without certificates. */
#define HEADER_EMPTY ":{\"payload\":\""

static bool firmware_begin(struct exchange *exchange, struct span tid, bool query)
{
	const struct tee *tee = exchange->tee;

	if (!tid.data || tee->boot.unattested || exchange_firmware_ask(exchange, tid, query))
		return false;
	exchange->ahead.tid = tid;
	return true;
}

/* A TAM that was good lately may have the firmware begin: the same certificates, as text, stand in
 * what it sent then. Anybody can send those, and can have no more made by it than by sending an old
 * request again; that nobody is told what the firmware says before it is known who asks holds as
 * ever. */
void exchange_ahead_begin(struct exchange *exchange, const struct request_guess *guess)
{
	struct request_guess_end end;

	if (!guess->query || !exchange->tee->query_header.data ||
	    !span_equal(guess->header, exchange->tee->query_header))
		return;
	request_guess_end_read(guess, &exchange->arena, &end);
	(void)firmware_begin(exchange, end.tid, true);
}

/* The TAM whose session began last, if its key would still be used. */
static const struct tam_known *tam_find(const struct exchange *exchange,
					const struct request_guess *guess)
{
	const struct tee *tee = exchange->tee;

	if (!tee->query_header.data || !guess->protected_text.data || !guess->signature_text.data ||
	    (!span_equal(guess->header, tee->query_header) &&
	     !span_is(guess->header, HEADER_EMPTY)))
		return NULL;
	return tam_cache_find(&tee->certificates, tee->session_evidence, exchange->now);
}

static void signature_verify(struct exchange *exchange, const struct request_guess *guess,
			     EVP_PKEY *key)
{
	struct jws *jws = &exchange->ahead.jws;

	jws->algorithm = jws_algorithm_of(key_kind(key));
	jws->protected_text = guess->protected_text;
	jws->payload_text = guess->payload;
	if (base64_decode(guess->signature_text, BASE64_JOSE, &exchange->arena, &jws->signature) ||
	    !jws_verify(jws, key) || EVP_PKEY_up_ref(key) != 1)
		return;
	exchange->ahead.key = key;
}

/* A fresh content key for the answer to a query, as exchange_wrap() makes it. */
static void answer_wrap(struct exchange *exchange)
{
	struct ahead *ahead = &exchange->ahead;

	(void)jwe_wrap(ahead->key, ENC_A128CBC_HS256, &exchange->arena, &ahead->answer_cek,
		       &ahead->wrapped);
}

static void key_unwrap(struct exchange *exchange, const struct request_guess *guess)
{
	struct ahead *ahead = &exchange->ahead;
	const struct jwe content = {
		.algorithm = JWE_RSA1_5,
		.encryption = ENC_A128CBC_HS256,
		.encrypted_key = request_guess_encrypted_key(guess, &exchange->arena),
	};

	if (content.encrypted_key.data &&
	    jwe_unwrap(&content, exchange->tee->boot.tee_key, &exchange->arena, &ahead->cek) == 0)
		ahead->content = content;
}

void exchange_ahead_verify(struct exchange *exchange, const struct request_guess *guess)
{
	const struct tam_known *tam = tam_find(exchange, guess);
	struct tam_memory unused;

	if (!tam)
		return;
	signature_verify(exchange, guess, tam->key);
	/* With other messages there is more to do than time. */
	if (guess->query && exchange->ahead.key)
		answer_wrap(exchange);
	/* What the transaction will read first is in the caches then. */
	(void)tam_get(exchange->tee->store, &exchange->arena, span_of_text(tam->tamid), &unused);
}

void exchange_ahead_unwrap(struct exchange *exchange, const struct request_guess *guess)
{
	struct request_guess_end end;

	if (!exchange->ahead.key || guess->query)
		return;
	request_guess_end_read(guess, &exchange->arena, &end);
	if (end.nextdsi)
		(void)firmware_begin(exchange, end.tid, false);
	key_unwrap(exchange, guess);
}

bool exchange_signature_holds(const struct exchange *exchange, EVP_PKEY *key)
{
	const struct jws *jws = &exchange->envelope.jws, *ahead = &exchange->ahead.jws;

	if (exchange->ahead.key && EVP_PKEY_eq(exchange->ahead.key, key) == 1 &&
	    jws->algorithm == ahead->algorithm &&
	    span_equal(jws->protected_text, ahead->protected_text) &&
	    span_equal(jws->payload_text, ahead->payload_text) &&
	    span_equal(jws->signature, ahead->signature))
		return true;
	return jws_verify(jws, key);
}

bool exchange_wrapped_ahead(struct exchange *exchange)
{
	const struct ahead *ahead = &exchange->ahead;

	if (exchange->cek.data || !ahead->wrapped.data ||
	    EVP_PKEY_eq(ahead->key, exchange->sender) != 1)
		return false;
	exchange->encryption = ENC_A128CBC_HS256;
	exchange->cek = ahead->answer_cek;
	exchange->wrapped = ahead->wrapped;
	return true;
}

int exchange_content_key(struct exchange *exchange, struct span *cek)
{
	const struct jwe *content = &exchange->request.content;
	const struct ahead *ahead = &exchange->ahead;

	if (ahead->cek.data && content->algorithm == ahead->content.algorithm &&
	    content->encryption == ahead->content.encryption &&
	    span_equal(content->encrypted_key, ahead->content.encrypted_key)) {
		*cek = ahead->cek;
		return 0;
	}
	return jwe_unwrap(content, exchange->tee->boot.tee_key, &exchange->arena, cek);
}

void exchange_ta_key_ahead(struct exchange *exchange, struct span content)
{
	const struct jwe *wrapped = &exchange->request.ta_key;
	struct ahead *ahead = &exchange->ahead;
	const struct span spid = request_guess_spid(content);
	struct span der, cek;
	EVP_PKEY *aik;

	if (!wrapped->encrypted_key.data || !spid.data ||
	    aik_get(exchange->tee->store, &exchange->arena, exchange->tamid, spid, &der))
		return;
	aik = key_cache_get(&exchange->tee->keys, der);
	if (aik && jwe_unwrap(wrapped, aik, &exchange->arena, &cek) == 0) {
		ahead->spid = spid;
		ahead->ta_cek = cek;
	}
	EVP_PKEY_free(aik);
}

int exchange_ta_key(struct exchange *exchange, EVP_PKEY *aik, struct span *cek)
{
	const struct ahead *ahead = &exchange->ahead;

	if (ahead->ta_cek.data && span_equal(ahead->spid, exchange->domain.name.spid)) {
		*cek = ahead->ta_cek;
		return 0;
	}
	return jwe_unwrap(&exchange->request.ta_key, aik, &exchange->arena, cek);
}

void exchange_header_keep(struct tee *tee, struct span header)
{
	struct arena kept = { 0 };
	struct span copy;

	if (span_equal(tee->query_header, header) || header.size > HEADER_SIZE_MAX ||
	    !arena_copy(&kept, header.data, header.size, &copy))
		return;
	arena_clear(&tee->query_headers);
	tee->query_headers = kept;
	tee->query_header = copy;
}
