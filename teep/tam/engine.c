#include "teep/tam/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "teep/otrp/compose.h"
#include "teep/otrp/encoding.h"
#include "teep/pki/fetched.h"
#include "teep/tam/catalogue.h"
#include "teep/tam/conversation.h"
#include "teep/tam/session_memory.h"
#include "teep/tam/transcript.h"
#include "wire/uuid.h"

/* How often one message is worked on anew because another process was quicker. */
#define TRIES_MAX	8
#define SESSION_SECONDS 600
#define EXPIRE_AT_ONCE	1000
/* So long after a session its keys can be fetched by who knows its tid. */
#define AIK_MS 600000
/* What is kept of a message that nobody has vouched for. */
#define UNKNOWN_DECODED_MAX 1024

struct tam_worker *tam_worker_open(const struct tam *tam, struct tam_database *database)
{
	struct tam_worker *worker = calloc(1, sizeof(*worker));

	if (worker) {
		worker->tam = tam;
		worker->database = database;
	}
	return worker;
}

void tam_worker_close(struct tam_worker *worker)
{
	free(worker);
}

static unsigned seconds_of(const struct tam *tam)
{
	return tam->session_seconds ? tam->session_seconds : SESSION_SECONDS;
}

/* Gone, or in hand for the session's next message. */
static void conversation_end(struct conversation *conversation)
{
	const bool goes_on = conversation && conversation->is_written &&
			     conversation->session.state == SESSION_OPEN;

	if (goes_on)
		session_memory_put(conversation->worker->tam->memory, conversation,
				   sizeof(*conversation) + arena_size(&conversation->arena));
	else
		conversation_close(conversation);
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static int hints_take(struct conversation *conversation, const struct tam_hints *hints)
{
	struct session_context *context = &conversation->context;

	for (size_t i = 0; i < hints->taid_count; i++) {
		char text[UUID_TEXT_SIZE];
		struct uuid uuid;
		struct span copy;

		if (context->requested_count == SESSION_REQUESTED_MAX ||
		    uuid_parse(hints->taids[i], &uuid))
			continue;
		uuid_format(&uuid, text);
		if (!arena_copy(&conversation->arena, text, strlen(text), &copy))
			return -ENOMEM;
		context->requested[context->requested_count++] = span_text(copy);
	}
	return 0;
}

/* A package that the client app brought: one whose octets the catalogue authorises. */
static int package_take(struct conversation *conversation, const struct tam_hints *hints)
{
	struct session_context *context = &conversation->context;
	struct arena *arena = &conversation->arena;
	uint8_t hash[OTRP_HASH_SIZE];
	char digits[2 * sizeof(hash) + 1];

	if (!conversation->worker->tam->bundled)
		return -EACCES;
	if (hints->package_size > SESSION_PACKAGE_MAX)
		return -EMSGSIZE;
	if (!sha256_make(hints->package, hints->package_size, hash))
		return -ENOMEM;
	hex_encode(hash, sizeof(hash), digits);
	for (size_t i = 0; i < context->requested_count; i++) {
		struct ta_version *versions;
		size_t count;
		int rc = catalogue_versions(conversation->worker->database, context->requested[i],
					    arena, &versions, &count);

		if (rc)
			return rc;
		for (size_t n = 0; n < count; n++) {
			if (!versions[n].bundled || versions[n].retired ||
			    strcmp(versions[n].sha256, digits) != 0)
				continue;
			context->package_taid = versions[n].taid;
			context->package_version = versions[n].version;
			return arena_copy(arena, hints->package, hints->package_size,
					  &context->package)
				       ? 0
				       : -ENOMEM;
		}
	}
	return -EACCES;
}

/* What the first answer has to find again. */
static bool leaves_hints(const struct conversation *conversation)
{
	return conversation->context.requested_count || conversation->context.package.data ||
	       !tam_database_vault(conversation->worker->database);
}

int tam_connect(struct tam_worker *worker, const struct tam_peer *peer,
		const struct tam_hints *hints, char **request)
{
	struct conversation *conversation = conversation_open(worker, peer);
	int rc = conversation ? 0 : -ENOMEM;

	*request = NULL;
	if (rc == 0 && hints)
		rc = hints_take(conversation, hints);
	if (rc == 0 && hints && hints->package)
		rc = package_take(conversation, hints);
	if (rc == 0)
		rc = leaves_hints(conversation) ? conversation_begin(conversation)
						: conversation_invite(conversation);
	if (rc == 0 && leaves_hints(conversation))
		rc = conversation_write(conversation);
	if (rc == 0) {
		conversation_tell(conversation);
		*request = conversation->next;
		conversation->next = NULL;
	}
	conversation_end(conversation);
	return rc;
}

/* ---- Processing ------------------------------------------------------------------------------ */

/* The session that an answer says it belongs to; NULL when it says none. */
static const char *tid_of(const struct responses *responses)
{
	for (uint32_t i = 0; i < responses->count; i++)
		if (responses->item[i].kind != RESPONSE_UNREADABLE && responses->item[i].tid.data)
			return span_text(responses->item[i].tid);
	return NULL;
}

/* Whether there are entries, and each is of that kind. */
static bool all_are(const struct responses *responses, enum response_kind kind)
{
	for (uint32_t i = 0; i < responses->count; i++)
		if (responses->item[i].kind != kind)
			return false;
	return responses->count > 0;
}

/* Entries for people, the states of TEEs in the list that they came in. */
static bool tells_states(const struct responses *responses)
{
	const struct response *first = &responses->item[0];

	return responses->count != 1 ||
	       (first->kind == RESPONSE_OF_TEE && first->message == OTRP_GET_DEVICE_STATE);
}

#define STATES_BEGIN "{\"GetDeviceStateResponse\":["
#define STATES_END   "]}"

static void telling_begin(struct json_writing *decoded, const struct responses *responses)
{
	*decoded = (struct json_writing) { 0 };
	if (tells_states(responses))
		json_put(decoded, STATES_BEGIN, strlen(STATES_BEGIN));
}

/* What is written of the message that came. */
static int received_note(struct conversation *conversation, const struct responses *responses,
			 struct json_writing *decoded)
{
	const struct response *first = &responses->item[0];
	struct message *message = &conversation->received;
	const bool states = tells_states(responses);
	struct span copy;

	if (states)
		json_put(decoded, STATES_END, strlen(STATES_END));
	if (decoded->failed ||
	    !arena_copy(&conversation->arena, decoded->text, decoded->size, &copy))
		return -ENOMEM;
	*message = (struct message) {
		.tid = conversation->session.tid,
		.did = conversation->session.did,
		.response = true,
		.size = (int64_t)conversation->body.size,
		.decoded = span_text(copy),
		.status = responses->count && first->kind == RESPONSE_OF_TEE
				  ? first->passed ? "pass" : "fail"
				  : "",
		.error = conversation->why,
	};
	if (states)
		message->kind = "GetDeviceStateResponse";
	else if (first->kind == RESPONSE_OF_TEE)
		message->kind = conversation_text(conversation, "%sResponse",
						  otrp_answer_name(first->message));
	else
		message->kind = "OTrPBrokerError";
	/* Whoever posts must not fill the database with it. */
	if (!conversation->authentic && copy.size > UNKNOWN_DECODED_MAX)
		message->decoded = "{\"note\":\"too long to be kept\"}";
	conversation->has_received = true;
	return 0;
}

/* An answer that belongs to no session that is open: a new one begins. */
static int unsolicited(struct conversation *conversation, struct responses *responses)
{
	struct json_writing decoded;
	int rc;

	telling_begin(&decoded, responses);
	for (uint32_t i = 0; i < responses->count; i++)
		transcript_response(&decoded, &responses->item[i], NULL,
				    "it belongs to no session that is open");
	memset(&conversation->context, 0, sizeof(conversation->context));
	rc = conversation_begin(conversation);
	if (rc == 0)
		rc = received_note(conversation, responses, &decoded);
	conversation->received.status = "";
	conversation->received.error = "it belongs to no session that is open";
	free(decoded.text);
	return rc;
}

static int answered(struct conversation *conversation, struct responses *responses)
{
	struct json_writing decoded;
	int rc = 0;

	telling_begin(&decoded, responses);
	conversation->outcome = OUTCOME_PLAN;
	if (conversation->context.querying) {
		rc = conversation_states(conversation, responses, &decoded);
	} else if (responses->count == 1) {
		rc = conversation_result(conversation, &responses->item[0], &decoded);
	} else {
		conversation->outcome = OUTCOME_QUERY;
		conversation->why = "it is no answer to a command";
	}
	if (rc == 0)
		rc = received_note(conversation, responses, &decoded);
	free(decoded.text);
	return rc ? rc : conversation_next(conversation);
}

/* The message came before. *over: what was answered then is known. */
static int repeated(struct conversation *conversation, bool *over)
{
	const struct session *session = &conversation->session;
	const struct span answer = session->last_answer;

	if (answer.data) {
		conversation->next = strndup((const char *)answer.data, answer.size);
		*over = true;
		return conversation->next ? 0 : -ENOMEM;
	}
	if (session->state == SESSION_OPEN)
		conversation->next = session_memory_answer(conversation->worker->tam->memory,
							   session->tid, session->revision);
	*over = session->state != SESSION_OPEN || conversation->next;
	return 0;
}

/* The session as the database has it. *over: nothing is left to do but to answer. Without a key it
 * is none that is open. */
static int session_read(struct conversation *conversation, const char *tid, bool *over)
{
	struct session *session = &conversation->session;
	const struct tam *tam = conversation->worker->tam;
	const struct span hash = span_of(conversation->body_hash, OTRP_HASH_SIZE);
	int rc = tid ? session_table_take(conversation->worker->database, tid, hash,
					  &conversation->arena, session)
		     : -ENOENT;

	*over = false;
	if (rc && rc != -ENOENT)
		return rc;
	if (rc && tid) {
		rc = conversation_accept(conversation, tid, seconds_of(tam));
		return rc == -ENOENT ? 0 : rc;
	}
	if (rc == 0 && span_equal(session->last_hash, hash)) {
		rc = repeated(conversation, over);
		if (rc || *over)
			return rc;
	}
	*over = rc == 0 && (session->state == SESSION_DONE || session->state == SESSION_FAILED);
	if (*over)
		return 0;
	if (rc == 0 && session->state == SESSION_OPEN)
		rc = session_context_parse(session->context, &conversation->arena,
					   &conversation->context);
	else
		rc = -EBADMSG;
	if (rc == 0) {
		conversation->revision = session->revision;
		conversation->key = conversation->context.key < tam_keys_count(tam->keys)
					    ? tam_keys_at(tam->keys, conversation->context.key)
					    : NULL;
	}
	return rc == -ENOMEM ? rc : 0;
}

/* One try: -ESTALE when another process took the message at the same time. */
static int message_take(struct conversation *conversation, struct responses *responses,
			const char *tid)
{
	bool over = false;
	int rc = conversation->recalled ? 0 : session_read(conversation, tid, &over);

	if (rc || over)
		return rc;
	rc = conversation->key ? answered(conversation, responses)
			       : unsolicited(conversation, responses);
	return rc ? rc : conversation_write(conversation);
}

/* The session in hand, unless it let the message down once. */
static struct conversation *conversation_begin_with(struct tam_worker *worker,
						    const struct tam_peer *peer, const char *tid,
						    struct span hash, bool anew)
{
	struct conversation *conversation =
		tid && !anew ? session_memory_take(worker->tam->memory, tid, hash) : NULL;

	if (!conversation)
		return conversation_open(worker, peer);
	conversation_resume(conversation, worker, peer);
	return conversation;
}

static int process(struct tam_worker *worker, const struct tam_peer *peer, struct span body,
		   struct responses *responses, char **next, char tid[TAM_TID_SIZE])
{
	const char *asked = tid_of(responses);
	uint8_t hash[OTRP_HASH_SIZE];
	int rc = -ESTALE;

	/* Nobody is there, and it can't be told whose TEE is meant. */
	if (!asked && all_are(responses, RESPONSE_OF_AGENT))
		return 0;
	if (all_are(responses, RESPONSE_UNREADABLE))
		return -EBADMSG;
	if (!sha256_make(body.data, body.size, hash))
		return -ENOMEM;
	for (int i = 0; rc == -ESTALE && i < TRIES_MAX; i++) {
		struct conversation *conversation = conversation_begin_with(
			worker, peer, asked, span_of(hash, sizeof(hash)), i > 0);

		if (!conversation)
			return -ENOMEM;
		conversation->body = body;
		memcpy(conversation->body_hash, hash, sizeof(hash));
		rc = message_take(conversation, responses, asked);
		if (rc == 0) {
			if (conversation->has_received)
				conversation_tell(conversation);
			if (conversation->session.tid)
				(void)snprintf(tid, TAM_TID_SIZE, "%s", conversation->session.tid);
			*next = conversation->next;
			conversation->next = NULL;
		}
		conversation_end(conversation);
	}
	return rc == -ESTALE ? -EAGAIN : rc;
}

int tam_process(struct tam_worker *worker, const struct tam_peer *peer, const void *body,
		size_t size, char **next, char tid[TAM_TID_SIZE])
{
	const struct tam *tam = worker->tam;
	const struct otrp_options options = { .extended = tam->extended };
	struct responses *responses;
	struct otrp_failure failure;
	ARENA_AUTO arena = { 0 };
	int rc;

	*next = NULL;
	tid[0] = '\0';
	if (size > (tam->message_max ? tam->message_max : OTRP_MESSAGE_SIZE_MAX))
		return -EMSGSIZE;
	responses = arena_take(&arena, sizeof(*responses));
	if (!responses)
		return -ENOMEM;
	rc = responses_parse(span_of(body, size), &options, &arena, responses, &failure);
	if (rc == 0)
		rc = process(worker, peer, span_of(body, size), responses, next, tid);
	return rc;
}

/* ---- Keys for client apps -------------------------------------------------------------------- */

static json_t *taids_of(const struct device_ta *tas, size_t count, const char *spid)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		if (strcmp(tas[i].spid, spid) == 0)
			(void)json_array_append_new(array, json_string(tas[i].taid));
	return array;
}

