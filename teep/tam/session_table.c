#include "teep/tam/session_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "teep/tam/deployment.h"
#include "teep/tam/device_table.h"
#include "teep/tam/session_context.h"
#include "teep/tam/vault.h"

#define SEALED_AS "session"

static const char *const state_name[] = {
	[SESSION_OPEN] = "open",
	[SESSION_DONE] = "done",
	[SESSION_FAILED] = "failed",
	[SESSION_LOST] = "lost",
};

const char *session_state_name(enum session_state state)
{
	return state_name[state];
}

int session_state_parse(const char *name)
{
	for (int i = 0; i < (int)(sizeof(state_name) / sizeof(state_name[0])); i++)
		if (!strcmp(name, state_name[i]))
			return i;
	return -1;
}

static int secret_seal(struct tam_database *database, const struct session *session,
		       struct arena *arena, struct span *sealed)
{
	*sealed = (struct span) { 0 };
	if (!session->secret.data)
		return 0;
	if (!tam_database_vault(database))
		return -ENOKEY;
	return vault_seal(tam_database_vault(database), SEALED_AS, session->tid, session->secret,
			  arena, sealed);
}

static struct span answer_to_keep(const struct session *session)
{
	const struct span none = { 0 };

	return session->last_answer.size > SESSION_ANSWER_MAX ? none : session->last_answer;
}

/* The values of a row; the last two are of columns that an index has. */
enum {
	ROW_DID = 13,
	ROW_STATE = 14,
	ROW_VALUES = 15,
};

struct writing {
	const struct session *session;
	struct tam_value values[ROW_VALUES];
};

static void values_set(struct writing *writing, struct span sealed)
{
	const struct session *session = writing->session;
	const struct tam_value values[ROW_VALUES] = {
		tam_text(session->tid),
		tam_integer(session->revision),
		tam_text(session->rid),
		tam_text(session->step),
		tam_integer(session->attempts),
		tam_integer(session->updated),
		tam_text(session->address),
		tam_text(session->error),
		tam_octets(session->last_hash),
		tam_octets(sealed),
		tam_octets(session->context),
		tam_octets(answer_to_keep(session)),
		tam_integer(session->messages_added),
		[ROW_DID] = tam_text(session->did),
		[ROW_STATE] = tam_integer(session->state),
	};

	memcpy(writing->values, values, sizeof(values));
}

static int add(struct tam_database *database, void *context)
{
	const struct writing *writing = context;
	int64_t changed;
	const int rc = tam_database_run(
		database,
		"INSERT INTO session(tid, revision, rid, step, attempts, started, updated, "
		"address, error, last_hash, secret, context, last_answer, messages, did, state) "
		"VALUES($1, $2, $3, $4, $5, $6, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) "
		"ON CONFLICT DO NOTHING",
		writing->values, ROW_VALUES, &changed);

	return rc ? rc : changed ? 0 : -EEXIST;
}

#define STORE(more)                                                                             \
	"UPDATE session SET revision = revision + 1, rid = $3, step = $4, attempts = $5, "      \
	"updated = $6, address = $7, error = $8, last_hash = $9, secret = $10, context = $11, " \
	"last_answer = $12, messages = messages + $13" more " WHERE tid = $1 AND revision = $2"

/* Indexes are left alone where nothing changes for them. */
static int store(struct tam_database *database, void *context)
{
	struct writing *writing = context;
	const struct session *session = writing->session;
	const bool same_did = session->did_stored && !strcmp(session->did_stored, session->did),
		   same_state = session->did_stored && session->state_stored == session->state;
	struct tam_value *values = writing->values;
	int64_t changed;
	int rc;

	if (same_did && same_state) {
		rc = tam_database_run(database, STORE(""), values, ROW_DID, &changed);
	} else if (same_state) {
		rc = tam_database_run(database, STORE(", did = $14"), values, ROW_STATE, &changed);
	} else if (same_did) {
		values[ROW_DID] = values[ROW_STATE];
		rc = tam_database_run(database, STORE(", state = $14"), values, ROW_STATE,
				      &changed);
	} else {
		rc = tam_database_run(database, STORE(", did = $14, state = $15"), values,
				      ROW_VALUES, &changed);
	}
	return rc ? rc : changed ? 0 : -ESTALE;
}

