#include "teep/otrp/member.h"

#include "teep/otrp/encoding.h"

bool identifier_valid(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] < 0x20 || text.data[i] > 0x7e)
			return false;
	return text.size > 0 && text.size <= OTRP_ID_SIZE_MAX;
}

bool name_valid(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		const uint8_t c = text.data[i];

		if (c < 0x20 || c == 0x7f)
			return false;
		if (c == 0xc2 && i + 1 < text.size && text.data[i + 1] < 0xa0)
			return false;
	}
	return text.size > 0 && text.size <= OTRP_NAME_SIZE_MAX;
}

int member_name(const json_t *object, const char *name, struct arena *arena, struct span *out,
		struct otrp_failure *failure)
{
	if (member_text(object, name, arena, out))
		return otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
	if (out->data && !name_valid(*out))
		return otrp_fail(failure, OTRP_REQUEST_INVALID,
				 "%s: not 1 to 255 octets of text without control characters",
				 name);
	return 0;
}

int member_boolean(const json_t *object, const char *name, bool lenient, uint32_t *out,
		   struct otrp_failure *failure)
{
	const json_t *value = json_object_get(object, name);
	const struct span text = lenient ? json_span(value) : (struct span) { 0 };

	if (!value)
		return 0;
	if (json_is_boolean(value))
		*out = json_is_true(value);
	else if (span_is(text, "true") || span_is(text, "1"))
		*out = 1;
	else if (span_is(text, "false") || span_is(text, "0"))
		*out = 0;
	else
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "%s: not a boolean", name);
	return 0;
}

int member_hash(const json_t *object, const char *name, struct arena *arena, struct span *out,
		struct otrp_failure *failure)
{
	const json_t *value = json_object_get(object, name);

	if (value && (base64_decode(json_span(value), BASE64_ANY, arena, out) ||
		      out->size != OTRP_HASH_SIZE))
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "%s: not 32 octets in base64",
				 name);
	return 0;
}

int member_list(const json_t *object, const char *name, bool lone, struct arena *arena,
		struct span_list *out, enum otrp_status status, struct otrp_failure *failure)
{
	const json_t *value = json_object_get(object, name);
	const size_t count = json_is_array(value) ? json_array_size(value) : 1;

	if (!value)
		return 0;
	if (!json_is_array(value) && !(lone && json_is_string(value)))
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "%s: has a wrong type", name);
	if (count > SPAN_LIST_MAX)
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "%s: more than %d", name,
				 SPAN_LIST_MAX);
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_is_array(value) ? json_array_get(value, i) : value;

		if (!json_is_string(item))
			return otrp_fail(failure, OTRP_REQUEST_INVALID, "%s: has a wrong type",
					 name);
		if (base64_decode(json_span(item), BASE64_ANY, arena, &out->item[i]) ||
		    out->item[i].size == 0)
			return otrp_fail(failure, status, "%s: not base64", name);
		out->count++;
	}
	return 0;
}

int member_algorithms(const json_t *object, const char *name, bool lenient, uint32_t *out,
		      struct otrp_failure *failure)
{
	const json_t *value = json_object_get(object, name);
	const json_t *item;
	size_t i;

	if (!value)
		return 0;
	*out = 0;
	if (lenient && json_is_string(value)) {
		*out = 1U << jws_algorithm_parse(json_span(value));
		return 0;
	}
	if (!json_is_array(value))
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "%s: no array", name);
	json_array_foreach(value, i, item) {
		if (!json_is_string(item))
			return otrp_fail(failure, OTRP_REQUEST_INVALID, "%s: not an array of text",
					 name);
		*out |= 1U << jws_algorithm_parse(json_span(item));
	}
	return 0;
}
