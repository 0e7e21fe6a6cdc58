#include "otrp/exchange.h"

#include <errno.h>

#include "teep/pki/chain.h"
#include "teep/pki/ocsp.h"
#include "teep/pki/openssl_auto.h"

static int untrusted(struct exchange *exchange, const char *why)
{
	return otrp_fail(&exchange->failure, OTRP_TAM_NOT_TRUSTED, "the TAM's certificate: %s",
			 why);
}

/* A session that came without certificates uses those that its id stands for; several TAMs may have
 * chosen the same id, so whose key fits the signature decides. */
static int session_try(void *context, const struct tam_session *session)
{
	struct exchange *exchange = context;
	X509_AUTO leaf = session->chain.count ? certificate_cache_get(&exchange->tee->certificates,
								      session->chain.item[0])
					      : NULL;

	if (!leaf || !jws_verify(&exchange->envelope.jws, X509_get0_pubkey(leaf)))
		return 0;
	exchange->leaf = leaf;
	leaf = NULL;
	return arena_copy(&exchange->arena, session->tamid.data, session->tamid.size,
			  &exchange->session.tamid)
		       ? 1
		       : -ENOMEM;
}

static int list_keep(struct exchange *exchange, const struct span_list *from, struct span_list *to)
{
	to->count = 0;
	for (uint32_t i = 0; i < from->count; i++, to->count++)
		if (!arena_copy(&exchange->arena, from->item[i].data, from->item[i].size,
				&to->item[i]))
			return -ENOMEM;
	return 0;
}

struct recall {
	struct exchange *exchange;
	struct span_list *chain, *ocsp;
};

static int session_recall(void *context, const struct tam_session *session)
{
	struct recall *recall = context;
	struct exchange *exchange = recall->exchange;
	uint8_t *der;
	size_t size;
	bool same;

	der = certificate_encode(exchange->leaf, &size);
	same = der && session->chain.count &&
	       span_equal(session->chain.item[0], span_of(der, size));
	OPENSSL_free(der);
	if (!same)
		return 0;
	if (recall->chain && list_keep(exchange, &session->chain, recall->chain))
		return -ENOMEM;
	if (recall->ocsp && list_keep(exchange, &session->ocsp, recall->ocsp))
		return -ENOMEM;
	return 1;
}

/* Step 5. */
static int signature_check(struct exchange *exchange)
{
	struct otrp_failure *failure = &exchange->failure;
	const struct span_list *x5c = &exchange->envelope.jws.x5c;
	struct tee *tee = exchange->tee;
	int rc;

	if (x5c->count) {
		exchange->leaf = certificate_cache_get(&tee->certificates, x5c->item[0]);
		if (!exchange->leaf)
			return otrp_fail(failure, OTRP_REQUEST_INVALID,
					 "x5c does not begin with a certificate");
		if (!jws_verify(&exchange->envelope.jws, X509_get0_pubkey(exchange->leaf)))
			return otrp_fail(failure, OTRP_REQUEST_INVALID,
					 "the signature does not hold");
		return 0;
	}
	if (!exchange->request.tid.data || exchange->message == OTRP_GET_DEVICE_STATE)
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "there is no certificate in x5c");
	rc = session_each(tee->store, &exchange->arena, exchange->request.tid, session_try,
			  exchange);
	if (rc < 0)
		return exchange_store_failed(exchange, rc);
	return rc == 1 ? 0
		       : otrp_fail(failure, OTRP_REQUEST_INVALID,
				   "no certificate is known of this session that the signature "
				   "fits");
}

/* The chain that came with the request, else that of its session. */
static int chain_collect(struct exchange *exchange)
{
	struct tam_session *session = &exchange->session;
	struct recall recall = { exchange, &session->chain, NULL };
	int rc = 1;

	if (exchange->envelope.jws.x5c.count)
		session->chain = exchange->envelope.jws.x5c;
	else
		rc = session_each(exchange->tee->store, &exchange->arena, exchange->request.tid,
				  session_recall, &recall);
	return rc < 0 ? exchange_store_failed(exchange, rc) : 0;
}

