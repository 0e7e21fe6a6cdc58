#include "otrp/tam_judge.h"

#include <errno.h>

#include "teep/pki/certificate.h"
#include "teep/pki/chain.h"
#include "teep/pki/ocsp.h"
#include "teep/pki/openssl_auto.h"

struct judgement {
	const struct parser_job *job;
	STACK_OF(X509) * others, *roots, *path;
	X509 *leaf;
	int64_t now, produced, from, until;
};

static int untrusted(struct otrp_failure *failure, const char *why)
{
	return otrp_fail(failure, OTRP_TAM_NOT_TRUSTED, "the TAM's certificate: %s", why);
}

static int memory_short(struct otrp_failure *failure)
{
	return otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
}

static STACK_OF(X509) * stack_make(const struct span_list *list)
{
	STACK_OF(X509) *stack = sk_X509_new_null();

	for (uint32_t i = 0; stack && i < list->count; i++) {
		X509 *certificate = certificate_parse(list->item[i].data, list->item[i].size);

		if (!certificate || !sk_X509_push(stack, certificate)) {
			X509_free(certificate);
			x509_stack_free(stack);
			return NULL;
		}
	}
	return stack;
}

static void interval_narrow(struct judgement *judgement, int64_t from, int64_t until)
{
	if (from > judgement->from)
		judgement->from = from;
	if (until < judgement->until)
		judgement->until = until;
}

static bool validity_read(const X509 *certificate, int64_t *from, int64_t *until)
{
	struct tm begins, ends;

	if (ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &begins) != 1 ||
	    ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &ends) != 1)
		return false;
	*from = timegm(&begins);
	/* The second of the end is outside. */
	*until = timegm(&ends) - 1;
	return true;
}

static int path_judge(struct judgement *judgement, char tamid[TAMID_SIZE],
		      struct otrp_failure *failure)
{
	int64_t from, until;
	const char *why;
	int rc = chain_verify(judgement->leaf, judgement->others, judgement->roots,
			      (time_t)judgement->now, &judgement->path, &why);

	if (rc == -ENOMEM)
		return memory_short(failure);
	if (rc)
		return untrusted(failure, why);
	if (sk_X509_num(judgement->path) < 2 || !certificate_fits(judgement->leaf, ROLE_TAM))
		return untrusted(failure, "is not one for a TAM");
	if (!certificate_tamid(judgement->leaf, tamid))
		return untrusted(failure, "has not exactly one TAM identifier");
	for (int i = 0; i < sk_X509_num(judgement->path); i++) {
		if (!validity_read(sk_X509_value(judgement->path, i), &from, &until))
			return untrusted(failure, "has no time");
		interval_narrow(judgement, from, until);
	}
	return 0;
}

/* Is there a response that says, now, that this certificate is good? */
static int status_judge(struct judgement *judgement, X509 *subject, X509 *issuer,
			struct otrp_failure *failure)
{
	const struct span_list *responses = &judgement->job->responses;
	const char *why = "is missing", *said;

	for (uint32_t i = 0; i < responses->count; i++) {
		struct ocsp_verdict verdict;
		int rc = ocsp_judge(responses->item[i].data, responses->item[i].size, subject,
				    issuer, (time_t)judgement->now, (time_t)judgement->job->skew,
				    &verdict, &said);

		if (rc == 0) {
			interval_narrow(judgement, verdict.from, verdict.until);
			if (verdict.produced > judgement->produced)
				judgement->produced = verdict.produced;
			return 0;
		}
		if (rc == -EACCES)
			why = said;
	}
	return otrp_fail(failure, OTRP_TAM_NOT_TRUSTED,
			 "the OCSP response for a certificate of the TAM's chain %s", why);
}

/* Where a certificate of the path came from. */
static uint8_t place_of(const struct judgement *judgement, X509 *certificate)
{
	if (X509_cmp(certificate, judgement->leaf) == 0)
		return 0;
	for (int i = 0; i < sk_X509_num(judgement->roots); i++)
		if (X509_cmp(certificate, sk_X509_value(judgement->roots, i)) == 0)
			return (uint8_t)(PARSER_PATH_ROOT | (unsigned)i);
	for (int i = 0; i < sk_X509_num(judgement->others); i++)
		if (X509_cmp(certificate, sk_X509_value(judgement->others, i)) == 0)
			return (uint8_t)(i + 1);
	return UINT8_MAX;
}

static int verdict_make(const struct judgement *judgement, const char *tamid, struct arena *arena,
			struct parser_tam *out)
{
	uint8_t path[SPAN_LIST_MAX + 1];
	const int length = sk_X509_num(judgement->path);

	for (int i = 0; i < length && i < (int)sizeof(path); i++)
		path[i] = place_of(judgement, sk_X509_value(judgement->path, i));
	return arena_copy(arena, tamid, strlen(tamid), &out->tamid) &&
			       arena_copy(arena, path, (size_t)length, &out->path) &&
			       arena_copy(arena, &judgement->produced, sizeof(int64_t),
					  &out->produced) &&
			       arena_copy(arena, &judgement->from, sizeof(int64_t), &out->from) &&
			       arena_copy(arena, &judgement->until, sizeof(int64_t), &out->until)
		       ? 0
		       : -ENOMEM;
}

static int judge(struct judgement *judgement, struct arena *arena, struct parser_tam *out,
		 struct otrp_failure *failure)
{
	const struct parser_job *job = judgement->job;
	char tamid[TAMID_SIZE];
	int rc;

	judgement->leaf = certificate_parse(job->input.data, job->input.size);
	judgement->others = stack_make(&job->certificates);
	judgement->roots = stack_make(&job->roots);
	if (!judgement->leaf || !judgement->others || !judgement->roots)
		return untrusted(failure, "x5c holds something else than certificates");
	rc = path_judge(judgement, tamid, failure);
	for (int i = 0; rc == 0 && i + 1 < sk_X509_num(judgement->path); i++)
		rc = status_judge(judgement, sk_X509_value(judgement->path, i),
				  sk_X509_value(judgement->path, i + 1), failure);
	if (rc == 0 && verdict_make(judgement, tamid, arena, out))
		rc = memory_short(failure);
	return rc;
}

int tam_judge(const struct parser_job *job, struct arena *arena, struct parser_tam *out,
	      struct otrp_failure *failure)
{
	struct judgement judgement = { .job = job, .from = INT64_MIN, .until = INT64_MAX };
	int rc;

	if (!job->now.data)
		return otrp_fail(failure, OTRP_TEE_FAIL, "a job without a time");
	memcpy(&judgement.now, job->now.data, sizeof(judgement.now));
	rc = judge(&judgement, arena, out, failure);
	X509_free(judgement.leaf);
	x509_stack_free(judgement.others);
	x509_stack_free(judgement.roots);
	x509_stack_free(judgement.path);
	return rc;
}
