#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "storage/state.h"

/* Names are a TA's own, and short: FNV-1a is good enough to spread them. */
static uint32_t name_hash(const uint8_t *name, size_t size)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ name[i]) * 16777619U;
	return hash;
}

static uint32_t *bucket_of(const struct storage_partition *partition, const uint8_t *name,
			   size_t size)
{
	return &partition->bucket[name_hash(name, size) & (partition->buckets - 1)];
}

static void seat_link(struct storage_partition *partition, uint32_t seat)
{
	const struct record_entry *entry = &partition->entries[seat];
	uint32_t *bucket = bucket_of(partition, entry->name, entry->name_size);

	partition->chain[seat] = *bucket;
	*bucket = seat + 1;
}

static void seat_unlink(struct storage_partition *partition, uint32_t seat)
{
	const struct record_entry *entry = &partition->entries[seat];
	uint32_t *at = bucket_of(partition, entry->name, entry->name_size);

	while (*at != seat + 1)
		at = &partition->chain[*at - 1];
	*at = partition->chain[seat];
}

/* Room for so many pages, all of them empty where they are new. */
static int pages_resize(struct storage_partition *partition, uint32_t pages)
{
	const uint32_t seats = pages * RECORD_PAGE_ENTRIES;
	const uint32_t old = partition->pages * RECORD_PAGE_ENTRIES;
	uint32_t buckets = partition->buckets ? partition->buckets : 64;
	uint64_t *stamp;
	struct record_entry *entries;
	uint32_t *chain, *bucket;
	bool *dirty, *bad, *due;

	stamp = realloc(partition->page_stamp, pages * sizeof(*stamp));
	if (stamp)
		partition->page_stamp = stamp;
	dirty = realloc(partition->page_dirty, pages * sizeof(*dirty));
	if (dirty)
		partition->page_dirty = dirty;
	bad = realloc(partition->page_bad, pages * sizeof(*bad));
	if (bad)
		partition->page_bad = bad;
	due = realloc(partition->page_twin_due, pages * sizeof(*due));
	if (due)
		partition->page_twin_due = due;
	entries = realloc(partition->entries, seats * sizeof(*entries));
	if (entries)
		partition->entries = entries;
	chain = realloc(partition->chain, seats * sizeof(*chain));
	if (chain)
		partition->chain = chain;
	while (buckets < seats)
		buckets *= 2;
	bucket = calloc(buckets, sizeof(*bucket));
	if (!stamp || !dirty || !bad || !due || !entries || !chain || !bucket) {
		free(bucket);
		return -ENOMEM;
	}
	memset(entries + old, 0, (seats - old) * sizeof(*entries));
	memset(chain + old, 0, (seats - old) * sizeof(*chain));
	for (uint32_t i = partition->pages; i < pages; i++) {
		stamp[i] = 0;
		dirty[i] = bad[i] = due[i] = false;
	}
	free(partition->bucket);
	partition->bucket = bucket;
	partition->buckets = buckets;
	partition->pages = pages;
	for (uint32_t seat = 0; seat < old; seat++)
		if (entries[seat].number)
			seat_link(partition, seat);
	return 0;
}

void partition_forget(struct storage_partition *partition)
{
	/* Which of them is forgotten, too. */
	if (partition->twin_due) {
		partition->storage->twins_unknown = true;
		partition->storage->twin_next = 0;
	}
	if (partition->entries)
		sodium_memzero(partition->entries, partition->pages * RECORD_PAGE_ENTRIES *
							   sizeof(*partition->entries));
	free(partition->page_stamp);
	free(partition->page_dirty);
	free(partition->page_bad);
	free(partition->page_twin_due);
	free(partition->entries);
	free(partition->bucket);
	free(partition->chain);
	seal_key_free(partition->key);
	*partition = (struct storage_partition) { .storage = partition->storage,
						  .entry = partition->entry,
						  .secret = partition->secret };
}

void partition_free(struct storage_partition *partition)
{
	partition_forget(partition);
	seal_secret_free(partition->secret);
	free(partition);
}