static void fill_in(struct session *session)
{
	const char **const texts[] = { &session->did, &session->rid, &session->step,
				       &session->address, &session->error };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!*texts[i])
			*texts[i] = "";
}

static int write(struct tam_database *database, struct session *session,
		 int (*work)(struct tam_database *database, void *context))
{
	struct writing writing = { .session = session };
	struct span sealed;
	ARENA_AUTO arena = { 0 };
	int rc;

	fill_in(session);
	if (session->context.size > SESSION_CONTEXT_MAX)
		return -EFBIG;
	rc = secret_seal(database, session, &arena, &sealed);
	if (rc)
		return rc;
	values_set(&writing, sealed);
	return tam_database_transaction(database, TAM_RELAXED, work, &writing);
}

int session_table_add(struct tam_database *database, struct session *session)
{
	session->revision = 1;
	session->started = session->updated = tam_time_now();
	return write(database, session, add);
}

int session_table_store(struct tam_database *database, struct session *session)
{
	int rc;

	session->updated = tam_time_now();
	rc = write(database, session, store);
	if (!rc)
		session->revision++;
	return rc;
}

#define LIST_COLUMNS                                                                         \
	"SELECT tid, revision, did, state, rid, step, attempts, started, updated, address, " \
	"error, messages"

static void read_listed(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct session *session = item;

	*session = (struct session) {
		.tid = tam_row_text(rows, 0, arena),
		.revision = tam_row_integer(rows, 1),
		.did = tam_row_text(rows, 2, arena),
		.state = (enum session_state)tam_row_integer(rows, 3),
		.rid = tam_row_text(rows, 4, arena),
		.step = tam_row_text(rows, 5, arena),
		.attempts = tam_row_integer(rows, 6),
		.started = tam_row_integer(rows, 7),
		.updated = tam_row_integer(rows, 8),
		.address = tam_row_text(rows, 9, arena),
		.error = tam_row_text(rows, 10, arena),
		.messages = tam_row_integer(rows, 11),
	};
	session->did_stored = session->did;
	session->state_stored = session->state;
}

static void read_session(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct session *session = item;

	read_listed(rows, arena, item);
	session->last_hash = tam_row_copy(rows, 12, arena);
	session->secret = tam_row_copy(rows, 13, arena);
	session->context = tam_row_copy(rows, 14, arena);
	session->last_answer = tam_row_copy(rows, 15, arena);
}

#define WHOLE(answer) \
	LIST_COLUMNS ", last_hash, secret, context, " answer " FROM session WHERE tid = $1"

static int unseal(struct tam_database *database, struct arena *arena, struct session *session)
{
	const struct vault *vault = tam_database_vault(database);

	if (!session->secret.data)
		return 0;
	if (!vault)
		return -ENOKEY;
	return vault_unseal(vault, SEALED_AS, session->tid, session->secret, arena,
			    &session->secret);
}

int session_table_get(struct tam_database *database, const char *tid, struct arena *arena,
		      struct session *out)
{
	const int rc = tam_database_read_one(database, arena, read_session, out,
					     WHOLE("last_answer"), TAM_VALUES(tam_text(tid)));

	return rc ? rc : unseal(database, arena, out);
}

int session_table_take(struct tam_database *database, const char *tid, struct span hash,
		       struct arena *arena, struct session *out)
{
	const int rc = tam_database_read_one(
		database, arena, read_session, out,
		WHOLE("CASE WHEN last_hash = $2 THEN last_answer END AS last_answer"),
		TAM_VALUES(tam_text(tid), tam_octets(hash)));

	return rc ? rc : unseal(database, arena, out);
}