/* Whether the client app is one of this SP's: its TA was asked for, or got in this session. */
static bool concerns(const struct session_context *context, const struct device_ta *tas,
		     size_t count, const char *spid)
{
	for (size_t i = 0; i < context->requested_count; i++)
		for (size_t n = 0; n < count; n++)
			if (strcmp(tas[n].taid, context->requested[i]) == 0 &&
			    strcmp(tas[n].spid, spid) == 0)
				return true;
	for (size_t i = 0; context->requested_count == 0 && i < context->sp_count; i++)
		if (strcmp(context->sps[i], spid) == 0)
			return true;
	return false;
}

/* An entry for each key that concerns the session, of one of its TEEs. */
static int aiks_add(struct tam_worker *worker, const struct session_context *context,
		    const char *did, struct arena *arena, json_t *array)
{
	struct device_aik *aiks;
	struct device_ta *tas;
	size_t aik_count, ta_count;
	int rc = device_table_aiks(worker->database, did, arena, &aiks, &aik_count);

	if (rc == 0)
		rc = device_table_tas(worker->database, did, arena, &tas, &ta_count);
	for (size_t i = 0; rc == 0 && i < aik_count; i++) {
		if (!concerns(context, tas, ta_count, aiks[i].spid))
			continue;
		if (json_array_append_new(
			    array, json_pack("{s:s, s:o, s:s, s:o}", "spid", aiks[i].spid, "spaik",
					     otrp_base64(aiks[i].key.data, aiks[i].key.size),
					     "spaiktype", aiks[i].type, "taids",
					     taids_of(tas, ta_count, aiks[i].spid))))
			rc = -ENOMEM;
	}
	return rc;
}

