/*
 * Octets that somebody else owns, and short lists of them: what parsed messages are made of.
 *
 * Used by every program that reads or writes OTrP. A span owns nothing; it is valid as long as the
 * arena or the buffer that it points into. Spans that come out of an arena have a zero octet
 * behind their last, so one that is known to hold text is a C string too.
 */
#ifndef TEESIM_TEEP_OTRP_SPAN_H
#define TEESIM_TEEP_OTRP_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *data; /* NULL: not there, which is not the same as empty */
	size_t size;
};

/* Longer lists are refused by whoever parses: no certificate chain and no update needs more. */
#define SPAN_LIST_MAX 16

struct span_list {
	uint32_t count;
	struct span item[SPAN_LIST_MAX];
};

static inline struct span span_of(const void *data, size_t size)
{
	return (struct span) { data, size };
}

static inline struct span span_of_text(const char *text)
{
	return (struct span) { (const uint8_t *)text, text ? strlen(text) : 0 };
}

/* For spans that hold text and come out of an arena, or are made of a literal. */
static inline const char *span_text(struct span span)
{
	return (const char *)span.data;
}

static inline bool span_equal(struct span a, struct span b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool span_is(struct span span, const char *text)
{
	return span.data && span_equal(span, span_of_text(text));
}

#endif
