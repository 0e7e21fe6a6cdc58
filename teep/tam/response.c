#include "teep/tam/response.h"

#include <stdio.h>
#include <stdlib.h>

#include "teep/otrp/encoding.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NAME_SIZE    64

static int invalid(struct otrp_failure *failure, const char *why)
{
	return otrp_fail(failure, OTRP_REQUEST_INVALID, "answer: %s", why);
}

static int no_memory(struct otrp_failure *failure)
{
	return otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
}

/* The message that a name in an answer stands for. */
static enum otrp_message message_named(const char *name, const char *suffix)
{
	char full[NAME_SIZE];

	for (unsigned i = 0; i < OTRP_MESSAGE_COUNT; i++) {
		(void)snprintf(full, sizeof(full), "%s%s", otrp_answer_name((enum otrp_message)i),
			       suffix);
		if (strcmp(full, name) == 0)
			return (enum otrp_message)i;
	}
	return OTRP_MESSAGE_COUNT;
}

/* Text for people, from outside: dropped when it could do more than be read. */
static int prose_take(const json_t *value, struct arena *arena, struct span *out)
{
	const struct span text = json_is_string(value) ? json_span(value) : (struct span) { 0 };

	if (!text.data || !name_valid(text))
		return 0;
	return arena_copy(arena, text.data, text.size, out) ? 0 : -1;
}

/* {"error-code", "error-message"}; early drafts' schemas have the code alone. */
static int reason_take(const json_t *reason, struct arena *arena, enum otrp_status *status,
		       struct span *text, struct otrp_failure *failure)
{
	const json_t *code =
		json_is_object(reason) ? json_object_get(reason, "error-code") : reason;

	if (!reason)
		return 0;
	if (!json_is_string(code))
		return invalid(failure, "reason has no error-code");
	*status = otrp_status_parse(json_span(code));
	if (prose_take(json_object_get(reason, "error-message"), arena, text))
		return no_memory(failure);
	return 0;
}

static int identifier_take(const json_t *object, const char *name, struct arena *arena,
			   struct span *out, struct otrp_failure *failure)
{
	const struct span text = json_span(json_object_get(object, name));

	if (text.size == 0)
		return 0;
	if (!identifier_valid(text))
		return invalid(failure, "rid or tid is not printable text of at most 128 octets");
	return arena_copy(arena, text.data, text.size, out) ? 0 : no_memory(failure);
}

