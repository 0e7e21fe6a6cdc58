#include "teep/tam/server/target.h"

#include <errno.h>
#include <string.h>

#include "wire/utf8.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool target_text_clean(const char *text, size_t size)
{
	const uint8_t *octets = (const uint8_t *)text;

	for (size_t i = 0, step; i < size; i += step) {
		step = utf8_size(octets + i, size - i);
		if (step == 0 || utf8_is_control(octets + i, step))
			return false;
	}
	return true;
}

/*
 * Decode from *raw up to one of the octets in `ends` or the end of the text, to *out, which gets a
 * zero octet. Returns the start of what was written, or NULL.
 */
static char *part_decode(const char **raw, const char *ends, bool plus_is_space, char **out)
{
	char *start = *out;

	for (; **raw && !strchr(ends, **raw); (*raw)++) {
		char c = **raw;

		if (c == '%') {
			const int high = digit((*raw)[1]), low = high < 0 ? -1 : digit((*raw)[2]);

			if (low < 0)
				return NULL;
			c = (char)(high << 4 | low);
			*raw += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		*(*out)++ = c;
	}
	if (!target_text_clean(start, (size_t)(*out - start)))
		return NULL;
	*(*out)++ = 0;
	return start;
}

static int path_parse(const char **raw, struct target *out, char **text)
{
	if (**raw != '/')
		return -EBADMSG;
	if ((*raw)[1] == 0 || (*raw)[1] == '?') {
		(*raw)++;
		return 0;
	}
	while (**raw == '/') {
		char *segment;

		(*raw)++;
		segment = part_decode(raw, "/?", false, text);
		if (!segment || !*segment || strcmp(segment, ".") == 0 ||
		    strcmp(segment, "..") == 0)
			return -EBADMSG;
		if (out->segment_count == TARGET_SEGMENTS_MAX)
			return -EMSGSIZE;
		out->segments[out->segment_count++] = segment;
	}
	return 0;
}

static int query_parse(const char **raw, struct target *out, char **text)
{
	static const char empty[] = "";

	while (**raw) {
		struct target_member *member = &out->members[out->member_count];

		if (out->member_count == TARGET_MEMBERS_MAX)
			return -EMSGSIZE;
		member->name = part_decode(raw, "=&", true, text);
		member->value = empty;
		if (!member->name || !*member->name)
			return -EBADMSG;
		if (**raw == '=') {
			(*raw)++;
			member->value = part_decode(raw, "&", true, text);
			if (!member->value)
				return -EBADMSG;
		}
		out->member_count++;
		if (**raw == '&' && *++*raw == 0)
			return -EBADMSG;
	}
	return 0;
}

int target_parse(const char *raw, struct target *out)
{
	char *text = out->text;
	int rc;

	out->segment_count = out->member_count = 0;
	/* Nothing grows by decoding: a part's zero octet is in the place of what ended it. */
	if (strlen(raw) > TARGET_SIZE_MAX)
		return -EMSGSIZE;
	rc = path_parse(&raw, out, &text);
	if (rc == 0 && *raw == '?') {
		raw++;
		rc = query_parse(&raw, out, &text);
	}
	return rc;
}

const char *target_member(const struct target *target, const char *name)
{
	for (size_t i = 0; i < target->member_count; i++)
		if (strcmp(target->members[i].name, name) == 0)
			return target->members[i].value;
	return NULL;
}

size_t target_member_count(const struct target *target, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < target->member_count; i++)
		count += strcmp(target->members[i].name, name) == 0;
	return count;
}

bool target_fits(const struct target *target, const char *pattern, const char **values)
{
	size_t segment = 0;

	while (*pattern == '/' && pattern[1]) {
		const char *part = pattern + 1;
		const size_t size = strcspn(part, "/");

		if (segment == target->segment_count)
			return false;
		if (size == 2 && memcmp(part, "{}", 2) == 0)
			*values++ = target->segments[segment];
		else if (strncmp(target->segments[segment], part, size) != 0 ||
			 target->segments[segment][size] != 0)
			return false;
		segment++;
		pattern = part + size;
	}
	return segment == target->segment_count;
}

bool target_number_parse(const char *text, int64_t least, int64_t most, int64_t *out)
{
	int64_t number = 0;

	if (!*text || strlen(text) > 18)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		number = number * 10 + (*text - '0');
	}
	if (number < least || number > most)
		return false;
	*out = number;
	return true;
}
