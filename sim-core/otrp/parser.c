#include "otrp/parser.h"

#include <errno.h>
#include <stdlib.h>

#include "otrp/parser_job.h"
#include "otrp/parser_process.h"

struct parser {
	struct otrp_options options;
	struct parser_process *process; /* NULL: in this one */
	bool child_failed;		/* by the last job */
};

int parser_open(struct parser **out, const char *program, const struct otrp_options *options)
{
	struct parser *parser = calloc(1, sizeof(*parser));
	int rc = 0;

	if (!parser)
		return -ENOMEM;
	parser->options = *options;
	if (program)
		rc = parser_process_start(&parser->process, program);
	if (rc) {
		free(parser);
		return rc;
	}
	*out = parser;
	return 0;
}

void parser_close(struct parser *parser)
{
	if (!parser)
		return;
	if (parser->process)
		parser_process_stop(parser->process);
	free(parser);
}

bool parser_is_gone(const struct parser *parser)
{
	return parser->process && parser_process_is_gone(parser->process);
}

bool parser_child_failed(const struct parser *parser)
{
	return parser->child_failed;
}

void parser_refill(struct parser *parser)
{
	if (parser->process)
		parser_process_refill(parser->process);
}

void parser_ensure(struct parser *parser)
{
	if (parser->process && parser_process_left(parser->process) < PARSER_OF_MESSAGE)
		parser_process_refill(parser->process);
}

void parser_here(struct parser *parser, bool here)
{
	if (parser->process)
		parser_process_here(parser->process, here);
}

/* Has a child do it while the caller does something else; it may be left at that. In this process
 * it is done when it is waited for. */
static void job_begin(struct parser *parser, struct parser_job *job, struct arena *arena,
		      struct parser_pending *pending)
{
	job->lenient = parser->options.lenient;
	job->extended = parser->options.extended;
	job->message_max = parser->options.message_max;
	*pending = (struct parser_pending) { .parser = parser, .sock = -1 };
	if (parser->process)
		pending->rc = parser_process_begin(parser->process, job, arena, &pending->sock);
	else
		pending->job = *job;
}

/* Takes the record of the answer by its layout. */
static int job_end(const struct parser_pending *pending, struct arena *arena,
		   const struct record_member *layout, size_t count, void *out,
		   struct otrp_failure *failure)
{
	struct parser_answer answer;
	int rc = pending->rc;

	if (rc == 0 && pending->sock >= 0)
		rc = parser_process_end(pending->parser->process, pending->sock, arena, &answer);
	else if (rc == 0)
		parser_job_do(&pending->job, arena, &answer);
	pending->parser->child_failed = rc == -EBADMSG;
	if (rc) {
		/* Whatever ended it was in the message. */
		otrp_fail(failure, rc == -EBADMSG ? OTRP_REQUEST_INVALID : OTRP_TEE_FAIL,
			  "the message could not be parsed");
		return rc;
	}
	if (answer.record.data && otrp_record_parse(answer.record, layout, count, out)) {
		otrp_fail(failure, OTRP_TEE_FAIL, "the parser's answer is out of bounds");
		return -EIO;
	}
	if (answer.status == OTRP_PASS && answer.record.data)
		return 0;
	if (answer.status == OTRP_PASS)
		return otrp_fail(failure, OTRP_TEE_FAIL, "the parser has no answer");
	/* The text is a constant of ours, or else harmless: bounded, and escaped when it is sent.
	 */
	return otrp_fail(failure, (enum otrp_status)answer.status, "%s",
			 answer.why.data ? span_text(answer.why) : "");
}

static int job_do(struct parser *parser, struct parser_job *job, struct arena *arena,
		  const struct record_member *layout, size_t count, void *out,
		  struct otrp_failure *failure)
{
	struct parser_pending pending;

	job_begin(parser, job, arena, &pending);
	return job_end(&pending, arena, layout, count, out, failure);
}

void parser_envelope_begin(struct parser *parser, struct span octets, struct arena *arena,
			   struct parser_pending *pending)
{
	struct parser_job job = { .kind = JOB_ENVELOPE, .input = octets };

	job_begin(parser, &job, arena, pending);
}

int parser_envelope_end(const struct parser_pending *pending, struct arena *arena,
			struct otrp_envelope *out, struct otrp_failure *failure)
{
	*out = (struct otrp_envelope) { .message = OTRP_MESSAGE_COUNT };
	return job_end(pending, arena, otrp_envelope_layout, OTRP_ENVELOPE_LAYOUT_COUNT, out,
		       failure);
}

void parser_request_begin(struct parser *parser, struct span payload_text, struct arena *arena,
			  struct parser_pending *pending)
{
	struct parser_job job = { .kind = JOB_REQUEST, .input = payload_text };

	job_begin(parser, &job, arena, pending);
}