static const struct member tbs_members[] = {
	{ "ver", MEMBER_TEXT, MEMBER_REQUIRED },       { "status", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "rid", MEMBER_TEXT, MEMBER_REQUIRED },       { "tid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "content", MEMBER_OBJECT, MEMBER_OPTIONAL }, { "edsi", MEMBER_OBJECT, MEMBER_OPTIONAL },
};

/* What an answer that passed must have besides. */
static int passed_check(const json_t *tbs, const struct response *response,
			struct otrp_failure *failure)
{
	if (!response->encrypted)
		return invalid(failure, "it passed, and has no content");
	if (response->message == OTRP_GET_DEVICE_STATE && !json_object_get(tbs, "signerreq"))
		return invalid(failure, "it passed, and has no signerreq");
	return 0;
}

static int tbs_take(const json_t *tbs, struct arena *arena, struct response *out,
		    struct otrp_failure *failure)
{
	const bool query = out->message == OTRP_GET_DEVICE_STATE;
	const json_t *content = json_object_get(tbs, query ? "edsi" : "content");
	struct span status;
	int rc;

	rc = members_check(tbs, "answer", tbs_members, COUNT(tbs_members), EXTRA_IGNORED, failure);
	if (rc)
		return rc;
	if (!span_is(json_span(json_object_get(tbs, "ver")), OTRP_VERSION))
		return otrp_fail(failure, OTRP_UNSUPPORTED_MSG_VERSION,
				 "answer: its version is not " OTRP_VERSION);
	status = json_span(json_object_get(tbs, "status"));
	out->passed = span_is(status, "pass");
	if (!out->passed && !span_is(status, "fail"))
		return invalid(failure, "status is neither pass nor fail");
	out->status = out->passed ? OTRP_PASS : OTRP_STATUS_COUNT;
	out->encrypted = content != NULL;
	rc = identifier_take(tbs, "rid", arena, &out->rid, failure);
	if (rc == 0)
		rc = identifier_take(tbs, "tid", arena, &out->tid, failure);
	if (rc == 0 && content)
		rc = jwe_parse(content, arena, &out->content, failure);
	if (rc == 0 && !out->passed)
		rc = reason_take(json_object_get(tbs, "reason"), arena, &out->status, &out->reason,
				 failure);
	if (rc == 0)
		rc = member_boolean(tbs, "signerreq", true, &out->signerreq, failure);
	out->has_algorithms = json_object_get(tbs, "supportedsigalgs") != NULL;
	if (rc == 0)
		rc = member_algorithms(tbs, "supportedsigalgs", true, &out->algorithms, failure);
	if (rc == 0 && out->passed)
		rc = passed_check(tbs, out, failure);
	return rc;
}

static int payload_take(struct span payload, struct arena *arena, struct response *out,
			struct otrp_failure *failure)
{
	json_t *object, *tbs;
	void *first;
	int rc;

	if (json_object_parse(payload, &object))
		return invalid(failure, "what is signed is not one object in JSON");
	first = json_object_iter(object);
	tbs = first ? json_object_iter_value(first) : NULL;
	if (json_object_size(object) != 1 || !json_is_object(tbs) ||
	    message_named(json_object_iter_key(first), "TBSResponse") != out->message)
		rc = invalid(failure, "what is signed is not what the envelope says");
	else
		rc = tbs_take(tbs, arena, out, failure);
	json_decref(object);
	return rc;
}

static int signed_take(const json_t *value, const struct otrp_options *options, struct arena *arena,
		       struct response *out, struct otrp_failure *failure)
{
	const struct jws_options jws_options = { .lenient = options->lenient,
						 .extended = options->extended };
	int rc = jws_parse(value, &jws_options, arena, &out->jws, failure);

	out->kind = RESPONSE_OF_TEE;
	return rc ? rc : payload_take(out->jws.payload, arena, out, failure);
}

/* {"OTrPBrokerError":{…,"errcode"}} or {"status":{"result":"fail","error-code",…}}: both may only
 * say what an agent has to say. */
static int agent_take(const json_t *value, const char *member, struct arena *arena,
		      struct response *out, struct otrp_failure *failure)
{
	const json_t *code = json_object_get(value, member);
	int rc;

	out->kind = RESPONSE_OF_AGENT;
	out->message = OTRP_MESSAGE_COUNT;
	if (!json_is_object(value) || !json_is_string(code))
		return invalid(failure, "an agent's error without a code");
	out->status = otrp_status_parse(json_span(code));
	if (out->status != OTRP_AGENT_TEE_UNKNOWN && out->status != OTRP_AGENT_TEE_BUSY &&
	    out->status != OTRP_AGENT_TEE_FAIL)
		return invalid(failure, "an agent's error with a code that is no agent's");
	rc = identifier_take(value, "rid", arena, &out->rid, failure);
	if (rc == 0)
		rc = identifier_take(value, "tid", arena, &out->tid, failure);
	if (rc == 0 && prose_take(json_object_get(value, "error-message"), arena, &out->reason))
		rc = no_memory(failure);
	return rc;
}

/* One object with one member that says what it is. */
static int answer_take(const json_t *object, const struct otrp_options *options,
		       struct arena *arena, struct response *out, struct otrp_failure *failure)
{
	void *first = json_object_iter((json_t *)object);
	const char *name = first ? json_object_iter_key(first) : "";
	const json_t *value = first ? json_object_iter_value(first) : NULL;

	*out = (struct response) { .message = OTRP_MESSAGE_COUNT };
	if (!json_is_object(object) || json_object_size(object) != 1)
		return invalid(failure, "not an object with one member");
	if (strcmp(name, "OTrPBrokerError") == 0)
		return agent_take(value, "errcode", arena, out, failure);
	if (strcmp(name, "status") == 0)
		return agent_take(value, "error-code", arena, out, failure);
	out->message = message_named(name, "Response");
	if (out->message == OTRP_MESSAGE_COUNT)
		return invalid(failure, "no known answer");
	return signed_take(value, options, arena, out, failure);
}

/* Entries of the array are a TEE's answer or an agent's error; another's bad one spoils none. */
static int array_take(const json_t *array, const struct otrp_options *options, struct arena *arena,
		      struct responses *out, struct otrp_failure *failure)
{
	if (json_array_size(array) > RESPONSES_MAX)
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "answer: more than %u entries",
				 RESPONSES_MAX);
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct response *entry = &out->item[out->count++];
		int rc = answer_take(json_array_get(array, i), options, arena, entry,
				     &entry->failure);

		if (rc == 0 && entry->kind == RESPONSE_OF_TEE &&
		    entry->message != OTRP_GET_DEVICE_STATE)
			rc = invalid(&entry->failure, "no device state, in a list of those");
		if (rc && entry->failure.status == OTRP_TEE_FAIL)
			return no_memory(failure);
		if (rc)
			entry->kind = RESPONSE_UNREADABLE;
	}
	return 0;
}