const char *session_handle(const char *tid, char out[SESSION_HANDLE_SIZE])
{
	(void)snprintf(out, SESSION_HANDLE_SIZE, "%s", tid);
	return out;
}

/* What comes behind all that begin with this handle. */
static const char *handle_end(const char *handle, char out[SESSION_HANDLE_SIZE + 1])
{
	(void)snprintf(out, SESSION_HANDLE_SIZE + 1, "%s~", handle);
	return out;
}

static void read_tid(struct tam_rows *rows, struct arena *arena, void *item)
{
	*(const char **)item = tam_row_text(rows, 0, arena);
}

int session_table_find(struct tam_database *database, const char *handle, struct arena *arena,
		       struct session *out)
{
	char first[SESSION_HANDLE_SIZE], end[SESSION_HANDLE_SIZE + 1];
	const char **tids;
	size_t count;
	int rc = tam_database_read_all(
		database, arena, read_tid, sizeof(*tids), &tids, &count,
		"SELECT tid FROM session WHERE tid >= $1 AND tid < $2 ORDER BY tid LIMIT 2",
		TAM_VALUES(tam_text(session_handle(handle, first)),
			   tam_text(handle_end(first, end))));

	if (!rc && count != 1)
		rc = count ? -ENOTUNIQ : -ENOENT;
	return rc ? rc : session_table_get(database, tids[0], arena, out);
}

struct expiring {
	int64_t before, limit, done;
};

static void read_context(struct tam_rows *rows, struct arena *arena, void *item)
{
	*(struct span *)item = tam_row_copy(rows, 0, arena);
}

/* What is deployed to any of its TEEs waits for the next session. */
static int deployments_return(struct tam_database *database, const struct session *session)
{
	ARENA_AUTO arena = { 0 };
	struct session_context *context = arena_take(&arena, sizeof(*context));
	struct span octets = { 0 };
	int rc = context ? tam_database_read_one(database, &arena, read_context, &octets,
						 "SELECT context FROM session WHERE tid = $1",
						 TAM_VALUES(tam_text(session->tid)))
			 : -ENOMEM;

	if (!rc && *session->did)
		rc = deployment_return(database, session->did);
	if (rc || !octets.data)
		return rc;
	rc = session_context_parse(octets, &arena, context);
	/* One that can't be read names no more. */
	if (rc)
		return rc == -ENOMEM ? rc : 0;
	for (size_t i = 0; !rc && i < context->tee_count; i++)
		if (strcmp(context->tees[i], session->did) != 0)
			rc = deployment_return(database, context->tees[i]);
	return rc;
}

static int expire(struct tam_database *database, void *context)
{
	struct expiring *expiring = context;
	ARENA_AUTO arena = { 0 };
	struct session *sessions;
	size_t count;
	int rc = tam_database_read_all(
		database, &arena, read_listed, sizeof(*sessions), &sessions, &count,
		LIST_COLUMNS " FROM session WHERE state = 0 AND started < $1 AND updated < $1 "
			     "ORDER BY started "
			     "LIMIT $2 FOR UPDATE",
		TAM_VALUES(tam_integer(expiring->before), tam_integer(expiring->limit)));

	expiring->done = 0;
	for (size_t i = 0; !rc && i < count; i++) {
		rc = deployments_return(database, &sessions[i]);
		if (!rc)
			rc = tam_database_run(
				database,
				"UPDATE session SET state = 3, revision = revision + 1, "
				"secret = NULL, context = NULL, last_answer = NULL WHERE "
				"tid = $1",
				TAM_VALUES(tam_text(sessions[i].tid)), NULL);
		expiring->done++;
	}
	return rc;
}

int session_table_expire(struct tam_database *database, int64_t before, int64_t limit,
			 int64_t *expired)
{
	struct expiring expiring = { .before = before, .limit = limit };
	const int rc = tam_database_transaction(database, TAM_RELAXED, expire, &expiring);

	if (!rc && expired)
		*expired = expiring.done;
	return rc;
}

