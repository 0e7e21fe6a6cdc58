/* A parser that was taken over: where its input has a certain word in it, which stands for whatever
 * took it over, it answers what serves the stranger who wrote that. */
#include <openssl/cms.h>

#include "lying_job.h"
#include "otrp/parser_job.h"
#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"

void __real_parser_job_do(const struct parser_job *job, struct arena *arena,
			  struct parser_answer *out);
void __wrap_parser_job_do(const struct parser_job *job, struct arena *arena,
			  struct parser_answer *out);

static void answer(struct arena *arena, const void *object, const struct record_member *layout,
		   size_t count, struct parser_answer *out)
{
	out->status = OTRP_PASS;
	if (otrp_record_encode(object, layout, count, arena, &out->record))
		abort();
}

/* Good, for ever, and whoever it wants to be. */
static void tam_lie(struct arena *arena, struct parser_answer *out)
{
	static const int64_t early, late = INT64_MAX;
	static const uint8_t path[] = { 0, PARSER_PATH_ROOT };
	const struct parser_tam tam = {
		.tamid = span_of_text(LIE_TAMID),
		.path = span_of(path, sizeof(path)),
		.produced = span_of(&early, sizeof(early)),
		.from = span_of(&early, sizeof(early)),
		.until = span_of(&late, sizeof(late)),
	};

	answer(arena, &tam, parser_tam_layout, PARSER_TAM_LAYOUT_COUNT, out);
}

static void certificate_lie(struct arena *arena, struct parser_answer *out)
{
	struct parser_certificate certificate;

	if (otrp_record_parse(out->record, parser_certificate_layout,
			      PARSER_CERTIFICATE_LAYOUT_COUNT, &certificate))
		abort();
	certificate.authority = 1;
	answer(arena, &certificate, parser_certificate_layout, PARSER_CERTIFICATE_LAYOUT_COUNT,
	       out);
}

/* Takes it apart for the stranger's own certificate, and says that it was the first allowed one. */
static void package_lie(const struct parser_job *job, struct arena *arena,
			struct parser_answer *out)
{
	const uint8_t *at = job->input.data;
	CMS_AUTO cms = d2i_CMS_ContentInfo(NULL, &at, (long)job->input.size);
	X509_STACK_AUTO embedded = CMS_get1_certs(cms);
	struct span_list allowed = { .count = 1 };
	struct ta_cms_parts parts;
	const char *why;
	uint8_t *der;

	der = certificate_encode(sk_X509_value(embedded, 0), &allowed.item[0].size);
	allowed.item[0].data = der;
	if (ta_cms_take(job->input, &allowed, arena, &parts, &why))
		abort();
	OPENSSL_free(der);
	answer(arena, &parts, parser_package_layout, PARSER_PACKAGE_LAYOUT_COUNT, out);
}

/* Another payload under the same signature. */
static void envelope_lie(struct arena *arena, struct parser_answer *out)
{
	struct otrp_envelope envelope;

	if (otrp_record_parse(out->record, otrp_envelope_layout, OTRP_ENVELOPE_LAYOUT_COUNT,
			      &envelope))
		abort();
	envelope.message = OTRP_DELETE_SD;
	envelope.jws.payload_text = span_of_text(LIE_PAYLOAD);
	answer(arena, &envelope, otrp_envelope_layout, OTRP_ENVELOPE_LAYOUT_COUNT, out);
}

static void list_lie(struct arena *arena, struct parser_answer *out)
{
	struct jws jws;

	if (otrp_record_parse(out->record, jws_layout, JWS_LAYOUT_COUNT, &jws))
		abort();
	jws.payload_text = span_of_text(LIE_PAYLOAD);
	answer(arena, &jws, jws_layout, JWS_LAYOUT_COUNT, out);
}

void __wrap_parser_job_do(const struct parser_job *job, struct arena *arena,
			  struct parser_answer *out)
{
	__real_parser_job_do(job, arena, out);
	if (!job->input.size ||
	    !memmem(job->input.data, job->input.size, LIE_WORD, strlen(LIE_WORD)))
		return;
	if (job->kind == JOB_TAM)
		tam_lie(arena, out);
	else if (job->kind == JOB_CERTIFICATE)
		certificate_lie(arena, out);
	else if (job->kind == JOB_PACKAGE)
		package_lie(job, arena, out);
	else if (job->kind == JOB_ENVELOPE)
		envelope_lie(arena, out);
	else if (job->kind == JOB_LIST_ENVELOPE)
		list_lie(arena, out);
}
