/*
 * What the parser process is asked, and what it answers: the work itself, without the process.
 *
 * A job is a kind, a message type and parts; an answer is a failure and a record
 * (teep/otrp/record.h).
 */
#ifndef TEESIM_OTRP_PARSER_JOB_H
#define TEESIM_OTRP_PARSER_JOB_H

#include "teep/otrp/key_numbers.h"
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
	JOB_CERTIFICATE,
	JOB_TAM,
	JOB_KIND_COUNT,
};

struct parser_job {
	uint32_t kind;
	uint32_t message; /* enum otrp_message, for JOB_CONTENT */
	uint32_t lenient, extended, message_max;
	struct span input;
	/* JOB_PACKAGE: the certificates that may sign. JOB_TAM: those between the leaf, which is
	 * the input, and a root. */
	struct span_list certificates;
	struct span_list responses, roots; /* JOB_TAM */
	struct span now;		   /* JOB_TAM: seconds, int64_t */
	uint32_t skew;			   /* JOB_TAM: seconds */
};

struct parser_answer {
	uint32_t status; /* enum otrp_status */
	struct span why;
	struct span record; /* by the layout of the kind; may be there beside a failure */
};

/* A certificate, of which nothing is judged. */
struct parser_certificate {
	struct key_numbers key;
	uint32_t authority;   /* by its constraints */
	uint32_t self_signed; /* its own key signed it */
	struct span name;     /* printable */
};

/* A path entry: 0 is the leaf, n the certificate n - 1, and with this bit a root. */
#define PARSER_PATH_ROOT 0x80U

/* A TAM whose certificate is good: its path, its identifier, and how long all that stays so. */
struct parser_tam {
	struct span tamid;
	struct span path;		   /* leaf first, root last */
	struct span produced, from, until; /* seconds, int64_t */
};

#define PARSER_JOB_LAYOUT_COUNT		11
#define PARSER_ANSWER_LAYOUT_COUNT	3
#define PARSER_PACKAGE_LAYOUT_COUNT	5
#define PARSER_CERTIFICATE_LAYOUT_COUNT (3 + KEY_NUMBERS_LAYOUT_COUNT)
#define PARSER_TAM_LAYOUT_COUNT		5
extern const struct record_member parser_job_layout[PARSER_JOB_LAYOUT_COUNT];
extern const struct record_member parser_answer_layout[PARSER_ANSWER_LAYOUT_COUNT];
extern const struct record_member parser_package_layout[PARSER_PACKAGE_LAYOUT_COUNT];
extern const struct record_member parser_certificate_layout[PARSER_CERTIFICATE_LAYOUT_COUNT];
extern const struct record_member parser_tam_layout[PARSER_TAM_LAYOUT_COUNT];

/* Does the job. The answer's spans point into the arena. */
void parser_job_do(const struct parser_job *job, struct arena *arena, struct parser_answer *out);

#endif