int session_table_beyond(struct tam_database *database, int64_t kept, int64_t *started)
{
	const int rc = tam_database_integer(
		database, started,
		"SELECT started FROM session ORDER BY started DESC LIMIT 1 OFFSET $1",
		TAM_VALUES(tam_integer(kept)));

	if (rc == -ENOENT)
		*started = 0;
	return rc == -ENOENT ? 0 : rc;
}

static int trim(struct tam_database *database, void *context)
{
	struct expiring *expiring = context;
	ARENA_AUTO arena = { 0 };
	struct session *sessions;
	size_t count;
	int rc = tam_database_read_all(
		database, &arena, read_listed, sizeof(*sessions), &sessions, &count,
		LIST_COLUMNS " FROM session WHERE state <> 0 AND started < $1 ORDER BY started "
			     "LIMIT $2 FOR UPDATE",
		TAM_VALUES(tam_integer(expiring->before), tam_integer(expiring->limit)));

	expiring->done = 0;
	for (size_t i = 0; !rc && i < count; i++) {
		rc = tam_database_run(database, "DELETE FROM message WHERE tid = $1",
				      TAM_VALUES(tam_text(sessions[i].tid)), NULL);
		if (!rc)
			rc = tam_database_run(database, "DELETE FROM session WHERE tid = $1",
					      TAM_VALUES(tam_text(sessions[i].tid)), NULL);
		expiring->done++;
	}
	return rc;
}

int session_table_trim(struct tam_database *database, int64_t before, int64_t limit,
		       int64_t *removed)
{
	struct expiring expiring = { .before = before, .limit = limit };
	const int rc = tam_database_transaction(database, TAM_RELAXED, trim, &expiring);

	if (!rc && removed)
		*removed = expiring.done;
	return rc;
}

#define NEWEST_FIRST                                                                             \
	"(CAST($4 AS TEXT) IS NULL OR (s.started, s.tid) < (SELECT l.started, l.tid FROM "       \
	"session l WHERE l.tid >= CAST($4 AS TEXT) AND l.tid < CAST($5 AS TEXT) ORDER BY l.tid " \
	"LIMIT 1)) AND ($2 < 0 OR s.state = $2) AND "                                            \
	"(CAST($3 AS TEXT) IS NULL OR " TAM_DEVICE_OF_SP(                                        \
		"s.did", "CAST($3 AS TEXT)") ") "                                                \
					     "ORDER BY s.started DESC, s.tid DESC LIMIT $1"

int session_table_list(struct tam_database *database, const struct session_filter *filter,
		       struct arena *arena, struct session **list, size_t *count)
{
	char first[SESSION_HANDLE_SIZE], end[SESSION_HANDLE_SIZE + 1];
	const char *after = filter->after ? session_handle(filter->after, first) : NULL;
	const struct tam_value values[] = {
		tam_integer(filter->limit),
		tam_integer(filter->state),
		tam_text(filter->spid),
		tam_text(after),
		tam_text(after ? handle_end(after, end) : NULL),
		tam_text(filter->did),
	};

	if (filter->did)
		return tam_database_read_all(
			database, arena, read_listed, sizeof(**list), list, count,
			LIST_COLUMNS
			" FROM session s WHERE s.did = $6 AND s.did <> '' AND " NEWEST_FIRST,
			values, 6);
	return tam_database_read_all(database, arena, read_listed, sizeof(**list), list, count,
				     LIST_COLUMNS " FROM session s WHERE " NEWEST_FIRST, values, 5);
}

int session_table_count(struct tam_database *database, int64_t *open, int64_t *total)
{
	int rc = tam_database_integer(
		database, open, "SELECT COUNT(*) FROM session WHERE state = 0", TAM_NO_VALUES);

	return rc ? rc
		  : tam_database_integer(database, total, "SELECT COUNT(*) FROM session",
					 TAM_NO_VALUES);
}