static int page_load(struct storage_partition *partition, uint32_t page)
{
	struct storage *storage = partition->storage;
	struct record_page content = { 0 };
	uint32_t twins = 0;
	int err = row_read_either(storage, partition->key, partition->entry.number,
				  SLOT_TABLE + page, partition->page_stamp[page], &twins);

	if (twins) {
		partition->twins_read++;
		partition->page_dirty[page] = partition->dirty = true;
	}
	if (!err)
		err = record_page_parse(storage->plain.bytes, storage->plain.size, &content);
	if (err == -EBADMSG) {
		partition->page_bad[page] = partition->any_bad = true;
		return 0;
	}
	if (err < 0)
		return err;
	memcpy(&partition->entries[page * RECORD_PAGE_ENTRIES], content.entry,
	       sizeof(content.entry));
	for (uint32_t i = 0; i < RECORD_PAGE_ENTRIES; i++)
		if (content.entry[i].number)
			seat_link(partition, page * RECORD_PAGE_ENTRIES + i);
	sodium_memzero(&content, sizeof(content));
	return 0;
}

static int pages_load(struct storage_partition *partition)
{
	struct storage *storage = partition->storage;
	struct record_stamps stamps = { 0 };
	int err = row_read_either(storage, partition->key, partition->entry.number, SLOT_HEAD,
				  partition->entry.stamp, &partition->twins_read);

	partition->dirty |= partition->twins_read;
	if (!err)
		err = record_stamps_parse(storage->plain.bytes, storage->plain.size,
					  RECORD_PAGES_MAX, &stamps);
	if (!err && stamps.count)
		err = pages_resize(partition, stamps.count);
	for (uint32_t i = 0; !err && i < partition->pages; i++)
		partition->page_stamp[i] = record_stamp(&stamps, i);
	for (uint32_t i = 0; !err && i < partition->pages; i++)
		if (partition->page_stamp[i])
			err = page_load(partition, i);
	return err;
}

static int key_ensure(struct storage_partition *partition)
{
	if (!partition->key)
		partition->key = seal_key_derive(partition->secret, partition->storage->cipher,
						 partition->entry.number);
	return partition->key ? 0 : -ENOMEM;
}

int partition_load(struct storage_partition *partition)
{
	int err = state_ready(partition->storage);

	if (err < 0 || partition->loaded)
		return err;
	if (partition->entry.number) {
		err = key_ensure(partition);
		if (!err)
			err = pages_load(partition);
	}
	if (err < 0)
		partition_forget(partition);
	else
		partition->loaded = true;
	return err;
}

int partition_find(struct storage_partition *partition, const void *name, size_t size,
		   uint32_t *seat)
{
	int err = partition_load(partition);

	if (err < 0)
		return err;
	for (uint32_t at = partition->buckets ? *bucket_of(partition, name, size) : 0; at;
	     at = partition->chain[at - 1]) {
		const struct record_entry *entry = &partition->entries[at - 1];

		if (entry->name_size == size && (!size || !memcmp(entry->name, name, size))) {
			*seat = at - 1;
			return 0;
		}
	}
	return partition->any_bad ? -EBADMSG : -ENOENT;
}

static void seat_touch(struct storage_partition *partition, uint32_t seat)
{
	partition->page_dirty[seat / RECORD_PAGE_ENTRIES] = true;
	partition->dirty = true;
}

int partition_add(struct storage_partition *partition, const void *name, size_t size, uint32_t *out)
{
	uint32_t seat = partition->first_free;
	struct record_entry *entry;
	int err = 0;

	if (!partition->entry.number) {
		if (partition->storage->partition_count > RECORD_PARTITIONS_MAX)
			return -ENOSPC;
		partition->entry.number = partition->storage->next_number++;
		err = key_ensure(partition);
	}
	while (seat < partition->pages * RECORD_PAGE_ENTRIES &&
	       (partition->entries[seat].number || partition->page_bad[seat / RECORD_PAGE_ENTRIES]))
		seat++;
	if (!err && seat == partition->pages * RECORD_PAGE_ENTRIES)
		err = partition->pages == RECORD_PAGES_MAX
			      ? -ENOSPC
			      : pages_resize(partition, partition->pages + 1);
	if (err < 0)
		return err;
	partition->first_free = seat + 1;
	entry = &partition->entries[seat];
	*entry = (struct record_entry) { .name_size = (uint8_t)size };
	if (size)
		memcpy(entry->name, name, size);
	seat_link(partition, seat);
	seat_touch(partition, seat);
	partition->entry.objects++;
	*out = seat;
	return 0;
}

int partition_rename(struct storage_partition *partition, uint32_t seat, const void *name,
		     size_t size)
{
	struct record_entry *entry = &partition->entries[seat];

	seat_unlink(partition, seat);
	memset(entry->name, 0, sizeof(entry->name));
	entry->name_size = (uint8_t)size;
	if (size)
		memcpy(entry->name, name, size);
	seat_link(partition, seat);
	seat_touch(partition, seat);
	return 0;
}

