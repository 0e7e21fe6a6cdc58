/*
 * The TEE's way to what outsiders wrote: it hands octets in and gets checked structs back.
 *
 * Runs in the TEE's OTrP process. The parsing itself happens in another (parser_process.h), one for
 * each piece of input, which has no keys, no files and no network, and whose answer is checked as
 * if it were hostile. Spans point into the arena.
 */
#ifndef TEESIM_OTRP_PARSER_H
#define TEESIM_OTRP_PARSER_H

#include "otrp/parser_job.h"
#include "teep/otrp/request.h"
#include "teep/otrp/ta_cms.h"
#include "teep/otrp/trust_list.h"

struct parser;

/* `program` is the parser's, or NULL to parse in this process (for tests of the rest). 0 or -errno.
 */
int parser_open(struct parser **out, const char *program, const struct otrp_options *options);
void parser_close(struct parser *parser);

/* Nothing can be parsed any more. */
bool parser_is_gone(const struct parser *parser);

/* The last input was not refused: its child died over it, or was killed, or made no sense. */
bool parser_child_failed(const struct parser *parser);

/* Gets ready for the next inputs, when there is time for it; or when there may not be enough left
 * for a message. */
void parser_refill(struct parser *parser);
void parser_ensure(struct parser *parser);

/* Jobs that are begun from now on are done where the caller runs (parser_process_here()). */
void parser_here(struct parser *parser, bool here);

/* A job that was begun, while the TEE does something else. It holds nothing that has to be let go;
 * what it is about stays the caller's, until it is ended or for good. */
struct parser_pending {
	struct parser *parser;
	struct parser_job job; /* where it is done in this process */
	int sock;
	int rc;
};

/* Each that waits for an answer returns 0, or -EBADMSG with the failure; -EIO when there is no
 * parser, and -ENOMEM, are OTRP_TEE_FAIL. */
void parser_envelope_begin(struct parser *parser, struct span octets, struct arena *arena,
			   struct parser_pending *pending);
int parser_envelope_end(const struct parser_pending *pending, struct arena *arena,
			struct otrp_envelope *out, struct otrp_failure *failure);

/* `payload_text` in base64url, as it was signed. */
void parser_request_begin(struct parser *parser, struct span payload_text, struct arena *arena,
			  struct parser_pending *pending);
int parser_request_end(const struct parser_pending *pending, struct arena *arena,
		       struct otrp_request *out, struct otrp_failure *failure);

void parser_content_begin(struct parser *parser, struct span plaintext, enum otrp_message message,
			  struct arena *arena, struct parser_pending *pending);
int parser_content_end(const struct parser_pending *pending, struct arena *arena,
		       struct otrp_content *out, struct otrp_failure *failure);

/* A TA package in pieces, with an image in it that could be one of a TA. Whether one of the
 * certificates signed it, ta_cms_check() finds out. */
void parser_package_begin(struct parser *parser, struct span package,
			  const struct span_list *allowed, struct arena *arena,
			  struct parser_pending *pending);
int parser_package_end(const struct parser_pending *pending, const struct span_list *allowed,
		       struct arena *arena, struct ta_cms_parts *out, struct otrp_failure *failure);

/* A certificate: its key in numbers and what it calls itself. Nothing of it is judged. */
int parser_certificate(struct parser *parser, struct span der, struct arena *arena,
		       struct parser_certificate *out, struct otrp_failure *failure);

/* A TAM whose certificates and responses have all been signed by those whom they say: `job` holds
 * them, and is filled up. */
int parser_tam(struct parser *parser, struct parser_job *job, struct arena *arena,
	       struct parser_tam *out, struct otrp_failure *failure);

/* The administrator's list, and what is in it by its payload in base64url. */
int parser_list_envelope(struct parser *parser, struct span octets, struct arena *arena,
			 struct jws *out, struct otrp_failure *failure);
int parser_list(struct parser *parser, struct span payload_text, struct arena *arena,
		struct trust_list *out, struct otrp_failure *failure);

/* A client application's question. */
int parser_query(struct parser *parser, struct span octets, struct arena *arena,
		 struct ta_query *out, struct otrp_failure *failure);

#endif
