#include "teep/agent/json_scan.h"

#include <errno.h>
#include <string.h>

static void space_skip(struct json_scan *scan)
{
	while (scan->at < scan->end &&
	       (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
		scan->at++;
}

bool json_scan_take(struct json_scan *scan, char wanted)
{
	space_skip(scan);
	if (scan->at == scan->end || *scan->at != (uint8_t)wanted)
		return false;
	scan->at++;
	return true;
}

bool json_scan_ended(struct json_scan *scan)
{
	space_skip(scan);
	return scan->at == scan->end;
}

/* From behind the opening quote to behind the closing one. */
static bool string_skip(struct json_scan *scan, bool *escapes)
{
	*escapes = false;
	while (scan->at < scan->end) {
		const uint8_t c = *scan->at++;

		if (c == '"')
			return true;
		if (c != '\\')
			continue;
		*escapes = true;
		if (scan->at == scan->end)
			return false;
		scan->at++;
	}
	return false;
}

bool json_scan_plain_string(struct json_scan *scan, const uint8_t **text, size_t *size)
{
	bool escapes;

	if (!json_scan_take(scan, '"'))
		return false;
	*text = scan->at;
	if (!string_skip(scan, &escapes) || escapes)
		return false;
	*size = (size_t)(scan->at - 1 - *text);
	return true;
}

/* Four hexadecimal digits, or -1. */
static int32_t unit_read(const uint8_t **at, const uint8_t *end)
{
	int32_t unit = 0;

	if (end - *at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		const uint8_t c = *(*at)++;
		const uint8_t lower = c | 0x20;

		if (c >= '0' && c <= '9')
			unit = unit * 16 + (c - '0');
		else if (lower >= 'a' && lower <= 'f')
			unit = unit * 16 + (lower - 'a' + 10);
		else
			return -1;
	}
	return unit;
}

/* What stands behind "\u"; a pair of surrogates is one code point. -1 for what is none. */
static int32_t code_point_read(const uint8_t **at, const uint8_t *end)
{
	const int32_t first = unit_read(at, end);
	int32_t second;

	if (first < 0xd800 || first > 0xdfff)
		return first;
	if (first > 0xdbff || end - *at < 2 || (*at)[0] != '\\' || (*at)[1] != 'u')
		return -1;
	*at += 2;
	second = unit_read(at, end);
	if (second < 0xdc00 || second > 0xdfff)
		return -1;
	return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

static size_t utf8_write(int32_t point, uint8_t out[4])
{
	const uint32_t p = (uint32_t)point;

	if (p < 0x80) {
		out[0] = (uint8_t)p;
		return 1;
	}
	if (p < 0x800) {
		out[0] = (uint8_t)(0xc0 | p >> 6);
		out[1] = (uint8_t)(0x80 | (p & 0x3f));
		return 2;
	}
	if (p < 0x10000) {
		out[0] = (uint8_t)(0xe0 | p >> 12);
		out[1] = (uint8_t)(0x80 | (p >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (p & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | p >> 18);
	out[1] = (uint8_t)(0x80 | (p >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (p >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (p & 0x3f));
	return 4;
}

/* The next character of a string, as octets of UTF-8. Returns their number, 0 for no character. */
static size_t character_read(const uint8_t **at, const uint8_t *end, uint8_t out[4])
{
	static const char escapes[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *found;
	int32_t point;

	out[0] = *(*at)++;
	if (out[0] != '\\')
		return 1;
	if (*(*at) == 'u') {
		(*at)++;
		point = code_point_read(at, end);
		return point < 0 ? 0 : utf8_write(point, out);
	}
	found = memchr(escapes, *(*at)++, sizeof(escapes) - 1);
	if (!found)
		return 0;
	out[0] = (uint8_t)values[found - escapes];
	return 1;
}

int json_scan_string(struct json_scan *scan, char *out, size_t size)
{
	const uint8_t *at, *end;
	uint8_t octets[4];
	size_t used = 0;
	bool escapes;

	if (!json_scan_take(scan, '"'))
		return -EBADMSG;
	at = scan->at;
	if (!string_skip(scan, &escapes))
		return -EBADMSG;
	end = scan->at - 1;
	while (at < end) {
		const size_t n = character_read(&at, end, octets);

		if (n == 0)
			return -EBADMSG;
		if (used + n >= size || octets[0] == 0) {
			out[0] = '\0';
			return -ENAMETOOLONG;
		}
		memcpy(out + used, octets, n);
		used += n;
	}
	out[used] = '\0';
	return (int)used;
}

/* A number, true, false or null. */
static bool word_skip(struct json_scan *scan)
{
	const uint8_t *start = scan->at;

	while (scan->at < scan->end && *scan->at && strchr("+-.0123456789aEeflnrstu", *scan->at))
		scan->at++;
	return scan->at > start;
}

bool json_scan_skip(struct json_scan *scan)
{
	size_t depth = 0;
	bool escapes;

	do {
		space_skip(scan);
		if (scan->at == scan->end)
			return false;
		switch (*scan->at) {
		case '{':
		case '[':
			if (++depth > JSON_SCAN_DEPTH_MAX)
				return false;
			scan->at++;
			break;
		case '}':
		case ']':
			if (depth == 0)
				return false;
			depth--;
			scan->at++;
			break;
		case ',':
		case ':':
			if (depth == 0)
				return false;
			scan->at++;
			break;
		case '"':
			scan->at++;
			if (!string_skip(scan, &escapes))
				return false;
			break;
		default:
			if (!word_skip(scan))
				return false;
		}
	} while (depth);
	return true;
}

bool json_scan_member(struct json_scan *scan, const char *name)
{
	char found[64];

	if (!json_scan_take(scan, '{'))
		return false;
	do {
		const int length = json_scan_string(scan, found, sizeof(found));

		if ((length < 0 && length != -ENAMETOOLONG) || !json_scan_take(scan, ':'))
			return false;
		if (length >= 0 && strcmp(found, name) == 0) {
			space_skip(scan);
			return true;
		}
	} while (json_scan_skip(scan) && json_scan_take(scan, ','));
	return false;
}
