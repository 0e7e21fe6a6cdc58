/*
 * Steps 5 and 6: who signed a request, and whether it is a TAM that this TEE trusts.
 *
 * Certificates and OCSP responses are hostile, so the TEE leaves it to children of the parser to
 * understand them, and believes those no more than it must. It cuts the octets into what is signed
 * and the signature itself (teep/pki/signed_object.h), and goes from its own roots down: whatever a
 * root or an authority below one has signed is given to a child, which says what key is in there.
 * Thus nothing is understood before somebody trusted has vouched for it, and a child that judges
 * whether it all makes a good TAM sees such octets alone: to take one over, one needs a trusted
 * authority's signature on the attempt.
 */
#include "otrp/exchange.h"

#include <errno.h>

#include "teep/pki/fetched.h"
#include "teep/pki/ocsp.h"
#include "teep/pki/openssl_auto.h"
#include "teep/pki/signed_object.h"

/* Which certificates of a chain somebody trusted has signed. */
struct evidence {
	struct exchange *exchange;
	const struct anchors *anchors;
	struct certificate_known known[SPAN_LIST_MAX]; /* of the chain's; valid where signed */
	bool vouched[SPAN_LIST_MAX];
	size_t root[SPAN_LIST_MAX]; /* anchors that signed, or that stand in the chain */
	uint32_t roots;
	bool malformed; /* something in it is no certificate at all */
	struct span_list responses;
	bool dropped; /* a response that nobody trusted has signed */
};

static int untrusted(struct exchange *exchange, const char *why)
{
	return otrp_fail(&exchange->failure, OTRP_TAM_NOT_TRUSTED, "the TAM's certificate: %s",
			 why);
}

int tee_certificate(struct tee *tee, struct arena *arena, struct span der,
		    struct certificate_known *out, struct otrp_failure *failure)
{
	const struct certificate_known *known = certificate_cache_find(&tee->certificates, der);
	struct parser_certificate found;
	int rc;

	failure->status = OTRP_PASS;
	if (known) {
		*out = *known;
		return !out->key || EVP_PKEY_up_ref(out->key) == 1 ? 0 : -ENOMEM;
	}
	*out = (struct certificate_known) { 0 };
	rc = parser_certificate(tee->parser, der, arena, &found, failure);
	if (rc)
		return failure->status != OTRP_TEE_FAIL ? -EBADMSG : rc == -EBADMSG ? -EIO : rc;
	out->key = key_numbers_load(&found.key);
	out->authority = found.authority;
	out->self_signed = found.self_signed;
	if (found.name.size && found.name.size < sizeof(out->name))
		memcpy(out->name, found.name.data, found.name.size);
	return 0;
}

int exchange_certificate(struct exchange *exchange, struct span der, struct certificate_known *out)
{
	struct otrp_failure failure;
	int rc = tee_certificate(exchange->tee, &exchange->arena, der, out, &failure);

	if (rc && failure.status == OTRP_TEE_FAIL)
		exchange->failure = failure;
	return rc;
}

static bool root_note(struct evidence *evidence, size_t anchor)
{
	for (uint32_t i = 0; i < evidence->roots; i++)
		if (evidence->root[i] == anchor)
			return true;
	if (evidence->roots == SPAN_LIST_MAX)
		return false;
	evidence->root[evidence->roots++] = anchor;
	return true;
}

/* Whether a root signed this, or an authority of the chain from `from` on that was signed itself.
 * Every root whose key fits is noted: one may be another's renewal. */
static bool object_vouched(struct evidence *evidence, const struct signed_object *object,
			   uint32_t from)
{
	const uint32_t count = evidence->exchange->session.chain.count;
	bool vouched = false;

	for (size_t i = 0; i < evidence->anchors->count; i++) {
		EVP_PKEY *key = evidence->anchors->item[i].key;

		if (key && signed_object_holds(object, key))
			vouched |= root_note(evidence, i);
	}
	for (uint32_t i = from; !vouched && i < count; i++)
		vouched = evidence->vouched[i] && evidence->known[i].authority &&
			  evidence->known[i].key &&
			  signed_object_holds(object, evidence->known[i].key);
	return vouched;
}

