#include "teep/otrp/record.h"

#include <errno.h>

/* A span is its size, its octets and a zero octet; one that is not there is this size alone. */
#define ABSENT UINT32_MAX

static size_t span_encoded(struct span span)
{
	return sizeof(uint32_t) + (span.data ? span.size + 1 : 0);
}

static size_t member_encoded(const uint8_t *member, enum record_kind kind)
{
	const struct span_list *list = (const void *)member;
	size_t size = sizeof(uint32_t);

	if (kind == RECORD_SPAN)
		return span_encoded(*(const struct span *)(const void *)member);
	for (uint32_t i = 0; kind == RECORD_LIST && i < list->count; i++)
		size += span_encoded(list->item[i]);
	return size;
}

static uint8_t *number_put(uint8_t *at, uint32_t number)
{
	memcpy(at, &number, sizeof(number));
	return at + sizeof(number);
}

static uint8_t *span_put(uint8_t *at, struct span span)
{
	if (!span.data)
		return number_put(at, ABSENT);
	at = number_put(at, (uint32_t)span.size);
	if (span.size)
		memcpy(at, span.data, span.size);
	at[span.size] = 0;
	return at + span.size + 1;
}

int otrp_record_encode(const void *object, const struct record_member *layout, size_t count,
		       struct arena *arena, struct span *out)
{
	size_t size = 0;
	uint8_t *octets, *at;

	for (size_t i = 0; i < count; i++)
		size += member_encoded((const uint8_t *)object + layout[i].offset, layout[i].kind);
	octets = at = arena_take(arena, size);
	if (!octets || size >= ABSENT)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const void *member = (const uint8_t *)object + layout[i].offset;
		const struct span_list *list = member;

		if (layout[i].kind == RECORD_SPAN) {
			at = span_put(at, *(const struct span *)member);
			continue;
		}
		at = number_put(at, *(const uint32_t *)member);
		for (uint32_t n = 0; layout[i].kind == RECORD_LIST && n < list->count; n++)
			at = span_put(at, list->item[n]);
	}
	*out = span_of(octets, size);
	return 0;
}

static bool number_get(struct span *rest, uint32_t *number)
{
	if (rest->size < sizeof(*number))
		return false;
	memcpy(number, rest->data, sizeof(*number));
	rest->data += sizeof(*number);
	rest->size -= sizeof(*number);
	return true;
}

static bool span_get(struct span *rest, const struct record_member *member, struct span *out)
{
	uint32_t size;

	*out = (struct span) { 0 };
	if (!number_get(rest, &size))
		return false;
	if (size == ABSENT)
		return member->kind == RECORD_SPAN;
	if (size >= rest->size || rest->data[size] || size < member->least || size > member->most)
		return false;
	*out = span_of(rest->data, size);
	rest->data += size + 1;
	rest->size -= size + 1;
	return true;
}

int otrp_record_parse(struct span octets, const struct record_member *layout, size_t count,
		      void *object)
{
	struct span rest = octets;

	for (size_t i = 0; i < count; i++) {
		void *member = (uint8_t *)object + layout[i].offset;
		struct span_list *list = member;
		uint32_t number;

		if (layout[i].kind == RECORD_SPAN) {
			if (!span_get(&rest, &layout[i], member))
				return -EBADMSG;
			continue;
		}
		if (!number_get(&rest, &number))
			return -EBADMSG;
		*(uint32_t *)member = number;
		if (layout[i].kind == RECORD_NUMBER
			    ? number < layout[i].least || number > layout[i].most
			    : number > SPAN_LIST_MAX)
			return -EBADMSG;
		for (uint32_t n = 0; layout[i].kind == RECORD_LIST && n < number; n++)
			if (!span_get(&rest, &layout[i], &list->item[n]))
				return -EBADMSG;
	}
	return rest.size ? -EBADMSG : 0;
}
