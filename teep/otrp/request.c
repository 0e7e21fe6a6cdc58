#include "teep/otrp/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "teep/otrp/encoding.h"
#include "teep/otrp/member.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const message_names[OTRP_MESSAGE_COUNT] = {
	[OTRP_GET_DEVICE_STATE] = "GetDeviceState",
	[OTRP_CREATE_SD] = "CreateSD",
	[OTRP_UPDATE_SD] = "UpdateSD",
	[OTRP_DELETE_SD] = "DeleteSD",
	[OTRP_INSTALL_TA] = "InstallTA",
	[OTRP_UPDATE_TA] = "UpdateTA",
	[OTRP_DELETE_TA] = "DeleteTA",
};

const char *otrp_message_name(enum otrp_message message)
{
	return message < OTRP_MESSAGE_COUNT ? message_names[message] : "unknown";
}

const char *otrp_answer_name(enum otrp_message message)
{
	return message == OTRP_GET_DEVICE_STATE ? "GetDeviceTEEState" : otrp_message_name(message);
}

/* The message whose name, with `suffix` behind it, is the one name in the object. */
static enum otrp_message only_name(const json_t *object, const char *suffix, json_t **value)
{
	char name[40];

	for (unsigned i = 0; json_object_size(object) == 1 && i < OTRP_MESSAGE_COUNT; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", message_names[i], suffix);
		*value = json_object_get(object, name);
		if (*value)
			return (enum otrp_message)i;
	}
	return OTRP_MESSAGE_COUNT;
}

int otrp_envelope_parse(struct span octets, const struct otrp_options *options, struct arena *arena,
			struct otrp_envelope *out, struct otrp_failure *failure)
{
	const size_t most = options->message_max ? options->message_max : OTRP_MESSAGE_SIZE_MAX;
	const struct jws_options jws_options = { options->lenient, options->extended,
						 options->payload_later };
	json_t *object, *value = NULL;
	int rc;

	*out = (struct otrp_envelope) { .message = OTRP_MESSAGE_COUNT };
	if (octets.size > most)
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "the message is too large");
	if (json_object_parse(octets, &object))
		return otrp_fail(failure, OTRP_REQUEST_INVALID,
				 "the message is not one object in "
				 "JSON");
	out->message = only_name(object, "Request", &value);
	if (out->message == OTRP_MESSAGE_COUNT)
		rc = otrp_fail(failure, OTRP_REQUEST_INVALID, "the message is no known request");
	else
		rc = jws_parse(value, &jws_options, arena, &out->jws, failure);
	json_decref(object);
	return rc;
}

static const struct member encrypted_ta_members[] = {
	{ "key", MEMBER_ANY, MEMBER_REQUIRED },
	{ "iv", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "alg", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "ciphertadata", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "cipherpdata", MEMBER_TEXT, MEMBER_OPTIONAL },
};

static const struct member encrypted_update_members[] = {
	{ "key", MEMBER_ANY, MEMBER_REQUIRED },
	{ "iv", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "alg", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "ciphernewtadata", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "ciphernewpdata", MEMBER_TEXT, MEMBER_OPTIONAL },
};

#define AES_BLOCK 16U

static int ta_data_take(const json_t *object, const char *name, struct arena *arena,
			struct span *out, struct otrp_failure *failure)
{
	const json_t *value = json_object_get(object, name);

	if (value && base64_decode(json_span(value), BASE64_ANY, arena, out))
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "%s: not base64", name);
	return 0;
}

static int ta_key_take(const json_t *key, bool lenient, struct arena *arena,
		       struct otrp_request *out, struct otrp_failure *failure)
{
	if (json_is_object(key))
		return jwe_parse(key, arena, &out->ta_key, failure);
	if (!lenient || !json_is_string(key) ||
	    base64_decode(json_span(key), BASE64_ANY, arena, &out->ta_key_bare))
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "encrypted_ta: key is no JWE");
	return 0;
}

int otrp_encrypted_ta_take(const json_t *object, const struct otrp_options *options,
			   struct arena *arena, struct otrp_request *out,
			   struct otrp_failure *failure)
{
	const bool update = out->message == OTRP_UPDATE_TA;
	const json_t *alg = json_object_get(object, "alg");
	uint8_t *iv = arena_take(arena, AES_BLOCK);
	int rc;