static bool is_anchor(struct evidence *evidence, struct span der)
{
	for (size_t i = 0; i < evidence->anchors->count; i++)
		if (span_equal(evidence->anchors->item[i].der, der))
			return root_note(evidence, i);
	return false;
}

/* From the root's end to the leaf: what is signed by what comes before it on that way. */
static int chain_gather(struct evidence *evidence)
{
	struct exchange *exchange = evidence->exchange;
	const struct span_list *chain = &exchange->session.chain;
	struct signed_object object;
	int rc = 0;

	for (uint32_t i = chain->count; rc == 0 && i-- > 0;) {
		if (is_anchor(evidence, chain->item[i]))
			continue;
		if (signed_certificate_parse(chain->item[i], &object)) {
			evidence->malformed = true;
			continue;
		}
		if (!object_vouched(evidence, &object, i + 1))
			continue;
		rc = exchange_certificate(exchange, chain->item[i], &evidence->known[i]);
		evidence->vouched[i] = rc == 0;
		if (rc == -EBADMSG)
			rc = 0;
	}
	return rc;
}

/* A response brings the certificate of whom its issuer delegates to. */
static int response_vouched(struct evidence *evidence, const struct signed_object *object,
			    const struct span_list *brought, bool *vouched)
{
	struct exchange *exchange = evidence->exchange;
	struct signed_object delegate;
	int rc = 0;

	*vouched = object_vouched(evidence, object, 0);
	for (uint32_t i = 0; rc == 0 && !*vouched && i < brought->count; i++) {
		struct certificate_known known;

		if (signed_certificate_parse(brought->item[i], &delegate) ||
		    !object_vouched(evidence, &delegate, 0))
			continue;
		rc = exchange_certificate(exchange, brought->item[i], &known);
		if (rc == 0) {
			*vouched = known.key && signed_object_holds(object, known.key);
			if (*vouched)
				certificate_cache_put(&exchange->tee->certificates,
						      brought->item[i], &known);
			EVP_PKEY_free(known.key);
		}
		if (rc == -EBADMSG)
			rc = 0;
	}
	return rc;
}

static int responses_gather(struct evidence *evidence)
{
	const struct span_list *responses = &evidence->exchange->session.ocsp;
	struct signed_object object;
	struct span_list brought;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < responses->count; i++) {
		bool vouched = false;

		if (signed_response_parse(responses->item[i], &object, &brought) == 0)
			rc = response_vouched(evidence, &object, &brought, &vouched);
		if (vouched)
			evidence->responses.item[evidence->responses.count++] = responses->item[i];
		else
			evidence->dropped = true;
	}
	return rc;
}

static int64_t number_of(struct span octets)
{
	int64_t number;

	memcpy(&number, octets.data, sizeof(number));
	return number;
}

/* What is kept of a good TAM. */
static int known_make(struct evidence *evidence, const struct parser_tam *tam,
		      const uint8_t places[], struct tam_known *out)
{
	const size_t length = tam->path.size - 1;

	if (length > sizeof(out->path) || tam->tamid.size >= sizeof(out->tamid) ||
	    number_of(tam->from) > evidence->exchange->now ||
	    number_of(tam->until) < evidence->exchange->now ||
	    EVP_PKEY_up_ref(evidence->known[0].key) != 1)
		return -EBADMSG;
	for (size_t i = 0; i < length; i++)
		out->path[i] = places[tam->path.data[i]];
	out->path_length = (uint8_t)length;
	out->root = evidence->root[tam->path.data[length] & ~PARSER_PATH_ROOT];
	memcpy(out->tamid, tam->tamid.data, tam->tamid.size);
	out->key = evidence->known[0].key;
	out->produced = number_of(tam->produced);
	out->from = number_of(tam->from);
	out->until = number_of(tam->until);
	return 0;
}

