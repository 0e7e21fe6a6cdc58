/*
 * A parsed message as octets, to pass from the process that parses to the one that acts.
 *
 * Used on both sides of that boundary. The octets are hostile: the process that made them may have
 * been taken over by the message it parsed. Bounds of every member stand in the layout, so that
 * what otrp_record_parse() accepts has numbers in range, sizes in range, and text that ends.
 */
#ifndef TEESIM_TEEP_OTRP_RECORD_H
#define TEESIM_TEEP_OTRP_RECORD_H

#include "teep/otrp/arena.h"

enum record_kind {
	RECORD_NUMBER, /* uint32_t: least and greatest value */
	RECORD_SPAN,   /* struct span: least and greatest size of one that is there */
	RECORD_LIST,   /* struct span_list: the same for each item */
};

struct record_member {
	enum record_kind kind;
	size_t offset;
	size_t least;
	size_t most;
};

/* Returns 0 or -ENOMEM. */
int otrp_record_encode(const void *object, const struct record_member *layout, size_t count,
		       struct arena *arena, struct span *out);

/* Fills in `object`, whose spans borrow from `octets`. Returns 0 or -EBADMSG. */
int otrp_record_parse(struct span octets, const struct record_member *layout, size_t count,
		      void *object);

#endif
