#include "teep/otrp/json.h"

#include <errno.h>
#include <stdio.h>
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

/*
 * What makes messages long is base64 in a few strings, which jansson looks at octet by octet, and
 * copies several times. Such a string is taken out before, leaving a mark that no text can have
 * otherwise, and put back afterwards.
 */
#define LONG	  512U
#define CUTS_MAX  8U
#define MARK	  '\x7f'
#define MARK_SIZE 2U

struct shortened {
	char *text; /* the caller's */
	size_t size;
	struct span cut[CUTS_MAX];
	unsigned count;
};

#define EACH(octet) (0x0101010101010101U * (octet))

/* Some octet of these eight is below `least`, up to 0x80. */
static uint64_t any_below(uint64_t octets, uint64_t least)
{
	return (octets - EACH(least)) & ~octets & EACH(0x80);
}

static bool printable(const uint8_t *at, size_t size)
{
	uint64_t odd = 0, octets;

	for (; size >= sizeof(octets); at += sizeof(octets), size -= sizeof(octets)) {
		memcpy(&octets, at, sizeof(octets));
		odd |= (octets & EACH(0x80)) | any_below(octets, 0x20) |
		       any_below(octets ^ EACH(0x7f), 1);
	}
	for (; size; at++, size--)
		odd |= *at < 0x20 || *at > 0x7e;
	return !odd;
}

/* Whether what ended here is a value: names stay. */
static bool value_ended(const uint8_t *at, const uint8_t *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at < end && (*at == ',' || *at == '}' || *at == ']');
}

/* False when there is nothing to shorten. With a backslash or a mark in it, a text stays as it is:
 * so strings end at the next quote, and a mark is ours. */
static bool text_shorten(struct span text, struct shortened *out)
{
	const uint8_t *at = text.data, *end = at + text.size, *quote, *close;
	char *to;

	if (text.size < LONG || memchr(at, '\\', text.size) || memchr(at, MARK, text.size))
		return false;
	out->text = to = malloc(text.size);
	while (to && (quote = memchr(at, '"', (size_t)(end - at))) &&
	       (close = memchr(quote + 1, '"', (size_t)(end - quote - 1)))) {
		const struct span inside = span_of(quote + 1, (size_t)(close - quote - 1));

		to = mempcpy(to, at, (size_t)(quote + 1 - at));
		if (inside.size >= LONG && out->count < CUTS_MAX && value_ended(close + 1, end) &&
		    printable(inside.data, inside.size)) {
			out->cut[out->count] = inside;
			*to++ = MARK;
			*to++ = (char)('0' + out->count++);
		} else {
			to = mempcpy(to, inside.data, inside.size);
		}
		*to++ = '"';
		at = close + 1;
	}
	if (!out->count) {
		free(out->text);
		return false;
	}
	to = mempcpy(to, at, (size_t)(end - at));
	out->size = (size_t)(to - out->text);
	return true;
}

/* The string that the mark stands for, the caller's; NULL in *out where it is none. */
static int mark_resolve(const json_t *value, const struct shortened *from, json_t **out)
{
	const char *text = json_string_value(value);
	const struct span *cut;

	*out = NULL;
	if (!text || json_string_length(value) != MARK_SIZE || text[0] != MARK)
		return 0;
	cut = &from->cut[(unsigned)(text[1] - '0') % CUTS_MAX];
	*out = json_stringn_nocheck((const char *)cut->data, cut->size);
	return *out ? 0 : -ENOMEM;
}

/* No deeper than JSON_DEPTH_MAX. */
static int marks_resolve(json_t *value, const struct shortened *from)
{
	json_t *whole, *item;
	size_t i;
	int rc = 0;

	for (void *at = json_object_iter(value); rc == 0 && at;
	     at = json_object_iter_next(value, at)) {
		rc = mark_resolve(json_object_iter_value(at), from, &whole);
		if (whole)
			rc = json_object_iter_set_new(value, at, whole) ? -ENOMEM : 0;
		else if (rc == 0)
			rc = marks_resolve(json_object_iter_value(at), from);
	}
	json_array_foreach(value, i, item) {
		if (rc == 0)
			rc = mark_resolve(item, from, &whole);
		else
			break;
		if (whole)
			rc = json_array_set_new(value, i, whole) ? -ENOMEM : 0;
		else if (rc == 0)
			rc = marks_resolve(item, from);
	}
	return rc;
}