/* Has a child judge what was gathered. */
static int evidence_judge(struct evidence *evidence, struct tam_known *out)
{
	struct exchange *exchange = evidence->exchange;
	const struct tee_options *options = &exchange->tee->options;
	const struct span_list *chain = &exchange->session.chain;
	const int64_t now = exchange->now;
	struct parser_job job = {
		.input = chain->item[0],
		.responses = evidence->responses,
		.now = span_of(&now, sizeof(now)),
		.skew = (uint32_t)(options->skew ? options->skew : OCSP_SKEW_DEFAULT),
	};
	uint8_t places[SPAN_LIST_MAX + 1] = { 0 };
	struct parser_tam tam;
	int rc;

	for (uint32_t i = 1; i < chain->count; i++)
		if (evidence->vouched[i]) {
			job.certificates.item[job.certificates.count++] = chain->item[i];
			places[job.certificates.count] = (uint8_t)i;
		}
	for (uint32_t i = 0; i < evidence->roots; i++)
		job.roots.item[job.roots.count++] = evidence->anchors->item[evidence->root[i]].der;
	rc = parser_tam(exchange->tee->parser, &job, &exchange->arena, &tam, &exchange->failure);
	if (rc && exchange->failure.status != OTRP_TEE_FAIL && evidence->dropped)
		return otrp_fail(&exchange->failure, OTRP_TAM_NOT_TRUSTED,
				 "an OCSP response is not signed by the issuer or its delegate");
	if (rc && exchange->failure.status != OTRP_TEE_FAIL)
		exchange->failure.status = OTRP_TAM_NOT_TRUSTED;
	if (rc == 0 && known_make(evidence, &tam, places, out))
		rc = otrp_fail(&exchange->failure, OTRP_TEE_FAIL,
			       "the parser's answer is out of bounds");
	return rc;
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

/* A session that came without certificates uses those that its id stands for; several TAMs may have
 * chosen the same id, so whose key fits the signature decides. */
static int session_try(void *context, const struct tam_session *session)
{
	struct exchange *exchange = context;
	struct certificate_known known;
	bool fits;
	int rc;

	if (!session->chain.count)
		return 0;
	rc = exchange_certificate(exchange, session->chain.item[0], &known);
	if (rc)
		return rc == -EBADMSG ? 0 : rc;
	fits = known.key && exchange_signature_holds(exchange, known.key);
	if (!fits) {
		EVP_PKEY_free(known.key);
		return 0;
	}
	EVP_PKEY_free(exchange->fits);
	exchange->fits = known.key;
	return list_keep(exchange, &session->chain, &exchange->session.chain) ? -ENOMEM : 1;
}

static int session_recall(void *context, const struct tam_session *session)
{
	struct exchange *exchange = context;

	if (!session->chain.count ||
	    !span_equal(session->chain.item[0], exchange->session.chain.item[0]))
		return 0;
	return list_keep(exchange, &session->ocsp, &exchange->session.ocsp) ? -ENOMEM : 1;
}

/* The chain that came with the request, else that of its session. */
static int chain_collect(struct exchange *exchange)
{
	struct otrp_failure *failure = &exchange->failure;
	int rc;

	if (exchange->envelope.jws.x5c.count) {
		exchange->session.chain = exchange->envelope.jws.x5c;
		return 0;
	}
	if (!exchange->request.tid.data || exchange->message == OTRP_GET_DEVICE_STATE)
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "there is no certificate in x5c");
	rc = session_each(exchange->tee->store, &exchange->arena, exchange->request.tid,
			  session_try, exchange);
	if (rc < 0)
		return failure->status ? rc : exchange_store_failed(exchange, rc);
	return rc == 1 ? 0
		       : otrp_fail(failure, OTRP_REQUEST_INVALID,
				   "no certificate is known of this session that the signature "
				   "fits");
}

/* The OCSP responses that came with the request, else those of its session. */
static int ocsp_collect(struct exchange *exchange)
{
	int rc = 1;

	if (exchange->request.ocspdat.count)
		exchange->session.ocsp = exchange->request.ocspdat;
	else if (exchange->request.tid.data && exchange->message != OTRP_GET_DEVICE_STATE)
		rc = session_each(exchange->tee->store, &exchange->arena, exchange->request.tid,
				  session_recall, exchange);
	return rc < 0 ? exchange_store_failed(exchange, rc) : 0;
}

static bool list_digest(EVP_MD_CTX *context, const struct span_list *list)
{
	bool done = EVP_DigestUpdate(context, &list->count, sizeof(list->count)) == 1;

	for (uint32_t i = 0; done && i < list->count; i++)
		done = EVP_DigestUpdate(context, &list->item[i].size, sizeof(size_t)) == 1 &&
		       EVP_DigestUpdate(context, list->item[i].data, list->item[i].size) == 1;
	return done;
}

