#include "storage/record.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_ROOT 0x54534731U /* "1GST" */

struct root_image {
	uint32_t format;
	uint32_t partitions;
	uint32_t doomed;
	uint32_t unused;
	uint64_t counter;
	uint64_t previous;
	uint64_t next_number;
};

struct partition_image {
	uint8_t domain[16];
	uint8_t ta[16];
	uint32_t store;
	uint32_t objects;
	uint64_t number;
	uint64_t stamp;
	uint64_t used;
};

struct entry_image {
	uint64_t number;
	uint64_t stamp;
	uint64_t charge;
	uint8_t slot;
	uint8_t name_size;
	uint8_t unused[6];
};

struct head_image {
	uint32_t type;
	uint32_t size;
	uint32_t max_size;
	uint32_t usage;
	uint64_t data_size;
	uint32_t blocks;
	uint32_t unclean;
	uint32_t attributes_size;
	uint32_t maps;
};

static_assert(sizeof(struct root_image) == 40, "layout of the file");
static_assert(sizeof(struct partition_image) == 64, "layout of the file");
static_assert(sizeof(struct entry_image) == 32, "layout of the file");
static_assert(sizeof(struct head_image) == 40, "layout of the file");

int record_root_parse(const uint8_t *bytes, size_t size, struct record_root *out)
{
	struct root_image image;

	if (size < sizeof(image))
		return -EBADMSG;
	memcpy(&image, bytes, sizeof(image));
	*out = (struct record_root) {
		.counter = le64toh(image.counter),
		.previous = le64toh(image.previous),
		.next_number = le64toh(image.next_number),
		.partitions = le32toh(image.partitions),
		.doomed = le32toh(image.doomed),
		.partition_bytes = bytes + sizeof(image),
	};
	if (le32toh(image.format) != FORMAT_ROOT || out->partitions > RECORD_PARTITIONS_MAX ||
	    out->doomed > RECORD_DOOMED_MAX ||
	    size != sizeof(image) + out->partitions * sizeof(struct partition_image) +
			    out->doomed * sizeof(uint64_t))
		return -EBADMSG;
	out->doomed_bytes = out->partition_bytes + out->partitions * sizeof(struct partition_image);
	/* Number 0 is the root's own. */
	for (uint32_t i = 0; i < out->partitions; i++) {
		struct record_partition_entry entry;

		record_root_partition(out, i, &entry);
		if (!entry.number || entry.number >= out->next_number || !entry.stamp)
			return -EBADMSG;
	}
	for (uint32_t i = 0; i < out->doomed; i++)
		if (!record_root_doomed(out, i) || record_root_doomed(out, i) >= out->next_number)
			return -EBADMSG;
	return 0;
}

void record_root_partition(const struct record_root *root, uint32_t i,
			   struct record_partition_entry *out)
{
	struct partition_image image;

	memcpy(&image, root->partition_bytes + i * sizeof(image), sizeof(image));
	*out = (struct record_partition_entry) {
		.id.store = le32toh(image.store),
		.objects = le32toh(image.objects),
		.number = le64toh(image.number),
		.stamp = le64toh(image.stamp),
		.used = le64toh(image.used),
	};
	memcpy(out->id.domain, image.domain, sizeof(image.domain));
	memcpy(out->id.ta, image.ta, sizeof(image.ta));
}

static uint64_t word_at(const uint8_t *bytes, uint32_t i)
{
	uint64_t word;

	memcpy(&word, bytes + i * sizeof(word), sizeof(word));
	return le64toh(word);
}

uint64_t record_root_doomed(const struct record_root *root, uint32_t i)
{
	return word_at(root->doomed_bytes, i);
}

uint64_t record_stamp(const struct record_stamps *stamps, uint32_t i)
{
	return i < stamps->count ? word_at(stamps->bytes, i) : 0;
}

int record_stamps_parse(const uint8_t *bytes, size_t size, uint32_t max, struct record_stamps *out)
{
	if (size % sizeof(uint64_t) || size / sizeof(uint64_t) > max)
		return -EBADMSG;
	out->count = (uint32_t)(size / sizeof(uint64_t));
	out->bytes = bytes;
	return 0;
}

int record_page_parse(const uint8_t *bytes, size_t size, struct record_page *out)
{
	memset(out, 0, sizeof(*out));
	while (size) {
		struct entry_image image;
		struct record_entry *entry;

		if (size < sizeof(image))
			return -EBADMSG;
		memcpy(&image, bytes, sizeof(image));
		bytes += sizeof(image);
		size -= sizeof(image);
		if (image.slot >= RECORD_PAGE_ENTRIES || image.name_size > RECORD_NAME_MAX ||
		    image.name_size > size || !image.number || !image.stamp ||
		    out->entry[image.slot].number)
			return -EBADMSG;
		entry = &out->entry[image.slot];
		entry->number = le64toh(image.number);
		entry->stamp = le64toh(image.stamp);
		entry->charge = le64toh(image.charge);
		entry->name_size = image.name_size;
		if (image.name_size)
			memcpy(entry->name, bytes, image.name_size);
		bytes += image.name_size;
		size -= image.name_size;
	}
	return 0;
}

