/*
 * One message on its way through the TAM: the session that it belongs to, the TEEs that it is
 * about, what it changes, and what is sent next.
 *
 * Runs in the TAM; shared by the files that are the steps of tam_process(). Everything is read and
 * worked out first; then conversation_write() stores all of it in one transaction, which only one
 * of several that took the same message can do.
 */
#ifndef TEESIM_TEEP_TAM_CONVERSATION_H
#define TEESIM_TEEP_TAM_CONVERSATION_H

#include "teep/tam/command.h"
#include "teep/tam/deployment.h"
#include "teep/tam/engine.h"
#include "teep/tam/message_log.h"
#include "teep/tam/session_context.h"
#include "teep/tam/session_table.h"

struct tam_worker {
	const struct tam *tam;
	struct tam_database *database;
};

/* One TEE, and what the TAM knows of it. */
struct picture {
	const char *did;
	uint8_t did_octets[OTRP_HASH_SIZE];
	struct device device;
	bool fresh;  /* there is no row yet */
	bool stored; /* the row has a state that is good to go on from */
	bool has_dsi;
	struct dsi dsi;
	struct device_ta *tas;
	size_t ta_count;
	struct device_domain *domains;
	size_t domain_count;
	bool learned;  /* a new state: it is to be stored with what it tells */
	bool touched;  /* the device alone is to be stored */
	bool forget;   /* nothing of what was known of its content counts any more */
	bool first;    /* it has just been accepted for the first time in this session */
	bool recalled; /* what the session's last message left, not read for this one */
	/* What the rows of the device have, where all of it is known, and what this message makes
	 * of it. */
	bool has_rows;
	struct device_content rows, written;
};

/* What goes into the event log, and to whoever listens. */
struct occurrence {
	enum tam_event_kind kind;
	const char *did, *spid, *text;
};

/* What becomes of a device's deployments. */
struct progress {
	const char *did;
	const struct wanted *entry; /* NULL: all */
	enum deployment_state state;
	const char *error;
};

/* What became of what an SP encrypted itself (sealed_delivery.h). */
struct delivery_note {
	int64_t id;
	bool kept;
	const char *error; /* NULL: it is on the device */
};

#define OCCURRENCES_MAX 64
#define DELIVERIES_MAX	64

enum outcome {
	OUTCOME_PLAN,	/* go on with what there is to do */
	OUTCOME_QUERY,	/* what came was no use: ask for the state again */
	OUTCOME_FAILED, /* the session is over, and not well */
};

struct conversation {
	struct tam_worker *worker;
	const struct tam_peer *peer;
	struct arena arena;
	time_t now;
	struct span body;
	uint8_t body_hash[OTRP_HASH_SIZE];
	bool fresh;    /* the session is not in the database yet */
	bool recalled; /* it is what the session's last message left, and was not read for this one
			*/
	bool is_written;
	struct session session;
	int64_t revision; /* that it was read with */
	struct session_context context;
	const struct tam_key *key;
	struct picture pictures[SESSION_TEES_MAX];
	size_t picture_count;
	enum outcome outcome;
	const char *why; /* of an outcome that is not OUTCOME_PLAN */
	bool authentic;	 /* a TEE that the TAM knows, or whose root it trusts, signed the message */
	bool refused;	 /* a TEE showed who it is, and is not served */
	/* What is to be written. */
	bool has_received, has_sent;
	struct message received, sent;
	struct occurrence occurrences[OCCURRENCES_MAX];
	size_t occurrence_count;
	struct progress *progress;
	size_t progress_count, progress_room;
	struct delivery_note deliveries[DELIVERIES_MAX];
	size_t delivery_count;
	char *next; /* the caller's in the end; NULL: nothing more */
	/* What was answered last, where the database does not keep it and this process does. */
	struct span long_answer;
};

/* A text in the arena that lives as long as the conversation; "" without memory. */
const char *conversation_text(struct conversation *conversation, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The struct is large: it comes from the heap, and goes with conversation_close(). `peer` has to
 * outlive the message. NULL without memory. */
struct conversation *conversation_open(struct tam_worker *worker, const struct tam_peer *peer);
void conversation_close(struct conversation *conversation);

/* Another message of the session whose last one was written. */
void conversation_resume(struct conversation *conversation, struct tam_worker *worker,
			 const struct tam_peer *peer);

void conversation_occurrence(struct conversation *conversation, enum tam_event_kind kind,
			     const char *did, const char *spid, const char *text);

/* 0 or -ENOMEM. */
int conversation_progress(struct conversation *conversation, const char *did,
			  const struct wanted *entry, enum deployment_state state,
			  const char *error);

/* A session of its own that begins with GetDeviceState. 0 or -errno. */
int conversation_begin(struct conversation *conversation);

/* The same with nothing to be written but the log, which this has done: the session is stored with
 * the answer, if one comes. The database has a vault. */
int conversation_invite(struct conversation *conversation);

/* The session of conversation_invite() by its tid, whose answer has come. -ENOENT: it is no such
 * session, or older than `seconds`. */
int conversation_accept(struct conversation *conversation, const char *tid, unsigned seconds);

/* The picture of a TEE of this session, from the database unless it is there. -ENOENT: the device
 * was removed. */
int conversation_picture(struct conversation *conversation, const char *did, struct picture **out);

/* The picture of a TEE that nobody has seen before: the row is made with what is written. 0,
 * -ENOSPC or -ENOMEM. */
int conversation_picture_new(struct conversation *conversation, const char *did,
			     const struct dsi *dsi, struct picture **out);

/* The stored state as a struct, where there is no newer one. 0 or -ENOMEM. */
int picture_recall(struct conversation *conversation, struct picture *picture);

/* Takes over what a verified state tells. `text` is what was hashed. 0 or -ENOMEM. */
int picture_learn(struct conversation *conversation, struct picture *picture, struct span text,
		  const struct dsi *dsi);

/* What a command that passed has changed, beyond what the state tells. 0 or -ENOMEM. */
int picture_apply(struct conversation *conversation, struct picture *picture,
		  const struct session_command *command);

/* A domain that is this TAM's, with certificates that are not known. */
void picture_adopt(struct picture *picture, const char *spid, const char *sdname);

/* Notes that a step failed; tried again once unless it is `final`. */
void conversation_failure(struct conversation *conversation, const char *did,
			  enum otrp_message message, const char *spid, const char *sdname,
			  const char *taid, const char *why, bool final);

/* What comes next, by the outcome: a request in `next`, or the end of the session. 0 or -errno. */
int conversation_next(struct conversation *conversation);

/* Everything at once. -ESTALE: somebody else took the message, or changed a device, meanwhile;
 * nothing was written. */
int conversation_write(struct conversation *conversation);

/* The events of what was written. */
void conversation_tell(const struct conversation *conversation);

/* An answer to GetDeviceState, with an entry for each TEE; an answer to a command. 0 or -errno of
 * the TAM itself; what is wrong with the answer is the outcome. */
int conversation_states(struct conversation *conversation, struct responses *responses,
			struct json_writing *decoded);
int conversation_result(struct conversation *conversation, struct response *response,
			struct json_writing *decoded);

#endif