/* What a judgement depends on, but for the clock. */
static int evidence_hash(const struct exchange *exchange, const struct anchors *anchors,
			 uint8_t hash[32])
{
	MD_CTX_AUTO context = EVP_MD_CTX_new();

	return context && EVP_DigestInit_ex(context, fetched_digest(FETCHED_SHA256), NULL) == 1 &&
			       EVP_DigestUpdate(context, anchors->hash, sizeof(anchors->hash)) ==
				       1 &&
			       list_digest(context, &exchange->session.chain) &&
			       list_digest(context, &exchange->session.ocsp) &&
			       EVP_DigestFinal_ex(context, hash, NULL) == 1
		       ? 0
		       : -ENOMEM;
}

/* What a command's session is known by. */
static int session_hash(const struct exchange *exchange, const struct anchors *anchors,
			uint8_t hash[32])
{
	const struct span tid = exchange->request.tid;
	MD_CTX_AUTO context = EVP_MD_CTX_new();

	return context && EVP_DigestInit_ex(context, fetched_digest(FETCHED_SHA256), NULL) == 1 &&
			       EVP_DigestUpdate(context, anchors->hash, sizeof(anchors->hash)) ==
				       1 &&
			       list_digest(context, &exchange->session.chain) &&
			       EVP_DigestUpdate(context, tid.data, tid.size) == 1 &&
			       EVP_DigestFinal_ex(context, hash, NULL) == 1
		       ? 0
		       : -ENOMEM;
}

void exchange_session_keep(struct exchange *exchange)
{
	struct tee *tee = exchange->tee;
	const struct anchors *anchors;

	if (trust_anchors(tee->trust, tee->parser, &anchors) ||
	    session_hash(exchange, anchors, tee->session_hash))
		memset(tee->session_hash, 0, sizeof(tee->session_hash));
	memcpy(tee->session_evidence, exchange->evidence, sizeof(exchange->evidence));
}

/* Whether this is a command of the session that began last, which the store still has then, and its
 * TAM is known. */
static bool session_known(struct exchange *exchange, const struct anchors *anchors)
{
	const struct tee *tee = exchange->tee;
	uint8_t hash[32];

	if (exchange->message == OTRP_GET_DEVICE_STATE || exchange->request.ocspdat.count ||
	    !exchange->request.tid.data || session_hash(exchange, anchors, hash) ||
	    memcmp(hash, tee->session_hash, sizeof(hash)) != 0 ||
	    !tam_cache_find(&tee->certificates, tee->session_evidence, exchange->now))
		return false;
	memcpy(exchange->evidence, tee->session_evidence, sizeof(exchange->evidence));
	return true;
}

static int clock_check(struct exchange *exchange)
{
	uint64_t floor = 0;
	int rc = exchange_clock_floor(exchange, &floor);

	if (rc)
		return exchange_store_failed(exchange, rc);
	if ((time_t)floor < exchange->tee->boot.made_at)
		floor = (uint64_t)exchange->tee->boot.made_at;
	return exchange->now >= (time_t)floor ? 0
					      : otrp_fail(&exchange->failure, OTRP_TAM_NOT_TRUSTED,
							  "this TEE's clock was set back");
}

static int signature_check(struct exchange *exchange, EVP_PKEY *key)
{
	if (exchange->fits && key && EVP_PKEY_eq(exchange->fits, key) == 1)
		return 0;
	if (key && exchange_signature_holds(exchange, key))
		return 0;
	return otrp_fail(&exchange->failure, OTRP_REQUEST_INVALID, "the signature does not hold");
}

/* The key of a leaf that nobody trusted has signed: only to tell a wrong signature from a wrong
 * signer. */
static int stranger_check(struct exchange *exchange)
{
	struct certificate_known stranger;
	int rc = exchange_certificate(exchange, exchange->session.chain.item[0], &stranger);

	if (rc == -EBADMSG)
		return otrp_fail(&exchange->failure, OTRP_REQUEST_INVALID,
				 "x5c does not begin with a certificate");
	if (rc)
		return rc;
	rc = signature_check(exchange, stranger.key);
	EVP_PKEY_free(stranger.key);
	return rc;
}