int record_head_parse(const uint8_t *bytes, size_t size, struct record_head *out)
{
	struct head_image image;
	uint32_t maps;

	if (size < sizeof(image))
		return -EBADMSG;
	memcpy(&image, bytes, sizeof(image));
	maps = le32toh(image.maps);
	*out = (struct record_head) {
		.header = { .type = le32toh(image.type),
			    .size = le32toh(image.size),
			    .max_size = le32toh(image.max_size),
			    .usage = le32toh(image.usage) },
		.data_size = le64toh(image.data_size),
		.blocks = le32toh(image.blocks),
		.unclean = image.unclean != 0,
		.attributes = bytes + sizeof(image),
		.attributes_size = le32toh(image.attributes_size),
	};
	if (out->data_size > RECORD_DATA_MAX || out->attributes_size > RECORD_ATTRIBUTES_MAX ||
	    maps > RECORD_MAPS_MAX ||
	    size != sizeof(image) + out->attributes_size + maps * sizeof(uint64_t))
		return -EBADMSG;
	return record_stamps_parse(out->attributes + out->attributes_size, maps * sizeof(uint64_t),
				   RECORD_MAPS_MAX, &out->maps);
}

void record_buffer_clear(struct record_buffer *buffer)
{
	buffer->size = 0;
	buffer->failed = false;
}

void record_buffer_free(struct record_buffer *buffer)
{
	if (buffer->bytes)
		sodium_memzero(buffer->bytes, buffer->room);
	free(buffer->bytes);
	*buffer = (struct record_buffer) { 0 };
}

uint8_t *record_buffer_extend(struct record_buffer *buffer, size_t size)
{
	if (buffer->failed)
		return NULL;
	if (size > buffer->room - buffer->size) {
		const size_t room = (buffer->size + size) * 2 + 256;
		uint8_t *bytes = malloc(room);

		if (!bytes) {
			buffer->failed = true;
			return NULL;
		}
		/* realloc() would leave a copy behind. */
		if (buffer->bytes) {
			memcpy(bytes, buffer->bytes, buffer->size);
			sodium_memzero(buffer->bytes, buffer->room);
			free(buffer->bytes);
		}
		buffer->bytes = bytes;
		buffer->room = room;
	}
	buffer->size += size;
	return buffer->bytes + buffer->size - size;
}

static void bytes_write(struct record_buffer *buffer, const void *bytes, size_t size)
{
	uint8_t *to = size ? record_buffer_extend(buffer, size) : NULL;

	if (to)
		memcpy(to, bytes, size);
}

void record_stamps_write(struct record_buffer *buffer, const uint64_t *stamps, uint32_t count)
{
	uint8_t *to;

	/* The last ones need not be there when they name nothing. */
	while (count && !stamps[count - 1])
		count--;
	if (!count)
		return;
	to = record_buffer_extend(buffer, count * sizeof(*stamps));
	for (uint32_t i = 0; to && i < count; i++) {
		const uint64_t word = htole64(stamps[i]);

		memcpy(to + i * sizeof(word), &word, sizeof(word));
	}
}

void record_root_write(struct record_buffer *buffer, uint64_t counter, uint64_t previous,
		       uint64_t next_number, const struct record_partition_entry *partitions,
		       uint32_t partition_count, const uint64_t *doomed, uint32_t doomed_count)
{
	const struct root_image root = {
		.format = htole32(FORMAT_ROOT),
		.partitions = htole32(partition_count),
		.doomed = htole32(doomed_count),
		.counter = htole64(counter),
		.previous = htole64(previous),
		.next_number = htole64(next_number),
	};

	bytes_write(buffer, &root, sizeof(root));
	for (uint32_t i = 0; i < partition_count; i++) {
		struct partition_image image = {
			.store = htole32(partitions[i].id.store),
			.objects = htole32(partitions[i].objects),
			.number = htole64(partitions[i].number),
			.stamp = htole64(partitions[i].stamp),
			.used = htole64(partitions[i].used),
		};

		memcpy(image.domain, partitions[i].id.domain, sizeof(image.domain));
		memcpy(image.ta, partitions[i].id.ta, sizeof(image.ta));
		bytes_write(buffer, &image, sizeof(image));
	}
	for (uint32_t i = 0; i < doomed_count; i++) {
		const uint64_t word = htole64(doomed[i]);

		bytes_write(buffer, &word, sizeof(word));
	}
}

void record_page_write(struct record_buffer *buffer, const struct record_page *page)
{
	for (uint8_t i = 0; i < RECORD_PAGE_ENTRIES; i++) {
		const struct record_entry *entry = &page->entry[i];
		const struct entry_image image = {
			.number = htole64(entry->number),
			.stamp = htole64(entry->stamp),
			.charge = htole64(entry->charge),
			.slot = i,
			.name_size = entry->name_size,
		};

		if (!entry->number)
			continue;
		bytes_write(buffer, &image, sizeof(image));
		bytes_write(buffer, entry->name, entry->name_size);
	}
}

void record_head_write(struct record_buffer *buffer, const struct object_header *header,
		       uint64_t data_size, uint32_t blocks, bool unclean, const uint8_t *attributes,
		       uint32_t attributes_size, const uint64_t *maps, uint32_t map_count)
{
	struct head_image image = {
		.type = htole32(header->type),
		.size = htole32(header->size),
		.max_size = htole32(header->max_size),
		.usage = htole32(header->usage),
		.data_size = htole64(data_size),
		.blocks = htole32(blocks),
		.unclean = htole32(unclean),
		.attributes_size = htole32(attributes_size),
	};

	while (map_count && !maps[map_count - 1])
		map_count--;
	image.maps = htole32(map_count);
	bytes_write(buffer, &image, sizeof(image));
	bytes_write(buffer, attributes, attributes_size);
	record_stamps_write(buffer, maps, map_count);
}