	if (!iv)
		return otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
	rc = members_check(object, "encrypted_ta",
			   update ? encrypted_update_members : encrypted_ta_members,
			   COUNT(encrypted_ta_members), EXTRA_REFUSED, failure);
	if (rc)
		return rc;
	if (alg && !span_is(json_span(alg), "AESCBC"))
		return otrp_fail(failure, OTRP_UNSUPPORTED_CRYPTO_ALG,
				 "encrypted_ta: alg is not AESCBC");
	if (hex_decode(json_span(json_object_get(object, "iv")), iv, AES_BLOCK))
		return otrp_fail(failure, OTRP_REQUEST_INVALID,
				 "encrypted_ta: iv is not 32 hexadecimal digits");
	out->ta_iv = span_of(iv, AES_BLOCK);
	rc = ta_key_take(json_object_get(object, "key"), options->lenient, arena, out, failure);
	if (rc == 0)
		rc = ta_data_take(object, update ? "ciphernewtadata" : "ciphertadata", arena,
				  &out->ta_data, failure);
	if (rc == 0)
		rc = ta_data_take(object, update ? "ciphernewpdata" : "cipherpdata", arena,
				  &out->ta_personal, failure);
	if (rc == 0 && !out->ta_data.data && !out->ta_personal.data)
		rc = otrp_fail(failure, OTRP_REQUEST_INVALID, "encrypted_ta: nothing to update");
	return rc;
}

static const struct member state_members[] = {
	{ "ver", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "rid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "tid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "ocspdat", MEMBER_ANY, MEMBER_REQUIRED },
	{ "supportedsigalgs", MEMBER_ANY, MEMBER_OPTIONAL },
};

/* encrypted_ta comes last: only two of the commands have it. */
static const struct member command_members[] = {
	{ "ver", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "rid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "tid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "tee", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "nextdsi", MEMBER_ANY, MEMBER_REQUIRED },
	{ "dsihash", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "content", MEMBER_OBJECT, MEMBER_REQUIRED },
	{ "ocspdat", MEMBER_ANY, MEMBER_OPTIONAL },
	{ "encrypted_ta", MEMBER_OBJECT, MEMBER_REQUIRED },
};

static int command_take(const json_t *tbs, const struct otrp_options *options, struct arena *arena,
			struct otrp_request *out, struct otrp_failure *failure)
{
	const bool with_ta = out->message == OTRP_INSTALL_TA || out->message == OTRP_UPDATE_TA;
	int rc;

	rc = members_check(tbs, "request", command_members,
			   COUNT(command_members) - (with_ta ? 0 : 1), EXTRA_REFUSED, failure);
	if (rc == 0)
		rc = member_name(tbs, "tee", arena, &out->tee, failure);
	if (rc == 0)
		rc = member_boolean(tbs, "nextdsi", options->lenient, &out->nextdsi, failure);
	if (rc == 0)
		rc = member_hash(tbs, "dsihash", arena, &out->dsihash, failure);
	if (rc == 0)
		rc = jwe_parse(json_object_get(tbs, "content"), arena, &out->content, failure);
	if (rc == 0 && with_ta)
		rc = otrp_encrypted_ta_take(json_object_get(tbs, "encrypted_ta"), options, arena,
					    out, failure);
	return rc;
}

static int members_take(const json_t *tbs, const struct otrp_options *options, struct arena *arena,
			struct otrp_request *out, struct otrp_failure *failure)
{
	int rc;

	if (out->message == OTRP_GET_DEVICE_STATE) {
		rc = members_check(tbs, "request", state_members, COUNT(state_members),
				   EXTRA_REFUSED, failure);
		if (rc == 0) {
			out->has_algorithms = json_object_get(tbs, "supportedsigalgs") != NULL;
			rc = member_algorithms(tbs, "supportedsigalgs", options->lenient,
					       &out->algorithms, failure);
		}
	} else {
		rc = command_take(tbs, options, arena, out, failure);
	}
	if (rc == 0 && (!out->rid.data || !out->tid.data))
		rc = otrp_fail(failure, OTRP_REQUEST_INVALID,
			       "request: rid or tid is not 1 to 128 printable characters");
	return rc;
}

static void identifier_take(const json_t *tbs, const char *name, struct arena *arena,
			    struct span *out)
{
	const json_t *value = json_object_get(tbs, name);