static void evidence_keep(struct evidence *evidence)
{
	const struct span_list *chain = &evidence->exchange->session.chain;

	for (uint32_t i = 0; i < chain->count; i++)
		if (evidence->vouched[i])
			certificate_cache_put(&evidence->exchange->tee->certificates,
					      chain->item[i], &evidence->known[i]);
}

static int evidence_weigh(struct evidence *evidence, struct tam_known *out)
{
	struct exchange *exchange = evidence->exchange;
	int rc = chain_gather(evidence);

	if (rc)
		return rc;
	rc = evidence->vouched[0] ? signature_check(exchange, evidence->known[0].key)
				  : stranger_check(exchange);
	if (rc == 0)
		rc = clock_check(exchange);
	if (rc == 0 && evidence->malformed)
		return untrusted(exchange, "x5c holds something else than certificates");
	if (rc == 0 && !evidence->vouched[0])
		return untrusted(exchange, "no root that this TEE trusts vouches for it");
	if (rc == 0)
		rc = responses_gather(evidence);
	if (rc == 0)
		rc = evidence_judge(evidence, out);
	if (rc == 0)
		evidence_keep(evidence);
	return rc;
}

/* What the rest of the request may rely on; it takes the key. */
static int sender_set(struct exchange *exchange, const struct anchors *anchors,
		      const struct tam_known *tam)
{
	struct span_list *path = &exchange->path;

	exchange->sender = tam->key;
	if (tam->path_length >= SPAN_LIST_MAX || tam->root >= anchors->count)
		return otrp_fail(&exchange->failure, OTRP_TEE_FAIL, "the path is too long");
	for (unsigned i = 0; i < tam->path_length; i++)
		path->item[path->count++] = exchange->session.chain.item[tam->path[i]];
	path->item[path->count++] = anchors->item[tam->root].der;
	memcpy(exchange->tamid_text, tam->tamid, sizeof(exchange->tamid_text));
	exchange->tamid = span_of_text(exchange->tamid_text);
	exchange->session.tamid = exchange->tamid;
	exchange->produced = (time_t)tam->produced;
	return 0;
}

static int tam_find(struct exchange *exchange, const struct anchors *anchors, struct tam_known *out)
{
	struct evidence evidence = { .exchange = exchange, .anchors = anchors };
	const bool session = session_known(exchange, anchors);
	uint8_t *hash = exchange->evidence;
	const struct tam_known *known;
	int rc = session ? 0 : ocsp_collect(exchange);

	if (rc)
		return rc;
	if (!session && evidence_hash(exchange, anchors, hash))
		return otrp_fail(&exchange->failure, OTRP_TEE_FAIL, "out of memory");
	known = tam_cache_find(&exchange->tee->certificates, hash, exchange->now);
	if (known) {
		/* Before it is known who asks: whoever has a TAM's certificates can have no more
		 * made than who sends its requests again. */
		exchange_sign_begin(exchange);
		rc = signature_check(exchange, known->key);
		if (rc == 0)
			rc = clock_check(exchange);
		if (rc == 0 && EVP_PKEY_up_ref(known->key) == 1)
			*out = *known;
		return rc;
	}
	rc = evidence_weigh(&evidence, out);
	if (rc == 0) {
		memcpy(out->hash, hash, sizeof(out->hash));
		tam_cache_put(&exchange->tee->certificates, out);
	}
	for (uint32_t i = 0; i < SPAN_LIST_MAX; i++)
		EVP_PKEY_free(evidence.known[i].key);
	return rc;
}

int exchange_authenticate(struct exchange *exchange)
{
	const struct anchors *anchors;
	struct tam_known tam = { 0 };
	int rc = trust_anchors(exchange->tee->trust, exchange->tee->parser, &anchors);

	if (rc)
		return otrp_fail(&exchange->failure, OTRP_TEE_FAIL,
				 "the trusted roots can't be read");
	rc = chain_collect(exchange);
	if (rc == 0)
		rc = tam_find(exchange, anchors, &tam);
	if (rc == 0)
		rc = sender_set(exchange, anchors, &tam);
	exchange->authenticated = rc == 0;
	return rc;
}
