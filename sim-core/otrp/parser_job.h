/*
 * What the parser process is asked, and what it answers: the work itself, without the process.
 *
 * A job is a kind, a message type and parts; an answer is a failure and a record
 * (teep/otrp/record.h).
 */
#ifndef TEESIM_OTRP_PARSER_JOB_H
#define TEESIM_OTRP_PARSER_JOB_H

#include "teep/otrp/request.h"
#include "teep/otrp/ta_cms.h"
#include "teep/otrp/trust_list.h"

enum parser_job_kind {
	JOB_ENVELOPE,
	JOB_REQUEST,
	JOB_CONTENT,
	JOB_PACKAGE,
	JOB_LIST_ENVELOPE,
	JOB_LIST,
	JOB_QUERY,
	JOB_KIND_COUNT,
};

struct parser_job {
	uint32_t kind;
	uint32_t message; /* enum otrp_message, for JOB_CONTENT */
	uint32_t lenient, extended, message_max;
	struct span input;
	struct span_list allowed; /* certificates, for JOB_PACKAGE */
};

struct parser_answer {
	uint32_t status; /* enum otrp_status */
	struct span why;
	struct span record; /* by the layout of the kind; may be there beside a failure */
};

/* How a package crosses. */
struct parser_package {
	struct span uuid, name, image;
	uint32_t version, signer;
};

#define PARSER_JOB_LAYOUT_COUNT	    7
#define PARSER_ANSWER_LAYOUT_COUNT  3
#define PARSER_PACKAGE_LAYOUT_COUNT 5
extern const struct record_member parser_job_layout[PARSER_JOB_LAYOUT_COUNT];
extern const struct record_member parser_answer_layout[PARSER_ANSWER_LAYOUT_COUNT];
extern const struct record_member parser_package_layout[PARSER_PACKAGE_LAYOUT_COUNT];

/* Does the job. The answer's spans point into the arena. */
void parser_job_do(const struct parser_job *job, struct arena *arena, struct parser_answer *out);

#endif