/* The OCSP responses that came with the request, else those of its session. */
static int ocsp_collect(struct exchange *exchange)
{
	struct tam_session *session = &exchange->session;
	struct recall recall = { exchange, NULL, &session->ocsp };
	int rc = 1;

	if (exchange->request.ocspdat.count)
		session->ocsp = exchange->request.ocspdat;
	else if (exchange->request.tid.data && exchange->message != OTRP_GET_DEVICE_STATE)
		rc = session_each(exchange->tee->store, &exchange->arena, exchange->request.tid,
				  session_recall, &recall);
	return rc < 0 ? exchange_store_failed(exchange, rc) : 0;
}

static int path_check(struct exchange *exchange)
{
	const struct span_list *chain = &exchange->session.chain;
	X509_STACK_AUTO others = sk_X509_new_null();
	const char *why;
	int rc;

	if (!others)
		return otrp_fail(&exchange->failure, OTRP_TEE_FAIL, "out of memory");
	for (uint32_t i = 1; i < chain->count; i++) {
		X509 *other = certificate_cache_get(&exchange->tee->certificates, chain->item[i]);

		if (!other)
			return untrusted(exchange, "x5c holds something else than certificates");
		if (!sk_X509_push(others, other)) {
			X509_free(other);
			return otrp_fail(&exchange->failure, OTRP_TEE_FAIL, "out of memory");
		}
	}
	rc = chain_verify(exchange->leaf, others, trust_roots(exchange->tee->trust), exchange->now,
			  &exchange->path, &why);
	if (rc == -ENOMEM)
		return otrp_fail(&exchange->failure, OTRP_TEE_FAIL, "out of memory");
	if (rc)
		return untrusted(exchange, why);
	if (sk_X509_num(exchange->path) < 2 || !certificate_fits(exchange->leaf, ROLE_TAM))
		return untrusted(exchange, "is not one for a TAM");
	if (!certificate_tamid(exchange->leaf, exchange->tamid_text))
		return untrusted(exchange, "has not exactly one TAM identifier");
	exchange->tamid = span_of_text(exchange->tamid_text);
	return 0;
}

/* Is there a response that says, now, that this certificate is good? */
static int status_check(struct exchange *exchange, X509 *subject, X509 *issuer)
{
	const struct span_list *responses = &exchange->session.ocsp;
	const time_t skew =
		exchange->tee->options.skew ? exchange->tee->options.skew : OCSP_SKEW_DEFAULT;
	const char *why = "is missing", *said;

	for (uint32_t i = 0; i < responses->count; i++) {
		time_t produced, next_update;
		int rc = ocsp_check(responses->item[i].data, responses->item[i].size, subject,
				    issuer, exchange->now, skew, &produced, &next_update, &said);

		if (rc == 0) {
			if (produced > exchange->produced)
				exchange->produced = produced;
			return 0;
		}
		if (rc == -EACCES)
			why = said;
	}
	return otrp_fail(&exchange->failure, OTRP_TAM_NOT_TRUSTED,
			 "the OCSP response for a certificate of the TAM's chain %s", why);
}

static int clock_check(struct exchange *exchange)
{
	uint64_t floor = 0;
	int rc = clock_floor_get(exchange->tee->store, &exchange->arena, &floor);

	if (rc)
		return exchange_store_failed(exchange, rc);
	if ((time_t)floor < exchange->tee->boot.made_at)
		floor = (uint64_t)exchange->tee->boot.made_at;
	return exchange->now >= (time_t)floor ? 0
					      : otrp_fail(&exchange->failure, OTRP_TAM_NOT_TRUSTED,
							  "this TEE's clock was set back");
}

int exchange_authenticate(struct exchange *exchange)
{
	int rc = signature_check(exchange);

	if (rc == 0)
		rc = clock_check(exchange);
	if (rc == 0)
		rc = chain_collect(exchange);
	if (rc == 0)
		rc = path_check(exchange);
	if (rc == 0)
		rc = ocsp_collect(exchange);
	for (int i = 0; rc == 0 && i + 1 < sk_X509_num(exchange->path); i++)
		rc = status_check(exchange, sk_X509_value(exchange->path, i),
				  sk_X509_value(exchange->path, i + 1));
	exchange->session.tamid = exchange->tamid;
	exchange->authenticated = rc == 0;
	if (rc == 0)
		certificate_cache_keep(&exchange->tee->certificates, exchange->path);
	return rc;
}
