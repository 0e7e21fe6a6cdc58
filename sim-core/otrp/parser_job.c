#include "otrp/parser_job.h"

#include <errno.h>
#include <stdio.h>

#include "otrp/tam_judge.h"
#include "registry/elf_image.h"
#include "registry/ta_image.h"
#include "teep/otrp/encoding.h"
#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"

/* A message, and what its base64 was. */
#define ANY (2 * (size_t)OTRP_MESSAGE_SIZE_MAX)

/* More are no certificate, no response and no signature of anybody's. */
#define SIGNATURE_MAX  1024U
#define ATTRIBUTES_MAX 65536U
#define NUMBER_SIZE    sizeof(int64_t)

const struct record_member parser_job_layout[PARSER_JOB_LAYOUT_COUNT] = {
	{ RECORD_NUMBER, offsetof(struct parser_job, kind), 0, JOB_KIND_COUNT - 1 },
	{ RECORD_NUMBER, offsetof(struct parser_job, message), 0, OTRP_MESSAGE_COUNT },
	{ RECORD_NUMBER, offsetof(struct parser_job, lenient), 0, 1 },
	{ RECORD_NUMBER, offsetof(struct parser_job, extended), 0, 1 },
	{ RECORD_NUMBER, offsetof(struct parser_job, message_max), 0, UINT32_MAX },
	{ RECORD_SPAN, offsetof(struct parser_job, input), 0, SIZE_MAX },
	{ RECORD_LIST, offsetof(struct parser_job, certificates), 0, SIZE_MAX },
	{ RECORD_LIST, offsetof(struct parser_job, responses), 0, SIZE_MAX },
	{ RECORD_LIST, offsetof(struct parser_job, roots), 0, SIZE_MAX },
	{ RECORD_SPAN, offsetof(struct parser_job, now), NUMBER_SIZE, NUMBER_SIZE },
	{ RECORD_NUMBER, offsetof(struct parser_job, skew), 0, UINT32_MAX },
};

const struct record_member parser_answer_layout[PARSER_ANSWER_LAYOUT_COUNT] = {
	{ RECORD_NUMBER, offsetof(struct parser_answer, status), 0, OTRP_STATUS_COUNT - 1 },
	{ RECORD_SPAN, offsetof(struct parser_answer, why), 0, OTRP_WHY_SIZE },
	{ RECORD_SPAN, offsetof(struct parser_answer, record), 0, 4 * ANY },
};

const struct record_member parser_package_layout[PARSER_PACKAGE_LAYOUT_COUNT] = {
	{ RECORD_SPAN, offsetof(struct ta_cms_parts, content), 1, ANY },
	{ RECORD_SPAN, offsetof(struct ta_cms_parts, attributes), 1, ATTRIBUTES_MAX },
	{ RECORD_SPAN, offsetof(struct ta_cms_parts, signature), 1, SIGNATURE_MAX },
	{ RECORD_NUMBER, offsetof(struct ta_cms_parts, digest), 32, 48 },
	{ RECORD_NUMBER, offsetof(struct ta_cms_parts, signer), 0, SPAN_LIST_MAX - 1 },
};

const struct record_member parser_certificate_layout[PARSER_CERTIFICATE_LAYOUT_COUNT] = {
	KEY_NUMBERS_LAYOUT(struct parser_certificate, key),
	{ RECORD_NUMBER, offsetof(struct parser_certificate, authority), 0, 1 },
	{ RECORD_NUMBER, offsetof(struct parser_certificate, self_signed), 0, 1 },
	{ RECORD_SPAN, offsetof(struct parser_certificate, name), 0, 128 },
};

const struct record_member parser_tam_layout[PARSER_TAM_LAYOUT_COUNT] = {
	{ RECORD_SPAN, offsetof(struct parser_tam, tamid), 1, TAMID_SIZE - 1 },
	{ RECORD_SPAN, offsetof(struct parser_tam, path), 2, SPAN_LIST_MAX + 1 },
	{ RECORD_SPAN, offsetof(struct parser_tam, produced), NUMBER_SIZE, NUMBER_SIZE },
	{ RECORD_SPAN, offsetof(struct parser_tam, from), NUMBER_SIZE, NUMBER_SIZE },
	{ RECORD_SPAN, offsetof(struct parser_tam, until), NUMBER_SIZE, NUMBER_SIZE },
};

static void encode(const void *object, const struct record_member *layout, size_t count,
		   struct arena *arena, struct parser_answer *out, struct otrp_failure *failure)
{
	if (otrp_record_encode(object, layout, count, arena, &out->record))
		(void)otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
}

static void request_do(struct span text, const struct otrp_options *options, struct arena *arena,
		       struct parser_answer *out, struct otrp_failure *failure)
{
	struct otrp_request request = { .message = OTRP_MESSAGE_COUNT };
	struct span payload;

	if (base64_decode(text, BASE64_JOSE, arena, &payload))
		(void)otrp_fail(failure, OTRP_REQUEST_INVALID, "the payload is not in base64url");
	else
		(void)otrp_request_parse(payload, options, arena, &request, failure);
	encode(&request, otrp_request_layout, OTRP_REQUEST_LAYOUT_COUNT, arena, out, failure);
}