void partition_remove(struct storage_partition *partition, uint32_t seat)
{
	seat_unlink(partition, seat);
	partition->entry.used -= partition->entries[seat].charge;
	partition->entry.objects--;
	memset(&partition->entries[seat], 0, sizeof(partition->entries[seat]));
	if (seat < partition->first_free)
		partition->first_free = seat;
	seat_touch(partition, seat);
}

void partition_set(struct storage_partition *partition, uint32_t seat, uint64_t number,
		   uint64_t stamp, uint64_t charge)
{
	struct record_entry *entry = &partition->entries[seat];

	partition->entry.used += charge - entry->charge;
	entry->number = number;
	entry->stamp = stamp;
	entry->charge = charge;
	seat_touch(partition, seat);
}

static bool page_is_empty(const struct storage_partition *partition, uint32_t page)
{
	for (uint32_t i = 0; i < RECORD_PAGE_ENTRIES; i++)
		if (partition->entries[page * RECORD_PAGE_ENTRIES + i].number)
			return false;
	return true;
}

static int page_flush(struct storage_partition *partition, uint32_t page)
{
	struct storage *storage = partition->storage;
	const uint64_t number = partition->entry.number;

	partition->page_dirty[page] = false;
	partition->page_twin_due[page] = partition->twin_due = true;
	if (page_is_empty(partition, page)) {
		partition->page_stamp[page] = 0;
		return database_remove(storage->database, row_id(number, SLOT_TABLE + page),
				       row_id(number, SLOT_TABLE + page), 0, NULL);
	}
	partition->page_stamp[page] = stamp_new(storage, 0);
	record_buffer_clear(&storage->plain);
	record_page_write(
		&storage->plain,
		(const struct record_page *)&partition->entries[page * RECORD_PAGE_ENTRIES]);
	if (storage->plain.failed)
		return -ENOMEM;
	return row_write(storage, partition->key, number, SLOT_TABLE + page,
			 partition->page_stamp[page], storage->plain.bytes, storage->plain.size);
}

int partition_flush(struct storage_partition *partition)
{
	struct storage *storage = partition->storage;
	int err = 0;

	for (uint32_t i = 0; i < partition->pages && !err; i++)
		if (partition->page_dirty[i])
			err = page_flush(partition, i);
	if (err < 0)
		return err;
	partition->dirty = false;
	partition->twins_read = 0;
	partition->twin_due = true;
	partition->entry.stamp = stamp_new(storage, 0);
	record_buffer_clear(&storage->plain);
	record_stamps_write(&storage->plain, partition->page_stamp, partition->pages);
	if (storage->plain.failed)
		return -ENOMEM;
	return row_write(storage, partition->key, partition->entry.number, SLOT_HEAD,
			 partition->entry.stamp, storage->plain.bytes, storage->plain.size);
}

void partition_twin_all(struct storage_partition *partition)
{
	for (uint32_t i = 0; i < partition->pages; i++)
		partition->page_twin_due[i] = true;
	partition->twin_due = true;
}

int partition_twin(struct storage_partition *partition, uint32_t *rows)
{
	struct storage *storage = partition->storage;
	const uint64_t number = partition->entry.number;
	int err = 0;

	for (uint32_t i = 0; i < partition->pages && !err; i++) {
		if (!partition->page_twin_due[i])
			continue;
		if (!*rows)
			return 0;
		--*rows;
		partition->page_twin_due[i] = false;
		err = row_twin(storage, partition->key, number, SLOT_TABLE + i,
			       partition->page_stamp[i]);
	}
	if (err < 0 || !*rows)
		return err;
	--*rows;
	partition->twin_due = false;
	return row_twin(storage, partition->key, number, SLOT_HEAD, partition->entry.stamp);
}

int partition_quota(const struct storage_partition *partition, uint64_t more, uint64_t less)
{
	const struct storage *storage = partition->storage;
	uint64_t ta = 0, device = 0;

	if (more <= less)
		return 0;
	more -= less;
	for (size_t i = 0; i < storage->partition_count; i++) {
		const struct record_partition_entry *entry = &storage->partitions[i]->entry;

		device += entry->used;
		if (!memcmp(entry->id.domain, partition->entry.id.domain, 16) &&
		    !memcmp(entry->id.ta, partition->entry.id.ta, 16))
			ta += entry->used;
	}
	if ((storage->quota_ta && ta + more > storage->quota_ta) ||
	    (storage->quota_device && device + more > storage->quota_device))
		return -ENOSPC;
	return 0;
}
