/*
 * What the rows of trusted storage hold once they are opened:
 *
 *   root        the device: its partitions, and what is to be cleaned away
 *   partition   one TA's objects in one store: its directory pages
 *   page        up to RECORD_PAGE_ENTRIES objects: names and heads
 *   head        one object: type, usage, attributes, size, its maps
 *   map         up to RECORD_MAP_BLOCKS blocks of an object's data
 *   block       up to RECORD_BLOCK_SIZE octets of it
 *
 * Each names the rows below it by their stamps, so the root vouches for all of them. A stamp of 0
 * stands for a row that is not there. Everything is little-endian.
 *
 * What is parsed has passed the seal; it is checked all the same, and what a parser returns points
 * into its input.
 */
#ifndef TEESIM_STORAGE_RECORD_H
#define TEESIM_STORAGE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_NAME_MAX	    64U
#define RECORD_PAGE_ENTRIES 32U
#define RECORD_MAP_BLOCKS   256U
#define RECORD_BLOCK_SIZE   4096U
/* An object's data ends there at the latest, as the Core API has it. */
#define RECORD_DATA_MAX	      0xFFFFFFFFULL
#define RECORD_MAPS_MAX	      ((uint32_t)(RECORD_DATA_MAX / RECORD_BLOCK_SIZE / RECORD_MAP_BLOCKS + 1))
#define RECORD_ATTRIBUTES_MAX (64U * 1024U)
#define RECORD_PAGES_MAX      4096U
#define RECORD_PARTITIONS_MAX 65536U
#define RECORD_DOOMED_MAX     65536U

/* A security domain (all zero: the development domain), a TA, and one of its stores. */
struct partition_id {
	uint8_t domain[16];
	uint8_t ta[16];
	uint32_t store;
};

struct record_partition_entry {
	struct partition_id id;
	/* The partition's own object number. */
	uint64_t number;
	uint64_t stamp;
	/* Octets that its objects are charged with. */
	uint64_t used;
	uint32_t objects;
};

struct record_root {
	uint64_t counter;
	/* The stamp of the root before. */
	uint64_t previous;
	uint64_t next_number;
	uint32_t partitions;
	uint32_t doomed;
	const uint8_t *partition_bytes;
	const uint8_t *doomed_bytes;
};

struct record_stamps {
	uint32_t count;
	const uint8_t *bytes;
};

struct record_entry {
	uint64_t number;
	/* Of the object's head. */
	uint64_t stamp;
	uint64_t charge;
	uint8_t name_size;
	uint8_t name[RECORD_NAME_MAX];
};

struct record_page {
	/* Those without an object have number 0. */
	struct record_entry entry[RECORD_PAGE_ENTRIES];
};

/* As TEE_ObjectInfo has them. */
struct object_header {
	uint32_t type;
	uint32_t size;
	uint32_t max_size;
	uint32_t usage;
};

struct record_head {
	struct object_header header;
	uint64_t data_size;
	/* How many blocks are there; the others are holes. */
	uint32_t blocks;
	/* There may be block rows that no map names. */
	bool unclean;
	const uint8_t *attributes;
	uint32_t attributes_size;
	struct record_stamps maps;
};

/* Each returns 0 or -EBADMSG. */
int record_root_parse(const uint8_t *bytes, size_t size, struct record_root *out);
int record_stamps_parse(const uint8_t *bytes, size_t size, uint32_t max, struct record_stamps *out);
int record_page_parse(const uint8_t *bytes, size_t size, struct record_page *out);
int record_head_parse(const uint8_t *bytes, size_t size, struct record_head *out);

void record_root_partition(const struct record_root *root, uint32_t i,
			   struct record_partition_entry *out);
uint64_t record_root_doomed(const struct record_root *root, uint32_t i);
uint64_t record_stamp(const struct record_stamps *stamps, uint32_t i);

/* Grows as it is written; `failed` when there was no memory, and then it is of no use. */
struct record_buffer {
	uint8_t *bytes;
	size_t size;
	size_t room;
	bool failed;
};

/* Empties it, and keeps the memory. */
void record_buffer_clear(struct record_buffer *buffer);
/* Wipes and frees. */
void record_buffer_free(struct record_buffer *buffer);
/* Makes room for `size` octets behind what is there, counts them in, and returns where they start;
 * NULL: no memory. */
uint8_t *record_buffer_extend(struct record_buffer *buffer, size_t size);

void record_root_write(struct record_buffer *buffer, uint64_t counter, uint64_t previous,
		       uint64_t next_number, const struct record_partition_entry *partitions,
		       uint32_t partition_count, const uint64_t *doomed, uint32_t doomed_count);
void record_stamps_write(struct record_buffer *buffer, const uint64_t *stamps, uint32_t count);
void record_page_write(struct record_buffer *buffer, const struct record_page *page);
void record_head_write(struct record_buffer *buffer, const struct object_header *header,
		       uint64_t data_size, uint32_t blocks, bool unclean, const uint8_t *attributes,
		       uint32_t attributes_size, const uint64_t *maps, uint32_t map_count);

#endif
