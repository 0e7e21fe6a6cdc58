#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "storage/state.h"

struct walk {
	struct storage *storage;
	struct storage_check *check;
	bool repair;
	/* Object numbers whose rows belong to somebody, sorted before they are asked for. */
	uint64_t *live;
	size_t live_count;
	size_t live_room;
};

static void tell(struct walk *walk, const struct partition_id *partition,
		 const struct record_entry *entry, const char *what)
{
	struct storage_finding finding = { .partition = partition, .what = what };

	if (entry) {
		finding.has_name = true;
		finding.name_size = entry->name_size;
		memcpy(finding.name, entry->name, sizeof(finding.name));
	}
	walk->check->findings++;
	if (walk->check->tell)
		walk->check->tell(&finding, walk->check->context);
}

static int live_add(struct walk *walk, uint64_t number)
{
	if (walk->live_count == walk->live_room) {
		const size_t room = walk->live_room * 2 + 64;
		uint64_t *more = realloc(walk->live, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		walk->live = more;
		walk->live_room = room;
	}
	walk->live[walk->live_count++] = number;
	return 0;
}

/* Opens each row of the object. Returns 0, -EBADMSG with `*what`, or another -errno. */
static int object_walk(struct walk *walk, struct storage_object *object, const char **what)
{
	struct storage *storage = walk->storage;
	uint32_t blocks = 0;

	*what = "its head is damaged";
	walk->check->rows++;
	for (uint32_t map = 0; map < object->maps; map++) {
		uint64_t *stamps;
		int err = object_map(object, map, false, &stamps);

		if (err == -ENOENT)
			continue;
		walk->check->rows++;
		*what = "a map of its data is damaged";
		if (err < 0)
			return err;
		for (uint32_t i = 0; i < RECORD_MAP_BLOCKS; i++) {
			const uint32_t index = map * RECORD_MAP_BLOCKS + i;

			if (!stamps[i])
				continue;
			blocks++;
			walk->check->rows++;
			*what = "a block of its data is damaged";
			err = row_read(storage, object->key, object->number,
				       block_slot(index, stamps[i]), stamps[i]);
			if (!err && (storage->plain.size > RECORD_BLOCK_SIZE ||
				     (uint64_t)index * RECORD_BLOCK_SIZE + storage->plain.size >
					     object->data_size))
				err = -EBADMSG;
			if (err < 0)
				return err;
		}
		/* Of a large object, not all maps at once. */
		free(object->map[map]);
		object->map[map] = NULL;
	}
	*what = "its blocks are not as many as its head says";
	return blocks == object->blocks ? 0 : -EBADMSG;
}

static int entry_walk(struct walk *walk, struct storage_partition *partition,
		      const struct record_entry *entry)
{
	const char *what = "its head is damaged";
	struct record_entry copy = *entry;
	struct storage_object *object;
	int err = storage_object_get(partition, copy.name, copy.name_size, &object);

	walk->check->objects++;
	if (!err) {
		err = object_walk(walk, object, &what);
		storage_object_put(object);
	}
	if (err != -EBADMSG)
		return err < 0 ? err : live_add(walk, copy.number);
	tell(walk, &partition->entry.id, &copy, what);
	return walk->repair ? storage_remove_name(partition, copy.name, copy.name_size)
			    : live_add(walk, copy.number);
}

/* The objects of lost pages are gone for good; rows that were read from their twins are written. */
static int pages_repair(struct storage_partition *partition)
{
	int err = state_begin(partition->storage);

	if (err < 0)
		return err;
	partition->entry.objects = 0;
	partition->entry.used = 0;
	for (uint32_t i = 0; i < partition->pages * RECORD_PAGE_ENTRIES; i++) {
		partition->entry.objects += partition->entries[i].number != 0;
		partition->entry.used += partition->entries[i].charge;
	}
	for (uint32_t i = 0; i < partition->pages; i++)
		if (partition->page_bad[i]) {
			partition->page_bad[i] = false;
			partition->page_dirty[i] = true;
		}
	partition->any_bad = false;
	partition->first_free = 0;
	partition->dirty = true;
	return state_commit(partition->storage);
}

static int partition_repair(struct storage_partition *partition)
{
	const struct partition_id id = partition->entry.id;
	int err = state_begin(partition->storage);

	if (err < 0)
		return err;
	partition_forget(partition);
	partition->entry = (struct record_partition_entry) { .id = id };
	return state_commit(partition->storage);
}

int storage_partition_mend(struct storage_partition *partition)
{
	int err = partition_load(partition);

	if (err == -EBADMSG)
		return partition_repair(partition);
	return !err && partition->any_bad ? pages_repair(partition) : err;
}

static int partition_walk(struct walk *walk, struct storage_partition *partition)
{
	int err;

	if (!partition->entry.number)
		return 0;
	err = partition_load(partition);
	if (err == -EBADMSG) {
		tell(walk, &partition->entry.id, NULL, "its directory is damaged");
		return walk->repair ? partition_repair(partition)
				    : live_add(walk, partition->entry.number);
	}
	if (!err)
		err = live_add(walk, partition->entry.number);
	walk->check->rows++;
	for (uint32_t i = 0; !err && i < partition->pages; i++) {
		walk->check->rows += partition->page_stamp[i] != 0;
		if (partition->page_bad[i])
			tell(walk, &partition->entry.id, NULL,
			     "a page of its directory is damaged: up to 32 objects are lost");
	}
	if (!err && partition->twins_read)
		tell(walk, &partition->entry.id, NULL,
		     "a row of its directory is damaged: its copy is good, and nothing is lost");
	if (!err && (partition->any_bad || partition->twins_read) && walk->repair)
		err = pages_repair(partition);
	for (uint32_t i = 0; !err && i < partition->pages * RECORD_PAGE_ENTRIES; i++)
		if (partition->entries[i].number)
			err = entry_walk(walk, partition, &partition->entries[i]);
	return err;
}

static int number_compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Rows of objects that nobody knows. */
static int orphans_walk(struct walk *walk)
{
	struct storage *storage = walk->storage;
	int64_t id = 0;
	int err = 0;

	if (walk->live_count)
		qsort(walk->live, walk->live_count, sizeof(*walk->live), number_compare);
	for (uint64_t number = 1; !err && number <= ROW_NUMBER_LAST;
	     number = ((uint64_t)id >> SLOT_BITS) + 1) {
		uint64_t found, owner;
		bool doomed = false;

		err = database_next(storage->database, row_id(number, 0), INT64_MAX, &id);
		if (err < 0)
			break;
		found = (uint64_t)id >> SLOT_BITS;
		/* Twins are the business of what they are twins of. */
		owner = found & ~TWIN;
		if (!owner)
			continue;
		if (walk->live_count && bsearch(&owner, walk->live, walk->live_count,
						sizeof(*walk->live), number_compare))
			continue;
		walk->check->garbage++;
		for (uint32_t i = 0; i < storage->doomed_count; i++)
			doomed |= storage->doomed[i] == found;
		/* Numbers that were never given out were written by somebody else. */
		if (!walk->repair || doomed)
			continue;
		err = database_remove(storage->database, row_id(found, 0), row_id(found, SLOT_LAST),
				      0, NULL);
	}
	return err == -ENOENT ? 0 : err;
}

int storage_check(struct storage *storage, bool repair, struct storage_check *check)
{
	struct walk walk = { .storage = storage, .check = check, .repair = repair };
	int err = state_ready(storage);

	check->rows++;
	if (storage->root_from_twin)
		tell(&walk, NULL, NULL,
		     "the root is damaged: its copy is good, and nothing is lost");
	if (storage->root_from_twin && repair && !err) {
		err = state_begin(storage);
		if (!err)
			err = state_commit(storage);
	}
	for (size_t i = 0; i < storage->partition_count && !err; i++)
		err = partition_walk(&walk, storage->partitions[i]);
	if (!err)
		err = orphans_walk(&walk);
	if (err == -EBADMSG) {
		tell(&walk, NULL, NULL, "the database file itself is damaged");
		err = 0;
	}
	free(walk.live);
	return err;
}