int responses_parse(struct span octets, const struct otrp_options *options, struct arena *arena,
		    struct responses *out, struct otrp_failure *failure)
{
	const size_t most = options->message_max ? options->message_max : OTRP_MESSAGE_SIZE_MAX;
	const json_t *array;
	json_t *object;
	int rc;

	out->count = 0;
	if (octets.size > most)
		return invalid(failure, "too large");
	if (json_object_parse(octets, &object))
		return invalid(failure, "not one object in JSON");
	array = json_object_get(object, "GetDeviceStateResponse");
	if (json_is_array(array) && json_object_size(object) == 1) {
		rc = array_take(array, options, arena, out, failure);
	} else {
		rc = answer_take(object, options, arena, &out->item[0], failure);
		out->count = rc == 0;
	}
	json_decref(object);
	return rc;
}

static const struct member content_members[] = {
	{ "did", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "sdname", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "teespaik", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "dsi", MEMBER_OBJECT, MEMBER_OPTIONAL },
};

/* As the hash of a state is made: {"dsi": value}, canonical. */
static int state_take(json_t *dsi, struct arena *arena, struct response_content *out,
		      struct otrp_failure *failure)
{
	json_t *whole = json_pack("{s:O}", "dsi", dsi);
	char *text = whole ? json_canonical(whole) : NULL;
	struct otrp_failure unread = { 0 };
	int rc = 0;

	if (!text || !arena_copy(arena, text, strlen(text), &out->dsi))
		rc = no_memory(failure);
	else
		out->has_state = dsi_take(whole, out->dsi, arena, &out->state, &unread) == 0 &&
				 dsi_keys_check(&out->state, &unread) == 0;
	if (unread.status == OTRP_TEE_FAIL)
		rc = no_memory(failure);
	free(text);
	json_decref(whole);
	return rc;
}

int response_content_take(const json_t *object, struct arena *arena, struct response_content *out,
			  struct otrp_failure *failure)
{
	json_t *dsi = json_object_get(object, "dsi");
	int rc;

	*out = (struct response_content) { .status = OTRP_PASS };
	rc = members_check(object, "content", content_members, COUNT(content_members),
			   EXTRA_IGNORED, failure);
	if (rc == 0)
		rc = member_hash(object, "did", arena, &out->did, failure);
	if (rc == 0)
		rc = reason_take(json_object_get(object, "reason"), arena, &out->status,
				 &out->reason, failure);
	if (rc == 0)
		rc = member_name(object, "sdname", arena, &out->sdname, failure);
	if (rc == 0 && json_object_get(object, "teespaik") &&
	    base64_decode(json_span(json_object_get(object, "teespaik")), BASE64_ANY, arena,
			  &out->aik))
		rc = invalid(failure, "teespaik is not base64");
	if (rc == 0 && dsi)
		rc = state_take(dsi, arena, out, failure);
	return rc;
}

int response_content_parse(struct span plaintext, struct arena *arena, struct response_content *out,
			   struct otrp_failure *failure)
{
	json_t *object;
	int rc;

	if (json_object_parse(plaintext, &object))
		return invalid(failure, "the content is not one object in JSON");
	rc = response_content_take(object, arena, out, failure);
	json_decref(object);
	return rc;
}
