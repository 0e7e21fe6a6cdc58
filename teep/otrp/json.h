/*
 * JSON as OTrP wants it: parsed strictly, written in one canonical form.
 *
 * Used by every program that reads or writes OTrP. Values are jansson's; references are counted as
 * there.
 */
#ifndef TEESIM_TEEP_OTRP_JSON_H
#define TEESIM_TEEP_OTRP_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "teep/otrp/arena.h"
#include "teep/otrp/status.h"

/* Deeper nesting is refused before a parser recurses into it. */
#define JSON_DEPTH_MAX 16

/*
 * Parse one object. Refused: what is not UTF-8, duplicate names, nesting beyond JSON_DEPTH_MAX,
 * octets behind the end, \u0000. Returns 0 with the caller's reference in *out, -EBADMSG, or
 * -ENOMEM.
 */
int json_object_parse(struct span text, json_t **out);

enum member_type {
	MEMBER_TEXT,
	MEMBER_BOOLEAN,
	MEMBER_OBJECT,
	MEMBER_ARRAY,
	MEMBER_ANY, /* whoever asked looks at the type */
};

enum member_need {
	MEMBER_OPTIONAL,
	MEMBER_REQUIRED,
};

struct member {
	const char *name;
	enum member_type type;
	enum member_need need;
};

/* Whether unknown members are an error (requests) or passed over (responses). */
enum members_extra {
	EXTRA_REFUSED,
	EXTRA_IGNORED,
};

/*
 * Check that the object has the members of the table, with their types. `where` names the object in
 * the failure. Returns 0 or otrp_fail()'s value with OTRP_REQUEST_INVALID.
 */
int members_check(const json_t *object, const char *where, const struct member *members,
		  size_t count, enum members_extra extra, struct otrp_failure *failure);

/* The text of a member, copied into the arena; an absent member leaves *out alone. */
int member_text(const json_t *object, const char *name, struct arena *arena, struct span *out);

/* A string's octets; borrowed from the value. */
struct span json_span(const json_t *string);

/*
 * Text in the making, which grows. All zeros to begin with; whoever has it frees `text`. What can't
 * be written for want of memory is lost, and the whole with it: `failed`.
 */
struct json_writing {
	char *text; /* no zero behind it */
	size_t size, room;
	bool failed;
};

/* Octets as they are; a string, UTF-8, with its quotes; a number; a value as json_canonical() has
 * it. */
void json_put(struct json_writing *to, const char *octets, size_t size);
void json_put_text(struct json_writing *to, const char *text, size_t size);
void json_put_integer(struct json_writing *to, json_int_t integer);
void json_put_value(struct json_writing *to, const json_t *value);

/* Sorted by name, no white space, least escapes. The caller's (free()); NULL without memory. */
char *json_canonical(const json_t *value);

#endif
