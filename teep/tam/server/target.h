/*
 * The target of an HTTP request: the segments of its path and the members of its query.
 *
 * Runs in teesim-tam. What is parsed is hostile. The struct points into itself.
 */
#ifndef TEESIM_TEEP_TAM_SERVER_TARGET_H
#define TEESIM_TEEP_TAM_SERVER_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TARGET_SIZE_MAX	    4096
#define TARGET_SEGMENTS_MAX 8
#define TARGET_MEMBERS_MAX  80

struct target_member {
	const char *name, *value;
};

struct target {
	size_t segment_count, member_count;
	const char *segments[TARGET_SEGMENTS_MAX];
	struct target_member members[TARGET_MEMBERS_MAX];
	char text[TARGET_SIZE_MAX + 2];
};

/*
 * Parse "/a/b%2Fc?d=e&f". Every segment and member is UTF-8 without control characters, decoded
 * once; segments are not empty and neither "." nor "..", so "/a//b" and "/a/" are refused, and "/"
 * has none. Returns 0, or -EBADMSG, or -EMSGSIZE for one that is too long or has too many parts.
 */
int target_parse(const char *raw, struct target *out);

/* The value of a member of the query, NULL where there is none. */
const char *target_member(const struct target *target, const char *name);

/* How many of that name there are. */
size_t target_member_count(const struct target *target, const char *name);

/*
 * Whether the path fits a pattern, "/sps/{}/certificates/{}": "{}" stands for any segment. `values`
 * receives those segments, at most TARGET_SEGMENTS_MAX.
 */
bool target_fits(const struct target *target, const char *pattern, const char **values);

/* A number in decimal digits with nothing around it, from `least` to `most`. */
bool target_number_parse(const char *text, int64_t least, int64_t most, int64_t *out);

/* Whether it is UTF-8 (RFC 3629) without control characters. */
bool target_text_clean(const char *text, size_t size);

#endif