	if (json_is_string(value) && identifier_valid(json_span(value)))
		(void)arena_copy(arena, json_string_value(value), json_string_length(value), out);
}

static int tbs_parse(const json_t *tbs, const struct otrp_options *options, struct arena *arena,
		     struct otrp_request *out, struct otrp_failure *failure)
{
	struct otrp_failure late = { 0 };
	const json_t *version;
	int rc;

	identifier_take(tbs, "rid", arena, &out->rid);
	identifier_take(tbs, "tid", arena, &out->tid);
	version = json_object_get(tbs, "ver");
	if (!json_is_string(version))
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "request: ver is missing");
	if (!span_is(json_span(version), OTRP_VERSION))
		return otrp_fail(failure, OTRP_UNSUPPORTED_MSG_VERSION,
				 "the only version that is supported is " OTRP_VERSION);
	/* These are needed to judge the sender, before what is wrong with the rest counts. */
	rc = member_list(tbs, "ocspdat", options->lenient, arena, &out->ocspdat,
			 OTRP_TAM_NOT_TRUSTED, &late);
	if (rc)
		out->ocspdat.count = 0;
	else
		rc = members_take(tbs, options, arena, out, &late);
	if (rc == -ENOMEM)
		return otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
	if (!late.status)
		return 0;
	/* Of a refused one nothing counts but who asked for what. */
	*out = (struct otrp_request) {
		.message = out->message,
		.rid = out->rid,
		.tid = out->tid,
		.ocspdat = out->ocspdat,
		.refusal = late.status,
	};
	if (!arena_copy(arena, late.why, strlen(late.why), &out->refusal_why))
		return otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
	return 0;
}

int otrp_request_parse(struct span payload, const struct otrp_options *options, struct arena *arena,
		       struct otrp_request *out, struct otrp_failure *failure)
{
	json_t *object, *tbs = NULL;
	int rc;

	*out = (struct otrp_request) { .message = OTRP_MESSAGE_COUNT };
	if (json_object_parse(payload, &object))
		return otrp_fail(failure, OTRP_REQUEST_INVALID,
				 "the payload is not one object in JSON");
	out->message = only_name(object, "TBSRequest", &tbs);
	if (out->message == OTRP_MESSAGE_COUNT || !json_is_object(tbs)) {
		out->message = OTRP_MESSAGE_COUNT;
		rc = otrp_fail(failure, OTRP_REQUEST_INVALID, "the payload is no known request");
	} else {
		rc = tbs_parse(tbs, options, arena, out, failure);
	}
	json_decref(object);
	return rc;
}

