#include "teep/otrp/json.h"

#include <errno.h>
#include <stdlib.h>

/* The octet behind a string whose text begins at `at`. */
static const uint8_t *string_end(const uint8_t *at, const uint8_t *end)
{
	while (at < end) {
		const uint8_t *quote = memchr(at, '"', (size_t)(end - at));
		const uint8_t *escape;

		if (!quote)
			return end;
		escape = memchr(at, '\\', (size_t)(quote - at));
		if (!escape)
			return quote + 1;
		at = escape + 2;
	}
	return end;
}

/* jansson recurses, so the depth is settled before it is asked. Strings are passed over. */
static bool depth_bounded(struct span text)
{
	const uint8_t *at = text.data, *end = at + text.size;
	unsigned depth = 0;

	while (at < end) {
		const uint8_t c = *at++;

		if (c == '"') {
			at = string_end(at, end);
		} else if (c == '{' || c == '[') {
			if (++depth > JSON_DEPTH_MAX)
				return false;
		} else if ((c == '}' || c == ']') && depth-- == 0) {
			return false;
		}
	}
	return true;
}

int json_object_parse(struct span text, json_t **out)
{
	json_error_t error;
	json_t *value;

	if (!text.data || !depth_bounded(text))
		return -EBADMSG;
	value = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &error);
	if (!value)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
	if (!json_is_object(value)) {
		json_decref(value);
		return -EBADMSG;
	}
	*out = value;
	return 0;
}

static bool type_fits(const json_t *value, enum member_type type)
{
	switch (type) {
	case MEMBER_TEXT:
		return json_is_string(value);
	case MEMBER_BOOLEAN:
		return json_is_boolean(value);
	case MEMBER_OBJECT:
		return json_is_object(value);
	case MEMBER_ARRAY:
		return json_is_array(value);
	case MEMBER_ANY:
		break;
	}
	return true;
}

int members_check(const json_t *object, const char *where, const struct member *members,
		  size_t count, enum members_extra extra, struct otrp_failure *failure)
{
	size_t known = 0;

	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(object, members[i].name);

		if (!value && members[i].need == MEMBER_REQUIRED)
			return otrp_fail(failure, OTRP_REQUEST_INVALID, "%s: %s is missing", where,
					 members[i].name);
		if (value && !type_fits(value, members[i].type))
			return otrp_fail(failure, OTRP_REQUEST_INVALID, "%s: %s has a wrong type",
					 where, members[i].name);
		known += value != NULL;
	}
	if (extra == EXTRA_REFUSED && json_object_size(object) != known)
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "%s: has an undefined member",
				 where);
	return 0;
}

int member_text(const json_t *object, const char *name, struct arena *arena, struct span *out)
{
	const json_t *value = json_object_get(object, name);

	if (!value)
		return 0;
	if (!arena_copy(arena, json_string_value(value), json_string_length(value), out))
		return -ENOMEM;
	return 0;
}

struct span json_span(const json_t *string)
{
	return span_of(json_string_value(string), json_string_length(string));
}

char *json_canonical(const json_t *value)
{
	return json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}