static int aiks_collect(struct tam_worker *worker, const char *tid, struct arena *arena,
			json_t *array, size_t *key)
{
	struct session_context *context = arena_take(arena, sizeof(*context));
	struct session session;
	int rc = context ? session_table_get(worker->database, tid, arena, &session) : -ENOMEM;

	if (rc)
		return rc;
	if ((session.state != SESSION_DONE && session.state != SESSION_FAILED) ||
	    tam_time_now() - session.updated > AIK_MS)
		return -ENOENT;
	rc = session_context_parse(session.context, arena, context);
	for (size_t i = 0; rc == 0 && i < context->tee_count; i++)
		rc = aiks_add(worker, context, context->tees[i], arena, array);
	*key = context->key;
	return rc == 0 && json_array_size(array) == 0 ? -ENOENT : rc;
}

/* A message of ours, in the form of the others: {"TAMSPAIK": JWS of {"TAMSPAIKTBS": …}}. */
int tam_aik(struct tam_worker *worker, const char *tid, char **signed_keys)
{
	struct tam_keys *keys = worker->tam->keys;
	json_t *array = json_array(), *payload = NULL, *message = NULL;
	char *text = NULL;
	ARENA_AUTO arena = { 0 };
	size_t index = 0;
	int rc = array ? aiks_collect(worker, tid, &arena, array, &index) : -ENOMEM;

	*signed_keys = NULL;
	if (rc == 0 && index >= tam_keys_count(keys))
		index = 0;
	if (rc == 0) {
		payload = json_pack("{s:{s:s, s:s, s:s, s:O}}", "TAMSPAIKTBS", "ver", OTRP_VERSION,
				    "tid", tid, "tamid", tam_keys_tamid(keys), "aiks", array);
		text = payload ? json_canonical(payload) : NULL;
	}
	if (text)
		message = json_pack("{s:o}", "TAMSPAIK",
				    jws_sign(span_of_text(text), tam_keys_at(keys, index)->key,
					     tam_keys_at(keys, index)->chain));
	if (message)
		*signed_keys = json_canonical(message);
	if (rc == 0 && !*signed_keys)
		rc = -ENOMEM;
	json_decref(message);
	json_decref(payload);
	json_decref(array);
	free(text);
	return rc;
}

int tam_expire(struct tam_worker *worker)
{
	const unsigned seconds = seconds_of(worker->tam);
	const int64_t before = tam_time_now() - (int64_t)seconds * 1000;
	int64_t expired, all = 0;
	struct timespec clock;
	int rc;

	(void)clock_gettime(CLOCK_MONOTONIC, &clock);
	session_memory_expire(worker->tam->memory, clock.tv_sec - (int64_t)seconds);
	do {
		expired = 0;
		rc = session_table_expire(worker->database, before, EXPIRE_AT_ONCE, &expired);
		all += expired;
	} while (rc == 0 && expired == EXPIRE_AT_ONCE);
	return rc ? rc : (int)all;
}