/* What each command's content has. */
static const struct member create_sd_content[] = {
	{ "spid", MEMBER_TEXT, MEMBER_REQUIRED },   { "sdname", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "spcert", MEMBER_TEXT, MEMBER_REQUIRED }, { "tamid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "did", MEMBER_TEXT, MEMBER_REQUIRED },
};

static const struct member update_sd_content[] = {
	{ "tamid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "spid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "sdname", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "changes", MEMBER_OBJECT, MEMBER_REQUIRED },
};

static const struct member changes_members[] = {
	{ "newsdname", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "newspid", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "spcert", MEMBER_ANY, MEMBER_OPTIONAL },
	{ "deloldspcert", MEMBER_ARRAY, MEMBER_OPTIONAL },
	{ "renewteespaik", MEMBER_ANY, MEMBER_OPTIONAL },
};

static const struct member delete_sd_content[] = {
	{ "tamid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "sdname", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "deleteta", MEMBER_ANY, MEMBER_OPTIONAL },
	{ "spid", MEMBER_TEXT, MEMBER_OPTIONAL },
};

static const struct member put_ta_content[] = {
	{ "tamid", MEMBER_TEXT, MEMBER_REQUIRED },  { "spid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "sdname", MEMBER_TEXT, MEMBER_REQUIRED }, { "spcert", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "taid", MEMBER_TEXT, MEMBER_REQUIRED },
};

static const struct member delete_ta_content[] = {
	{ "tamid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "sdname", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "taid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "spid", MEMBER_TEXT, MEMBER_OPTIONAL },
};

static const struct {
	const struct member *members;
	size_t count;
} contents[OTRP_MESSAGE_COUNT] = {
	[OTRP_CREATE_SD] = { create_sd_content, COUNT(create_sd_content) },
	[OTRP_UPDATE_SD] = { update_sd_content, COUNT(update_sd_content) },
	[OTRP_DELETE_SD] = { delete_sd_content, COUNT(delete_sd_content) },
	[OTRP_INSTALL_TA] = { put_ta_content, COUNT(put_ta_content) },
	[OTRP_UPDATE_TA] = { put_ta_content, COUNT(put_ta_content) },
	[OTRP_DELETE_TA] = { delete_ta_content, COUNT(delete_ta_content) },
};

static int hashes_take(const json_t *changes, struct arena *arena, struct span_list *out,
		       struct otrp_failure *failure)
{
	const json_t *value = json_object_get(changes, "deloldspcert");
	const json_t *item;
	size_t i;

	if (json_array_size(value) > SPAN_LIST_MAX)
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "deloldspcert: more than %d",
				 SPAN_LIST_MAX);
	json_array_foreach(value, i, item) {
		uint8_t *hash = arena_take(arena, OTRP_HASH_SIZE);

		if (!hash)
			return otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
		if (!json_is_string(item) || hex_decode(json_span(item), hash, OTRP_HASH_SIZE))
			return otrp_fail(failure, OTRP_REQUEST_INVALID,
					 "deloldspcert: not 64 hexadecimal digits");
		out->item[out->count++] = span_of(hash, OTRP_HASH_SIZE);
	}
	return 0;
}

static int changes_take(const json_t *changes, const struct otrp_options *options,
			struct arena *arena, struct otrp_content *out, struct otrp_failure *failure)
{
	int rc;

	rc = members_check(changes, "changes", changes_members, COUNT(changes_members),
			   EXTRA_REFUSED, failure);
	if (rc == 0 && json_object_size(changes) == 0)
		rc = otrp_fail(failure, OTRP_REQUEST_INVALID, "changes: there are none");
	if (rc == 0)
		rc = member_name(changes, "newsdname", arena, &out->newsdname, failure);
	if (rc == 0)
		rc = member_name(changes, "newspid", arena, &out->newspid, failure);
	if (rc == 0)
		rc = member_list(changes, "spcert", options->lenient, arena, &out->spcert,
				 OTRP_SPCERT_INVALID, failure);
	if (rc == 0)
		rc = hashes_take(changes, arena, &out->deloldspcert, failure);
	if (rc == 0)
		rc = member_boolean(changes, "renewteespaik", options->lenient, &out->renew_aik,
				    failure);
	return rc;
}

static int content_take(const json_t *object, enum otrp_message message,
			const struct otrp_options *options, struct arena *arena,
			struct otrp_content *out, struct otrp_failure *failure)
{
	static const struct {
		const char *name;
		size_t offset;
	} texts[] = {
		{ "tamid", offsetof(struct otrp_content, tamid) },
		{ "spid", offsetof(struct otrp_content, spid) },
		{ "sdname", offsetof(struct otrp_content, sdname) },
		{ "taid", offsetof(struct otrp_content, taid) },
	};
	const json_t *changes = json_object_get(object, "changes");
	int rc;

	rc = members_check(object, "content", contents[message].members, contents[message].count,
			   EXTRA_REFUSED, failure);
	for (size_t i = 0; rc == 0 && i < COUNT(texts); i++)
		rc = member_name(object, texts[i].name, arena,
				 (struct span *)(void *)((uint8_t *)out + texts[i].offset),
				 failure);
	if (rc == 0)
		rc = member_hash(object, "did", arena, &out->did, failure);
	if (rc == 0)
		rc = member_list(object, "spcert", true, arena, &out->spcert, OTRP_SPCERT_INVALID,
				 failure);
	if (rc == 0)
		rc = member_boolean(object, "deleteta", options->lenient, &out->delete_tas,
				    failure);
	if (rc == 0 && changes)
		rc = changes_take(changes, options, arena, out, failure);
	return rc;
}

int otrp_content_parse(struct span plaintext, enum otrp_message message,
		       const struct otrp_options *options, struct arena *arena,
		       struct otrp_content *out, struct otrp_failure *failure)
{
	json_t *object;
	int rc;

	*out = (struct otrp_content) { 0 };
	if (message >= OTRP_MESSAGE_COUNT || !contents[message].count)
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "the request has no content");
	if (json_object_parse(plaintext, &object))
		return otrp_fail(failure, OTRP_REQUEST_INVALID,
				 "the content is not one object in JSON");
	rc = content_take(object, message, options, arena, out, failure);
	json_decref(object);
	return rc;
}

/* Layouts. ANY: as much as a message can hold. */
#define ANY OTRP_MESSAGE_SIZE_MAX
#define NUMBER(type, member, least, most)                          \
	{                                                          \
		RECORD_NUMBER, offsetof(type, member), least, most \
	}
#define SPAN(type, member, least, most)                          \
	{                                                        \
		RECORD_SPAN, offsetof(type, member), least, most \
	}
#define LIST(type, member, least, most)                          \
	{                                                        \
		RECORD_LIST, offsetof(type, member), least, most \
	}

const struct record_member otrp_envelope_layout[OTRP_ENVELOPE_LAYOUT_COUNT] = {
	NUMBER(struct otrp_envelope, message, 0, OTRP_MESSAGE_COUNT),
	NUMBER(struct otrp_envelope, jws.algorithm, JWS_NONE, JWS_ES384),
	SPAN(struct otrp_envelope, jws.protected_text, 0, ANY),
	SPAN(struct otrp_envelope, jws.payload_text, 0, ANY),
	SPAN(struct otrp_envelope, jws.signature, 0, ANY),
	LIST(struct otrp_envelope, jws.x5c, 1, ANY),
};

const struct record_member otrp_request_layout[OTRP_REQUEST_LAYOUT_COUNT] = {
	NUMBER(struct otrp_request, message, 0, OTRP_MESSAGE_COUNT),
	SPAN(struct otrp_request, rid, 1, OTRP_ID_SIZE_MAX),
	SPAN(struct otrp_request, tid, 1, OTRP_ID_SIZE_MAX),
	NUMBER(struct otrp_request, refusal, OTRP_PASS, OTRP_STATUS_COUNT - 1),
	SPAN(struct otrp_request, refusal_why, 0, OTRP_WHY_SIZE),
	NUMBER(struct otrp_request, has_algorithms, 0, 1),
	NUMBER(struct otrp_request, algorithms, 0, UINT32_MAX),
	NUMBER(struct otrp_request, nextdsi, 0, 1),
	SPAN(struct otrp_request, tee, 1, OTRP_NAME_SIZE_MAX),
	SPAN(struct otrp_request, dsihash, OTRP_HASH_SIZE, OTRP_HASH_SIZE),
	LIST(struct otrp_request, ocspdat, 1, ANY),
	JWE_LAYOUT(struct otrp_request, content, ANY),
	JWE_LAYOUT(struct otrp_request, ta_key, ANY),
	SPAN(struct otrp_request, ta_key_bare, 0, ANY),
	SPAN(struct otrp_request, ta_iv, AES_BLOCK, AES_BLOCK),
	SPAN(struct otrp_request, ta_data, 0, ANY),
	SPAN(struct otrp_request, ta_personal, 0, ANY),
};

const struct record_member otrp_content_layout[OTRP_CONTENT_LAYOUT_COUNT] = {
	SPAN(struct otrp_content, tamid, 1, OTRP_NAME_SIZE_MAX),
	SPAN(struct otrp_content, spid, 1, OTRP_NAME_SIZE_MAX),
	SPAN(struct otrp_content, sdname, 1, OTRP_NAME_SIZE_MAX),
	SPAN(struct otrp_content, taid, 1, OTRP_NAME_SIZE_MAX),
	SPAN(struct otrp_content, did, OTRP_HASH_SIZE, OTRP_HASH_SIZE),
	LIST(struct otrp_content, spcert, 1, ANY),
	NUMBER(struct otrp_content, delete_tas, 0, 1),
	SPAN(struct otrp_content, newsdname, 1, OTRP_NAME_SIZE_MAX),
	SPAN(struct otrp_content, newspid, 1, OTRP_NAME_SIZE_MAX),
	LIST(struct otrp_content, deloldspcert, OTRP_HASH_SIZE, OTRP_HASH_SIZE),
	NUMBER(struct otrp_content, renew_aik, 0, 1),
};
