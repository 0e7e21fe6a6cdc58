#include "otrp/parser_job.h"

#include <errno.h>
#include <stdio.h>

#include "registry/elf_image.h"
#include "registry/ta_image.h"
#include "teep/otrp/encoding.h"

/* A message, and what its base64 was. */
#define ANY	  (2 * (size_t)OTRP_MESSAGE_SIZE_MAX)
#define NAME_MAX_ TA_CMS_NAME_MAX

const struct record_member parser_job_layout[PARSER_JOB_LAYOUT_COUNT] = {
	{ RECORD_NUMBER, offsetof(struct parser_job, kind), 0, JOB_KIND_COUNT - 1 },
	{ RECORD_NUMBER, offsetof(struct parser_job, message), 0, OTRP_MESSAGE_COUNT },
	{ RECORD_NUMBER, offsetof(struct parser_job, lenient), 0, 1 },
	{ RECORD_NUMBER, offsetof(struct parser_job, extended), 0, 1 },
	{ RECORD_NUMBER, offsetof(struct parser_job, message_max), 0, UINT32_MAX },
	{ RECORD_SPAN, offsetof(struct parser_job, input), 0, SIZE_MAX },
	{ RECORD_LIST, offsetof(struct parser_job, allowed), 0, SIZE_MAX },
};

const struct record_member parser_answer_layout[PARSER_ANSWER_LAYOUT_COUNT] = {
	{ RECORD_NUMBER, offsetof(struct parser_answer, status), 0, OTRP_STATUS_COUNT - 1 },
	{ RECORD_SPAN, offsetof(struct parser_answer, why), 0, OTRP_WHY_SIZE },
	{ RECORD_SPAN, offsetof(struct parser_answer, record), 0, 4 * ANY },
};

const struct record_member parser_package_layout[PARSER_PACKAGE_LAYOUT_COUNT] = {
	{ RECORD_SPAN, offsetof(struct parser_package, uuid), 16, 16 },
	{ RECORD_SPAN, offsetof(struct parser_package, name), 0, NAME_MAX_ },
	{ RECORD_SPAN, offsetof(struct parser_package, image), 1, ANY },
	{ RECORD_NUMBER, offsetof(struct parser_package, version), 0, UINT32_MAX },
	{ RECORD_NUMBER, offsetof(struct parser_package, signer), 0, SPAN_LIST_MAX - 1 },
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

static void package_do(const struct parser_job *job, struct arena *arena, struct parser_answer *out,
		       struct otrp_failure *failure)
{
	struct parser_package package;
	const char *why = NULL;
	char reason[256];
	struct ta_cms cms;
	int rc = ta_cms_parse(job->input, &job->allowed, arena, &cms, &why);

	if (rc == 0)
		why = image_check(&cms, reason, sizeof(reason));
	if (rc == -ENOMEM) {
		(void)otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
	} else if (why && rc) {
		(void)otrp_fail(failure, OTRP_TA_INVALID, "the TA package %s", why);
	} else if (why) {
		(void)otrp_fail(failure, OTRP_TA_INVALID, "the package holds no TA that can run");
	} else {
		package = (struct parser_package) {
			.uuid = span_of(cms.uuid.octet, sizeof(cms.uuid.octet)),
			.name = cms.name,
			.image = cms.image,
			.version = cms.version,
			.signer = cms.signer,
		};
		encode(&package, parser_package_layout, PARSER_PACKAGE_LAYOUT_COUNT, arena, out,
		       failure);
	}
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
	const struct otrp_options options = { job->lenient, job->extended, job->message_max };
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
	case JOB_KIND_COUNT:
		break;
	}
	out->status = failure.status;
	if (failure.status)
		(void)arena_copy(arena, failure.why, strlen(failure.why), &out->why);
}