int json_object_parse(struct span text, json_t **out)
{
	struct shortened shortened = { 0 };
	json_error_t error;
	json_t *value;
	int rc = 0;

	if (!text.data || !depth_bounded(text))
		return -EBADMSG;
	if (text_shorten(text, &shortened))
		text = span_of(shortened.text, shortened.size);
	value = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &error);
	if (!value)
		rc = json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
	else if (!json_is_object(value))
		rc = -EBADMSG;
	else if (shortened.count)
		rc = marks_resolve(value, &shortened);
	if (shortened.count)
		free(shortened.text);
	if (rc) {
		json_decref(value);
		return rc;
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

/* ---- Writing --------------------------------------------------------------------------------- */

/* Where `size` more octets go; NULL without memory. */
static char *room_make(struct json_writing *to, size_t size)
{
	size_t room = to->room ? to->room : 512;
	char *larger;

	if (to->failed || size > SIZE_MAX / 4)
		to->failed = true;
	while (!to->failed && room - to->size < size)
		room *= 2;
	if (!to->failed && room != to->room) {
		larger = realloc(to->text, room);
		to->failed = !larger;
		if (larger) {
			to->text = larger;
			to->room = room;
		}
	}
	return to->failed ? NULL : to->text + to->size;
}

void json_put(struct json_writing *to, const char *octets, size_t size)
{
	char *at = room_make(to, size);

	if (at) {
		memcpy(at, octets, size);
		to->size += size;
	}
}

/* Stands in JSON as it is: ASCII without control characters, quotes and backslashes. */
static bool is_plain(const char *text, size_t size)
{
	uint64_t odd = 0;

	for (; size >= sizeof(odd); text += sizeof(odd), size -= sizeof(odd)) {
		uint64_t octets;

		memcpy(&octets, text, sizeof(octets));
		odd |= (octets & EACH(0x80)) | any_below(octets, 0x20) |
		       any_below(octets ^ EACH('"'), 1) | any_below(octets ^ EACH('\\'), 1);
	}
	for (; size; text++, size--)
		odd |= (uint8_t)*text < 0x20 || (uint8_t)*text > 0x7e || *text == '"' ||
		       *text == '\\';
	return !odd;
}

/* What is not that common is jansson's. */
static void put_by_jansson(struct json_writing *to, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (text)
		json_put(to, text, strlen(text));
	else
		to->failed = true;
	free(text);
}

void json_put_text(struct json_writing *to, const char *text, size_t size)
{
	char *at = is_plain(text, size) ? room_make(to, size + 2) : NULL;
	json_t *odd;

	if (at) {
		*at++ = '"';
		at = mempcpy(at, text, size);
		*at = '"';
		to->size += size + 2;
	} else if (!to->failed) {
		odd = json_stringn_nocheck(text, size);
		put_by_jansson(to, odd);
		json_decref(odd);
	}
}

void json_put_integer(struct json_writing *to, json_int_t integer)
{
	char text[24];

	json_put(to, text, (size_t)snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, integer));
}

static int names_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names have no zero in them: jansson refuses it. */
#define NAMES_NEAR 24U

static void put_object(struct json_writing *to, json_t *object)
{
	const size_t count = json_object_size(object);
	const char *near[NAMES_NEAR], **names = near;
	size_t n = 0;

	if (count > NAMES_NEAR)
		names = malloc(count * sizeof(*names));
	if (!names) {
		to->failed = true;
		return;
	}
	for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at))
		names[n++] = json_object_iter_key(at);
	qsort(names, count, sizeof(*names), names_compare);
	json_put(to, "{", 1);
	for (size_t i = 0; i < count && !to->failed; i++) {
		if (i)
			json_put(to, ",", 1);
		json_put_text(to, names[i], strlen(names[i]));
		json_put(to, ":", 1);
		json_put_value(to, json_object_get(object, names[i]));
	}
	json_put(to, "}", 1);
	if (names != near)
		free(names);
}

static void put_array(struct json_writing *to, const json_t *array)
{
	json_put(to, "[", 1);
	for (size_t i = 0; i < json_array_size(array) && !to->failed; i++) {
		if (i)
			json_put(to, ",", 1);
		json_put_value(to, json_array_get(array, i));
	}
	json_put(to, "]", 1);
}

/* What is made from messages is as deep as they are; what we make ourselves is a little deeper. */
void json_put_value(struct json_writing *to, const json_t *value)
{
	if (json_is_object(value))
		put_object(to, (json_t *)value);
	else if (json_is_array(value))
		put_array(to, value);
	else if (json_is_string(value))
		json_put_text(to, json_string_value(value), json_string_length(value));
	else if (json_is_integer(value))
		json_put_integer(to, json_integer_value(value));
	else if (json_is_boolean(value))
		json_put(to, json_is_true(value) ? "true" : "false", json_is_true(value) ? 4 : 5);
	else
		put_by_jansson(to, value);
}

/* Long strings of plain text are copied as they are; jansson looks at each character. */
char *json_canonical(const json_t *value)
{
	struct json_writing to = { 0 };

	if (!value)
		return NULL;
	json_put_value(&to, value);
	json_put(&to, "", 1);
	if (!to.failed)
		return to.text;
	free(to.text);
	return NULL;
}
