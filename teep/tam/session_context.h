/*
 * What the engine remembers of a session from one message to the next, as octets for the database.
 *
 * Used by the TAM. The octets come out of its own database; they are still checked. Spans and texts
 * point into the arena.
 */
#ifndef TEESIM_TEEP_TAM_SESSION_CONTEXT_H
#define TEESIM_TEEP_TAM_SESSION_CONTEXT_H

#include "teep/tam/plan.h"
#include "teep/tam/response.h"

#define SESSION_TEES_MAX      RESPONSES_MAX
#define SESSION_REQUESTED_MAX 16U
#define SESSION_FAILURES_MAX  256U
/* With more of one SP, the rest of that SP's waits for another session. */
#define SESSION_SP_FAILURES_MAX 16U
#define SESSION_SPS_MAX		64U

/* A package that the client app brought has this room. */
#define SESSION_PACKAGE_MAX (700U << 10)

/* The last command: what it changes on the device when it passes. */
struct session_command {
	const char *did; /* NULL: there was none yet */
	enum otrp_message message;
	const char *spid, *sdname, *taid;
	int64_t version, personalisation; /* 0: not sent */
	const char *image_sha256;
	bool delivery; /* `personalisation` is the id of one that the SP encrypted */
	const char *certificates_after; /* CreateSD, UpdateSD; else "" */
	bool passed;			/* the TEE said that it is done */
};

struct session_failure {
	const char *did;
	struct plan_failure what;
	const char *why;
	bool final; /* else it is tried once more */
};

struct session_context {
	size_t key;	     /* index of the TAM's key that signs and decrypts */
	uint32_t algorithms; /* that the TEE verifies, 1 << enum jws_algorithm; 0: not known */
	bool querying;	     /* GetDeviceState is outstanding, otherwise the command */
	struct session_command command;
	/* The TEEs that answered, in the order of their answers, and the generation of each one's
	 * state that was known when GetDeviceState was sent; -1: not known then. */
	const char *tees[SESSION_TEES_MAX];
	int64_t generations[SESSION_TEES_MAX];
	size_t tee_count;
	const char *requested[SESSION_REQUESTED_MAX];
	size_t requested_count;
	struct span package; /* brought by the client app; absent: none */
	const char *package_taid;
	int64_t package_version;
	struct session_failure failures[SESSION_FAILURES_MAX];
	size_t failure_count;
	const char *sps[SESSION_SPS_MAX]; /* of TAs that were installed or updated */
	size_t sp_count;
};

/* 0 or -ENOMEM. */
int session_context_encode(const struct session_context *context, struct arena *arena,
			   struct span *out);

/* 0, -EBADMSG or -ENOMEM. */
int session_context_parse(struct span octets, struct arena *arena, struct session_context *out);

#endif
