/*
 * What the parts of the engine share: the storage, its partitions and its open objects, as they are
 * in memory. What is here is what was last committed, or about to be; after a failure it is read
 * anew (state_ready()).
 */
#ifndef TEESIM_STORAGE_STATE_H
#define TEESIM_STORAGE_STATE_H

#include <limits.h>

#include "storage/anchor.h"
#include "storage/block_cache.h"
#include "storage/database.h"
#include "storage/record.h"
#include "storage/seal.h"
#include "storage/storage.h"

/*
 * Row numbers: the object's number, then the slot. An object number belongs to an object for ever,
 * to a partition, or (0) to the root. Each block has two slots, which of them counts is the lowest
 * bit of its stamp: a change is staged in the other one.
 */
#define SLOT_BITS  22
#define SLOT_HEAD  0U
#define SLOT_TABLE 1U	 /* directory pages of a partition, maps of an object */
#define SLOT_BLOCK 8192U /* + 2 * index + side */
#define SLOT_LAST  ((1U << SLOT_BITS) - 1)
/* No row has a larger one. */
#define ROW_NUMBER_LAST ((UINT64_C(1) << (63 - SLOT_BITS)) - 1)

static inline int64_t row_id(uint64_t number, uint32_t slot)
{
	return (int64_t)(number << SLOT_BITS | slot);
}

/*
 * Rows above the objects have a twin: the same octets under a number of its own, far from them. It
 * is written a while after the row, by storage_twin(), and stands in for a row that is damaged. One
 * that is behind its row opens no more than an older row does.
 */
#define TWIN (UINT64_C(1) << 40)

static inline uint32_t block_slot(uint32_t index, uint64_t stamp)
{
	return SLOT_BLOCK + 2 * index + (uint32_t)(stamp & 1);
}

/* So many rows are written or removed in one step. */
#define STEP_BLOCKS 64U
/* A change of more blocks is staged. */
#define STAGE_ABOVE_BLOCKS 256U
#define STEP_ROWS	   256

struct storage_partition {
	struct storage *storage;
	/* `number` 0: it has no rows yet. */
	struct record_partition_entry entry;
	struct seal_secret *secret;
	struct seal_key *key;
	/* The pages below were read. */
	bool loaded;
	/* There is something to write at the next commitment. */
	bool dirty;
	uint32_t pages;
	uint64_t *page_stamp;
	bool *page_dirty;
	/* The page can't be opened: what was in it is lost. */
	bool *page_bad;
	bool any_bad;
	/* How many rows were damaged, and were read from their twins. They are written anew with
	 * the next change. */
	uint32_t twins_read;
	/* The twin is older than the row: of pages, and of any row. */
	bool *page_twin_due;
	bool twin_due;
	/* All pages' entries; an object's seat is its place among them. */
	struct record_entry *entries;
	/* By name: the first seat + 1 of each bucket, then from seat to seat. */
	uint32_t *bucket;
	uint32_t buckets;
	uint32_t *chain;
	/* No seat below is free. */
	uint32_t first_free;
};

struct storage_object {
	struct storage_object *next;
	struct storage_partition *partition;
	uint64_t number;
	uint32_t seat;
	uint32_t users;
	struct seal_key *key;
	/* Being made: in no directory yet. */
	bool building;
	/* Removed: in no directory any more. */
	bool removed;
	/* Jobs under way. */
	uint32_t readers;
	bool writer;
	/* What follows was read. */
	bool loaded;
	struct object_header header;
	uint64_t data_size;
	uint32_t blocks;
	bool unclean;
	uint8_t *attributes;
	uint32_t attributes_size;
	uint32_t maps;
	uint64_t *map_stamp;
	/* RECORD_MAP_BLOCKS stamps each; NULL where it was not read. */
	uint64_t **map;
	bool *map_dirty;
	/* Where the cleaning of block rows has got to. */
	uint32_t clean_slot;
};

