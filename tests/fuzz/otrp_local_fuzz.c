/* Whatever comes in place of an administrator's list, a client's query, a TA package, a
 * certificate, an OCSP response, a parser's answer or job: no crash, and bounds that hold. */
#include "otrp/parser_job.h"
#include "teep/pki/certificate.h"
#include "teep/pki/ocsp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void job_try(uint32_t kind, struct span input)
{
	static const int64_t now = 1700000000;
	struct parser_job job = { .kind = kind, .input = input }, back;
	struct parser_answer answer;
	struct arena arena = { 0 };
	struct span octets;

	/* The input stands for every certificate and response, too. */
	job.certificates.count = job.responses.count = job.roots.count = 1;
	job.certificates.item[0] = job.responses.item[0] = job.roots.item[0] = input;
	job.now = span_of(&now, sizeof(now));
	parser_job_do(&job, &arena, &answer);
	if (otrp_record_encode(&answer, parser_answer_layout, PARSER_ANSWER_LAYOUT_COUNT, &arena,
			       &octets) ||
	    otrp_record_parse(octets, parser_answer_layout, PARSER_ANSWER_LAYOUT_COUNT, &answer))
		abort();
	(void)otrp_record_parse(input, parser_job_layout, PARSER_JOB_LAYOUT_COUNT, &back);
	arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	X509 *certificate = certificate_parse(data, size);
	char tamid[TAMID_SIZE], name[64];
	time_t produced, next;
	const char *why;

	for (uint32_t kind = 0; kind < JOB_KIND_COUNT; kind++)
		job_try(kind, span_of(data, size));
	if (certificate) {
		(void)certificate_tamid(certificate, tamid);
		(void)certificate_fits(certificate, ROLE_TAM);
		(void)certificate_name(certificate, name, sizeof(name));
		(void)ocsp_check(data, size, certificate, certificate, 0, 0, &produced, &next,
				 &why);
	}
	X509_free(certificate);
	return 0;
}