/* That the image is one that the registry would load, as what the package says that it is. */
static const char *image_check(const struct ta_cms *cms, char *why, size_t size)
{
	const struct ta_package package = { .form = TA_FORM_ELF };
	struct elf_image elf;

	if (elf_image_parse(cms->image.data, cms->image.size, &elf, why, size) == 0 &&
	    ta_content_check(&package, &elf, &cms->uuid, why, size) == TA_ACCEPTED)
		return NULL;
	return why;
}

/* Whether the signature holds is for the TEE to find out, which knows the signer's key. */
static void package_do(const struct parser_job *job, struct arena *arena, struct parser_answer *out,
		       struct otrp_failure *failure)
{
	struct ta_cms_parts parts;
	const char *why = NULL;
	char reason[256];
	struct ta_cms cms;
	int rc = ta_cms_take(job->input, &job->certificates, arena, &parts, &why);

	if (rc == 0)
		rc = ta_cms_header_parse(parts.content, &cms, &why);
	if (rc == -ENOMEM)
		(void)otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
	else if (rc)
		(void)otrp_fail(failure, OTRP_TA_INVALID, "the TA package %s", why);
	else if (image_check(&cms, reason, sizeof(reason)))
		(void)otrp_fail(failure, OTRP_TA_INVALID, "the package holds no TA that can run");
	else
		encode(&parts, parser_package_layout, PARSER_PACKAGE_LAYOUT_COUNT, arena, out,
		       failure);
}

static void certificate_do(struct span der, struct arena *arena, struct parser_answer *out,
			   struct otrp_failure *failure)
{
	X509_AUTO certificate = certificate_parse(der.data, der.size);
	struct parser_certificate found = { 0 };
	char name[128];

	if (!certificate) {
		(void)otrp_fail(failure, OTRP_REQUEST_INVALID, "not a certificate");
		return;
	}
	(void)certificate_name(certificate, name, sizeof(name));
	found.name = span_of_text(name);
	found.authority = X509_check_ca(certificate) == 1;
	found.self_signed = X509_self_signed(certificate, 1) == 1;
	if (key_numbers_of(X509_get0_pubkey(certificate), arena, &found.key))
		(void)otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
	else
		encode(&found, parser_certificate_layout, PARSER_CERTIFICATE_LAYOUT_COUNT, arena,
		       out, failure);
}

static void tam_do(const struct parser_job *job, struct arena *arena, struct parser_answer *out,
		   struct otrp_failure *failure)
{
	struct parser_tam tam;

	if (tam_judge(job, arena, &tam, failure) == 0)
		encode(&tam, parser_tam_layout, PARSER_TAM_LAYOUT_COUNT, arena, out, failure);
}

static void list_do(struct span text, struct arena *arena, struct parser_answer *out,
		    struct otrp_failure *failure)
{
	struct trust_list list;
	struct span payload;

	if (base64_decode(text, BASE64_JOSE, arena, &payload))
		(void)otrp_fail(failure, OTRP_REQUEST_INVALID, "the payload is not in base64url");
	else if (trust_list_parse(payload, arena, &list, failure) == 0)
		encode(&list, trust_list_layout, TRUST_LIST_LAYOUT_COUNT, arena, out, failure);
}

void parser_job_do(const struct parser_job *job, struct arena *arena, struct parser_answer *out)
{
	/* The payload is another child's. */
	const struct otrp_options options = { job->lenient, job->extended, job->message_max, true };
	struct otrp_failure failure = { 0 };
	struct otrp_envelope envelope;
	struct otrp_content content;
	struct ta_query query;

	*out = (struct parser_answer) { 0 };
	switch ((enum parser_job_kind)job->kind) {
	case JOB_ENVELOPE:
		(void)otrp_envelope_parse(job->input, &options, arena, &envelope, &failure);
		encode(&envelope, otrp_envelope_layout, OTRP_ENVELOPE_LAYOUT_COUNT, arena, out,
		       &failure);
		break;
	case JOB_REQUEST:
		request_do(job->input, &options, arena, out, &failure);
		break;
	case JOB_CONTENT:
		if (otrp_content_parse(job->input, (enum otrp_message)job->message, &options, arena,
				       &content, &failure) == 0)
			encode(&content, otrp_content_layout, OTRP_CONTENT_LAYOUT_COUNT, arena, out,
			       &failure);
		break;
	case JOB_PACKAGE:
		package_do(job, arena, out, &failure);
		break;
	case JOB_LIST_ENVELOPE:
		if (trust_list_envelope_parse(job->input, arena, &envelope.jws, &failure) == 0)
			encode(&envelope.jws, jws_layout, JWS_LAYOUT_COUNT, arena, out, &failure);
		break;
	case JOB_LIST:
		list_do(job->input, arena, out, &failure);
		break;
	case JOB_QUERY:
		if (ta_query_parse(job->input, arena, &query, &failure) == 0)
			encode(&query, ta_query_layout, TA_QUERY_LAYOUT_COUNT, arena, out,
			       &failure);
		break;
	case JOB_CERTIFICATE:
		certificate_do(job->input, arena, out, &failure);
		break;
	case JOB_TAM:
		tam_do(job, arena, out, &failure);
		break;
	case JOB_KIND_COUNT:
		break;
	}
	out->status = failure.status;
	if (failure.status)
		(void)arena_copy(arena, failure.why, strlen(failure.why), &out->why);
}
