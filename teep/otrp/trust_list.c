#include "teep/otrp/trust_list.h"

#include <errno.h>
#include <stdlib.h>

#include "teep/otrp/encoding.h"
#include "teep/otrp/request.h"
#include "wire/uuid.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TAS_MAX	     4096U

const struct record_member jws_layout[JWS_LAYOUT_COUNT] = {
	{ RECORD_NUMBER, offsetof(struct jws, algorithm), JWS_NONE, JWS_ES384 },
	{ RECORD_SPAN, offsetof(struct jws, protected_text), 0, OTRP_MESSAGE_SIZE_MAX },
	{ RECORD_SPAN, offsetof(struct jws, payload_text), 0, OTRP_MESSAGE_SIZE_MAX },
	{ RECORD_SPAN, offsetof(struct jws, signature), 0, OTRP_MESSAGE_SIZE_MAX },
};

const struct record_member trust_list_layout[TRUST_LIST_LAYOUT_COUNT] = {
	{ RECORD_SPAN, offsetof(struct trust_list, version), 8, 8 },
	{ RECORD_LIST, offsetof(struct trust_list, roots), 1, OTRP_MESSAGE_SIZE_MAX },
	{ RECORD_NUMBER, offsetof(struct trust_list, has_tas), 0, 1 },
	{ RECORD_SPAN, offsetof(struct trust_list, tas), 0, (size_t)TAS_MAX *TRUST_LIST_TA_SIZE },
};

const struct record_member ta_query_layout[TA_QUERY_LAYOUT_COUNT] = {
	{ RECORD_SPAN, offsetof(struct ta_query, spid), 1, OTRP_NAME_SIZE_MAX },
	{ RECORD_SPAN, offsetof(struct ta_query, taid), 1, OTRP_NAME_SIZE_MAX },
};

static const struct member list_members[] = {
	{ "version", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "tamroots", MEMBER_ARRAY, MEMBER_REQUIRED },
	{ "tas", MEMBER_ARRAY, MEMBER_OPTIONAL },
};

static const struct member query_members[] = {
	{ "spid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "taid", MEMBER_TEXT, MEMBER_REQUIRED },
};

/* The one member of an object, if it has that name. */
static int only_member(struct span octets, const char *name, json_t **object, json_t **value,
		       struct otrp_failure *failure)
{
	*object = *value = NULL;
	if (octets.size > OTRP_MESSAGE_SIZE_MAX || json_object_parse(octets, object))
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "%s: not one object in JSON", name);
	*value = json_object_get(*object, name);
	if (json_is_object(*value) && json_object_size(*object) == 1)
		return 0;
	json_decref(*object);
	return otrp_fail(failure, OTRP_REQUEST_INVALID, "%s: not one object of that name", name);
}

int trust_list_envelope_parse(struct span octets, struct arena *arena, struct jws *out,
			      struct otrp_failure *failure)
{
	const struct jws_options options = { .extended = true };
	json_t *object, *value;
	int rc;

	*out = (struct jws) { 0 };
	rc = only_member(octets, "TrustList", &object, &value, failure);
	if (rc)
		return rc;
	rc = jws_parse(value, &options, arena, out, failure);
	json_decref(object);
	return rc;
}

static int version_take(const json_t *list, struct arena *arena, struct span *out,
			struct otrp_failure *failure)
{
	const char *text = json_string_value(json_object_get(list, "version"));
	uint64_t number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (text[0] < '1' || text[0] > '9' || *end || errno)
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "version: no decimal number");
	return arena_copy(arena, &number, sizeof(number), out)
		       ? 0
		       : otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
}

static int roots_take(const json_t *list, struct arena *arena, struct span_list *out,
		      struct otrp_failure *failure)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(list, "tamroots"), i, item) {
		if (i == SPAN_LIST_MAX || !json_is_string(item) ||
		    base64_decode(json_span(item), BASE64_ANY, arena, &out->item[i]) ||
		    out->item[i].size == 0)
			return otrp_fail(failure, OTRP_REQUEST_INVALID,
					 "tamroots: not up to %d certificates in base64",
					 SPAN_LIST_MAX);
		out->count++;
	}
	return 0;
}

static int tas_take(const json_t *list, struct arena *arena, struct trust_list *out,
		    struct otrp_failure *failure)
{
	const json_t *tas = json_object_get(list, "tas"), *item;
	const size_t count = json_array_size(tas);
	uint8_t *texts;
	size_t i;

	if (!tas)
		return 0;
	texts = count <= TAS_MAX ? arena_take(arena, count * TRUST_LIST_TA_SIZE) : NULL;
	if (!texts)
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "tas: more than %u", TAS_MAX);
	json_array_foreach(tas, i, item) {
		struct uuid uuid;

		if (!json_is_string(item) || json_string_length(item) != TRUST_LIST_TA_SIZE ||
		    uuid_parse(json_string_value(item), &uuid))
			return otrp_fail(failure, OTRP_REQUEST_INVALID, "tas: not UUIDs");
		memcpy(texts + i * TRUST_LIST_TA_SIZE, json_string_value(item), TRUST_LIST_TA_SIZE);
	}
	out->has_tas = 1;
	out->tas = span_of(texts, count * TRUST_LIST_TA_SIZE);
	return 0;
}

int trust_list_parse(struct span payload, struct arena *arena, struct trust_list *out,
		     struct otrp_failure *failure)
{
	json_t *object, *list;
	int rc;

	*out = (struct trust_list) { 0 };
	rc = only_member(payload, "TrustListTBS", &object, &list, failure);
	if (rc)
		return rc;
	rc = members_check(list, "TrustListTBS", list_members, COUNT(list_members), EXTRA_REFUSED,
			   failure);
	if (rc == 0)
		rc = version_take(list, arena, &out->version, failure);
	if (rc == 0)
		rc = roots_take(list, arena, &out->roots, failure);
	if (rc == 0)
		rc = tas_take(list, arena, out, failure);
	json_decref(object);
	return rc;
}

int ta_query_parse(struct span octets, struct arena *arena, struct ta_query *out,
		   struct otrp_failure *failure)
{
	json_t *object, *query;
	int rc;

	*out = (struct ta_query) { 0 };
	rc = only_member(octets, "TAQuery", &object, &query, failure);
	if (rc)
		return rc;
	rc = members_check(query, "TAQuery", query_members, COUNT(query_members), EXTRA_REFUSED,
			   failure);
	if (rc == 0 && (member_text(query, "spid", arena, &out->spid) ||
			member_text(query, "taid", arena, &out->taid)))
		rc = otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
	json_decref(object);
	if (rc == 0 && (out->spid.size == 0 || out->spid.size > OTRP_NAME_SIZE_MAX ||
			out->taid.size == 0 || out->taid.size > OTRP_NAME_SIZE_MAX))
		rc = otrp_fail(failure, OTRP_REQUEST_INVALID, "TAQuery: spid or taid is no name");
	return rc;
}
