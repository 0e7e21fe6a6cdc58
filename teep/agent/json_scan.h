/*
 * A walk over JSON that somebody else made, for one who wants a single member of it: nothing is
 * built, nothing is allocated, and what is passed over is looked at only as far as its end.
 *
 * Runs in the agent. It judges no message: what it takes for JSON may be refused by the TEE, which
 * alone decides. It reads within the octets given, whatever they are, in time linear in their
 * number.
 */
#ifndef TEESIM_AGENT_JSON_SCAN_H
#define TEESIM_AGENT_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Deeper nesting ends the walk. */
#define JSON_SCAN_DEPTH_MAX 32U

struct json_scan {
	const uint8_t *at, *end;
};

static inline struct json_scan json_scan_of(const void *data, size_t size)
{
	const uint8_t *start = data;

	return (struct json_scan) { start, start + size };
}

/* Skips white space, then takes this one character. */
bool json_scan_take(struct json_scan *scan, char wanted);

/* Whether nothing but white space is left. */
bool json_scan_ended(struct json_scan *scan);

/*
 * A string, unescaped, with a zero octet behind it. Returns its length; -EBADMSG for what is no
 * string; -ENAMETOOLONG, with the scan behind it and `out` empty, for one that does not fit or has
 * a zero octet in it.
 */
int json_scan_string(struct json_scan *scan, char *out, size_t size);

/* A string as it stands, without its quotes; one with escapes in it counts as none. */
bool json_scan_plain_string(struct json_scan *scan, const uint8_t **text, size_t *size);

/* Passes over one value of any kind. */
bool json_scan_skip(struct json_scan *scan);

/*
 * From in front of an object to in front of the value of its first member of that name. Returns
 * false when there is none, or no object.
 */
bool json_scan_member(struct json_scan *scan, const char *name);

#endif