struct storage {
	struct database *database;
	struct anchor anchor;
	int lock_fd;
	bool read_only;
	bool durable;
	uint64_t quota_ta;
	uint64_t quota_device;
	struct seal_secret *secret;
	struct seal_secret *anchor_secret;
	struct seal_key *root_key;
	enum seal_cipher cipher;
	/* As last committed. */
	uint64_t counter;
	uint64_t stamp;
	/* The root was damaged, and read from its twin. */
	bool root_from_twin;
	/* The root's twin is older than the root. */
	bool root_twin_due;
	/* Any twin may be older, of partitions from that one on. */
	bool twins_unknown;
	size_t twin_next;
	/* Not before there is a change. */
	bool twins_failed;
	/* The database is one commitment ahead of the counter. */
	bool anchor_behind;
	/* Memory does not show what was last committed. */
	bool forgotten;
	uint64_t next_number;
	uint64_t next_stamp;
	struct storage_partition **partitions;
	size_t partition_count;
	uint64_t *doomed;
	uint32_t doomed_count;
	uint32_t doomed_room;
	struct storage_object *objects;
	struct block_cache cache;
	struct record_buffer plain;
	struct record_buffer sealed;
};

/* ---- storage.c ---- */

/* A stamp that no row has had; `side` is its lowest bit. */
uint64_t stamp_new(struct storage *storage, uint32_t side);
/* Reads and opens a row into storage->plain. -EBADMSG also when it is missing. */
int row_read(struct storage *storage, const struct seal_key *key, uint64_t number, uint32_t slot,
	     uint64_t stamp);
/* The same of a row that has a twin, which is taken where the row is damaged: `*used` grows. */
int row_read_either(struct storage *storage, const struct seal_key *key, uint64_t number,
		    uint32_t slot, uint64_t stamp, uint32_t *used);
/* Makes the row's twin what the row is, or removes it where the stamp is 0. A damaged row is not
 * copied. */
int row_twin(struct storage *storage, const struct seal_key *key, uint64_t number, uint32_t slot,
	     uint64_t stamp);
/* Seals and writes a row. */
int row_write(struct storage *storage, const struct seal_key *key, uint64_t number, uint32_t slot,
	      uint64_t stamp, const void *data, size_t size);

/* A change begins. Ends with state_commit() or state_abort(). */
int state_begin(struct storage *storage);
/* Writes what is dirty above the objects, and a new root. On failure it has aborted. */
int state_commit(struct storage *storage);
/* Undoes it all, in memory too. Returns `err`. */
int state_abort(struct storage *storage, int err);
/* What memory shows is what was committed; reads it anew after a failure. */
int state_ready(struct storage *storage);

/* An object number that will be cleaned away. False: no memory, or too many. */
bool doomed_add(struct storage *storage, uint64_t number);
void doomed_remove(struct storage *storage, uint64_t number);

/* ---- partition.c ---- */

int partition_load(struct storage_partition *partition);
void partition_forget(struct storage_partition *partition);
void partition_free(struct storage_partition *partition);
/* The seat of that name. -ENOENT; -EBADMSG where it might have been in a page that is lost. */
int partition_find(struct storage_partition *partition, const void *name, size_t size,
		   uint32_t *seat);
/* A seat for a new name. */
int partition_add(struct storage_partition *partition, const void *name, size_t size,
		  uint32_t *seat);
int partition_rename(struct storage_partition *partition, uint32_t seat, const void *name,
		     size_t size);
void partition_remove(struct storage_partition *partition, uint32_t seat);
/* What the seat says of its object's rows. */
void partition_set(struct storage_partition *partition, uint32_t seat, uint64_t number,
		   uint64_t stamp, uint64_t charge);
/* Writes dirty pages and the partition's own row. */
int partition_flush(struct storage_partition *partition);
/* Brings at most `*rows` twins up to date, and takes them off it. */
int partition_twin(struct storage_partition *partition, uint32_t *rows);
/* All twins may be older than their rows. */
void partition_twin_all(struct storage_partition *partition);
/* May the TA's objects be charged with `more` octets in exchange for `less`? 0 or -ENOSPC. */
int partition_quota(const struct storage_partition *partition, uint64_t more, uint64_t less);

/* ---- object.c ---- */

struct storage_object *object_make(struct storage_partition *partition, uint64_t number);
int object_load(struct storage_object *object);
void object_forget(struct storage_object *object);
/* Writes dirty maps and the head, and tells the directory unless it is being built. */
int object_flush(struct storage_object *object);
/* The map with that number, loaded; with `grow`, made where there is none. 0, -ENOENT, -EBADMSG. */
int object_map(struct storage_object *object, uint32_t map, bool grow, uint64_t **stamps);
uint64_t object_charge(const struct storage_object *object, size_t name_size);
/* Removes an object's rows, or dooms them where they are many. */
int object_rows_remove(struct storage *storage, uint64_t number, uint64_t charge);
/* One step of removing rows that no map names. 1: there is more. */
int object_clean(struct storage_object *object);

#endif
