/*
 * What the rows of trusted storage hold, the counter's file, and what is told of TAs that are gone.
 * The first octet says which; the rows have passed a seal by then, which no fuzzer gets through, so
 * they are parsed as they are.
 */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "storage/anchor.h"
#include "storage/forgotten.h"
#include "storage/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void root(const uint8_t *data, size_t size)
{
	struct record_partition_entry entry;
	struct record_root out;

	if (record_root_parse(data, size, &out) < 0)
		return;
	for (uint32_t i = 0; i < out.partitions; i++) {
		record_root_partition(&out, i, &entry);
		if (!entry.number || entry.number >= out.next_number)
			abort();
	}
	for (uint32_t i = 0; i < out.doomed; i++)
		if (!record_root_doomed(&out, i))
			abort();
}

/* What was taken for a page is written as it was. */
static void page(const uint8_t *data, size_t size)
{
	struct record_buffer buffer = { 0 };
	struct record_page out, again;

	if (record_page_parse(data, size, &out) < 0)
		return;
	record_page_write(&buffer, &out);
	if (buffer.failed || record_page_parse(buffer.bytes, buffer.size, &again) < 0 ||
	    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-*): the gaps are zero */
	    memcmp(&out, &again, sizeof(out)) != 0)
		abort();
	record_buffer_free(&buffer);
}

static void head(const uint8_t *data, size_t size)
{
	volatile uint64_t sum = 0;
	struct record_head out;

	if (record_head_parse(data, size, &out) < 0)
		return;
	for (uint32_t i = 0; i < out.attributes_size; i++)
		sum += out.attributes[i];
	for (uint32_t i = 0; i < RECORD_MAPS_MAX; i++)
		sum += record_stamp(&out.maps, i);
}

static void anchor(const uint8_t *data, size_t size)
{
	static const uint8_t zero[SEAL_SECRET_SIZE];
	struct seal_secret *secret = seal_secret_new(zero);
	struct anchor_record out;

	/* Nobody guesses the MAC. */
	if (!secret || anchor_record_parse(data, size, secret, &out) == 0)
		abort();
	seal_secret_free(secret);
}

/* Nobody names the development domain. */
static void forgotten(const uint8_t *data, size_t size)
{
	static const uint8_t development[16];
	struct forgotten_owner out;

	if ((forgotten_parse(data, size, &out) < 0) != (size < sizeof(struct forgotten_record)))
		abort();
	if (size >= sizeof(struct forgotten_record) && !memcmp(out.domain, development, 16))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(const uint8_t *, size_t) = { root, page, head, anchor,
								    forgotten };

	if (size && data[0] < sizeof(parsers) / sizeof(parsers[0]))
		parsers[data[0]](data + 1, size - 1);
	return 0;
}