int parser_request_end(const struct parser_pending *pending, struct arena *arena,
		       struct otrp_request *out, struct otrp_failure *failure)
{
	*out = (struct otrp_request) { .message = OTRP_MESSAGE_COUNT };
	return job_end(pending, arena, otrp_request_layout, OTRP_REQUEST_LAYOUT_COUNT, out,
		       failure);
}

void parser_content_begin(struct parser *parser, struct span plaintext, enum otrp_message message,
			  struct arena *arena, struct parser_pending *pending)
{
	struct parser_job job = { .kind = JOB_CONTENT, .message = message, .input = plaintext };

	job_begin(parser, &job, arena, pending);
}

int parser_content_end(const struct parser_pending *pending, struct arena *arena,
		       struct otrp_content *out, struct otrp_failure *failure)
{
	*out = (struct otrp_content) { 0 };
	return job_end(pending, arena, otrp_content_layout, OTRP_CONTENT_LAYOUT_COUNT, out,
		       failure);
}

void parser_package_begin(struct parser *parser, struct span package,
			  const struct span_list *allowed, struct arena *arena,
			  struct parser_pending *pending)
{
	struct parser_job job = { .kind = JOB_PACKAGE, .input = package, .certificates = *allowed };

	job_begin(parser, &job, arena, pending);
}

int parser_package_end(const struct parser_pending *pending, const struct span_list *allowed,
		       struct arena *arena, struct ta_cms_parts *out, struct otrp_failure *failure)
{
	int rc;

	*out = (struct ta_cms_parts) { 0 };
	rc = job_end(pending, arena, parser_package_layout, PARSER_PACKAGE_LAYOUT_COUNT, out,
		     failure);
	if (rc)
		return rc;
	if (out->signer >= allowed->count || !out->content.data || !out->attributes.data ||
	    !out->signature.data)
		return otrp_fail(failure, OTRP_TEE_FAIL, "the parser's answer is out of bounds");
	return 0;
}

int parser_certificate(struct parser *parser, struct span der, struct arena *arena,
		       struct parser_certificate *out, struct otrp_failure *failure)
{
	struct parser_job job = { .kind = JOB_CERTIFICATE, .input = der };

	*out = (struct parser_certificate) { 0 };
	return job_do(parser, &job, arena, parser_certificate_layout,
		      PARSER_CERTIFICATE_LAYOUT_COUNT, out, failure);
}

/* A path begins at the leaf, ends at a root, and has nothing twice that could be there once. */
static bool path_fits(const struct parser_job *job, struct span path)
{
	for (size_t i = 0; i < path.size; i++) {
		const uint8_t place = path.data[i];
		const bool last = i + 1 == path.size;

		if (last ? !(place & PARSER_PATH_ROOT) ||
				    (place & ~PARSER_PATH_ROOT) >= job->roots.count
			 : place > job->certificates.count || (place == 0) != (i == 0))
			return false;
	}
	return path.size >= 2;
}

int parser_tam(struct parser *parser, struct parser_job *job, struct arena *arena,
	       struct parser_tam *out, struct otrp_failure *failure)
{
	int rc;

	job->kind = JOB_TAM;
	*out = (struct parser_tam) { 0 };
	rc = job_do(parser, job, arena, parser_tam_layout, PARSER_TAM_LAYOUT_COUNT, out, failure);
	if (rc)
		return rc;
	if (!out->tamid.data || !out->path.data || !out->produced.data || !out->from.data ||
	    !out->until.data || !path_fits(job, out->path))
		return otrp_fail(failure, OTRP_TEE_FAIL, "the parser's answer is out of bounds");
	return 0;
}

int parser_list_envelope(struct parser *parser, struct span octets, struct arena *arena,
			 struct jws *out, struct otrp_failure *failure)
{
	struct parser_job job = { .kind = JOB_LIST_ENVELOPE, .input = octets };

	*out = (struct jws) { 0 };
	return job_do(parser, &job, arena, jws_layout, JWS_LAYOUT_COUNT, out, failure);
}

int parser_list(struct parser *parser, struct span payload_text, struct arena *arena,
		struct trust_list *out, struct otrp_failure *failure)
{
	struct parser_job job = { .kind = JOB_LIST, .input = payload_text };

	*out = (struct trust_list) { 0 };
	return job_do(parser, &job, arena, trust_list_layout, TRUST_LIST_LAYOUT_COUNT, out,
		      failure);
}

int parser_query(struct parser *parser, struct span octets, struct arena *arena,
		 struct ta_query *out, struct otrp_failure *failure)
{
	struct parser_job job = { .kind = JOB_QUERY, .input = octets };

	*out = (struct ta_query) { 0 };
	return job_do(parser, &job, arena, ta_query_layout, TA_QUERY_LAYOUT_COUNT, out, failure);
}
