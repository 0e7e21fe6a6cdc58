/* What the TEE remembers of TAMs that were good: for how long, and that nothing else is taken for
 * it. */
#include "tam_kit.h"

#include <criterion/criterion.h>
#include <openssl/ocsp.h>

#include "otrp/certificate_cache.h"
#include "otrp/parser.h"
#include "teep/otrp/encoding.h"
#include "teep/pki/ocsp.h"
#include "teep/pki/openssl_auto.h"

#define DAY  86400
#define SKEW 300

static struct kit kit;
static struct arena arena;

static void set_up(void)
{
	kit_open(&kit, NULL);
}

static void tear_down(void)
{
	kit_close(&kit);
	arena_clear(&arena);
}

TestSuite(otrp_tee_cache, .init = set_up, .fini = tear_down);

static struct span der_of(X509 *certificate)
{
	size_t size;
	uint8_t *der = certificate_encode(certificate, &size);
	struct span span;

	cr_assert(arena_copy(&arena, der, size, &span));
	OPENSSL_free(der);
	return span;
}

static struct span response(X509 *subject, X509 *issuer, EVP_PKEY *key, time_t from, time_t to)
{
	const struct ocsp_statement statement = {
		.subject = subject,
		.issuer = issuer,
		.status = V_OCSP_CERTSTATUS_GOOD,
		.this_update = from,
		.next_update = to,
		.responder = issuer,
		.responder_key = key,
	};
	struct span span;
	size_t size;
	uint8_t *der = ocsp_make(&statement, &size);

	cr_assert(der && arena_copy(&arena, der, size, &span));
	OPENSSL_free(der);
	return span;
}

static int64_t number_of(struct span octets)
{
	int64_t number;

	memcpy(&number, octets.data, sizeof(number));
	return number;
}

/* The kit's TAM, judged at `now` with responses for leaf and authority that end then. */
static int judge(int64_t now, time_t leaf_until, time_t ca_until, struct parser_tam *out)
{
	const struct otrp_options options = { 0 };
	X509 *leaf = sk_X509_value(kit.tam.chain, 0), *ca = sk_X509_value(kit.tam.chain, 1);
	X509 *root = sk_X509_value(kit.tam.chain, 2);
	struct otrp_failure failure = { 0 };
	struct authority authority;
	struct parser *parser;
	struct parser_job job = { .input = der_of(leaf),
				  .now = span_of(&now, sizeof(now)),
				  .skew = SKEW };
	char err[256];
	int rc;

	cr_assert_eq(authority_open(&authority, kit.authorities, HIERARCHY_TAM, "root", err,
				    sizeof(err)),
		     0, "%s", err);
	cr_assert_eq(parser_open(&parser, NULL, &options), 0);
	job.certificates.count = job.roots.count = 1;
	job.certificates.item[0] = der_of(ca);
	job.roots.item[0] = der_of(root);
	job.responses.count = 2;
	job.responses.item[0] = response(leaf, ca, kit.tam_ca.key, time(NULL), leaf_until);
	job.responses.item[1] = response(ca, root, authority.key, time(NULL), ca_until);
	rc = parser_tam(parser, &job, &arena, out, &failure);
	parser_close(parser);
	authority_close(&authority);
	return rc;
}

Test(otrp_tee_cache, a_judgement_lasts_as_long_as_the_shortest_of_what_it_rests_on)
{
	const time_t now = time(NULL);
	struct parser_tam tam;
	struct tm ends;

	cr_assert_eq(judge(now, now + DAY, now + 2 * DAY, &tam), 0);
	cr_assert(span_is(tam.tamid, KIT_TAMID));
	cr_assert_eq(tam.path.size, 3);
	cr_assert_eq(number_of(tam.until), now + DAY + SKEW);
	cr_assert_eq(judge(now, now + 2 * DAY, now + 3600, &tam), 0);
	cr_assert_eq(number_of(tam.until), now + 3600 + SKEW);
	/* Responses that outlast the leaf's certificate. */
	cr_assert_eq(ASN1_TIME_to_tm(X509_get0_notAfter(sk_X509_value(kit.tam.chain, 0)), &ends),
		     1);
	cr_assert_eq(judge(now, now + 2000L * DAY, now + 2000L * DAY, &tam), 0);
	cr_assert_eq(number_of(tam.until), timegm(&ends) - 1);
	/* At its last second the judgement would be the same, and behind it another. */
	cr_assert_eq(judge(timegm(&ends) - 1, now + 2000L * DAY, now + 2000L * DAY, &tam), 0);
	cr_assert_neq(judge(timegm(&ends), now + 2000L * DAY, now + 2000L * DAY, &tam), 0);
	cr_assert_eq(judge(now + DAY + SKEW, now + DAY, now + 2 * DAY, &tam), 0);
	cr_assert_neq(judge(now + DAY + SKEW + 1, now + DAY, now + 2 * DAY, &tam), 0);
}

static struct tam_known known_make(uint8_t number)
{
	struct tam_known known = { .key = kit.tam.key, .from = 1000, .until = 2000 };

	known.hash[0] = number;
	return known;
}

Test(otrp_tee_cache, a_tam_is_known_by_all_that_was_judged_and_within_its_time)
{
	static struct certificate_cache cache;
	struct tam_known one = known_make(1), other = known_make(2);

	tam_cache_put(&cache, &one);
	cr_assert(tam_cache_find(&cache, one.hash, 1000));
	cr_assert(tam_cache_find(&cache, one.hash, 2000));
	cr_assert_null(tam_cache_find(&cache, one.hash, 999));
	cr_assert_null(tam_cache_find(&cache, one.hash, 2001));
	cr_assert_null(tam_cache_find(&cache, other.hash, 1500));
	/* The oldest make room. */
	for (unsigned i = 0; i < TAM_CACHE_SIZE; i++) {
		other = known_make((uint8_t)(10 + i));
		tam_cache_put(&cache, &other);
	}
	cr_assert_null(tam_cache_find(&cache, one.hash, 1500));
	cr_assert(tam_cache_find(&cache, other.hash, 1500));
	certificate_cache_clear(&cache);
	cr_assert_null(tam_cache_find(&cache, other.hash, 1500));
}

Test(otrp_tee_cache, a_certificate_is_known_by_its_very_octets)
{
	static struct certificate_cache cache;
	const struct certificate_known known = { .key = kit.tam.key, .name = "A" };
	struct span der = der_of(sk_X509_value(kit.tam.chain, 0));

	certificate_cache_put(&cache, der, &known);
	cr_assert_str_eq(certificate_cache_find(&cache, der)->name, "A");
	cr_assert_eq(certificate_cache_find(&cache, der)->key, kit.tam.key);
	((uint8_t *)der.data)[der.size - 1] ^= 1;
	cr_assert_null(certificate_cache_find(&cache, der));
	for (unsigned i = 0; i < 2 * CERTIFICATE_CACHE_SIZE; i++) {
		((uint8_t *)der.data)[der.size - 2] = (uint8_t)i;
		certificate_cache_put(&cache, der, &known);
		cr_assert(certificate_cache_find(&cache, der));
	}
	certificate_cache_clear(&cache);
}
