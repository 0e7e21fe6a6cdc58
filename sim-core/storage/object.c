#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "storage/state.h"

/* What an object costs that holds nothing: its rows, and its share of the pages above. */
#define CHARGE_OBJECT 512U
/* An object of more is cleaned away in slices after it was removed. */
#define REMOVE_AT_ONCE (STAGE_ABOVE_BLOCKS * 2)

/* ---- what is in memory of an object ---- */

struct storage_object *object_make(struct storage_partition *partition, uint64_t number)
{
	struct storage_object *object = calloc(1, sizeof(*object));

	if (!object)
		return NULL;
	object->key = seal_key_derive(partition->secret, partition->storage->cipher, number);
	if (!object->key) {
		free(object);
		return NULL;
	}
	object->partition = partition;
	object->number = number;
	object->users = 1;
	object->next = partition->storage->objects;
	partition->storage->objects = object;
	return object;
}

void object_forget(struct storage_object *object)
{
	for (uint32_t i = 0; i < object->maps; i++)
		free(object->map[i]);
	free(object->map);
	free(object->map_stamp);
	free(object->map_dirty);
	if (object->attributes)
		sodium_memzero(object->attributes, object->attributes_size);
	free(object->attributes);
	object->map = NULL;
	object->map_stamp = NULL;
	object->map_dirty = NULL;
	object->maps = 0;
	object->attributes = NULL;
	object->attributes_size = 0;
	object->loaded = false;
}

void storage_object_put(struct storage_object *object)
{
	struct storage_object **at;

	if (!object || --object->users)
		return;
	at = &object->partition->storage->objects;
	while (*at != object)
		at = &(*at)->next;
	*at = object->next;
	object_forget(object);
	seal_key_free(object->key);
	free(object);
}

static int maps_resize(struct storage_object *object, uint32_t maps)
{
	uint64_t *stamp = realloc(object->map_stamp, maps * sizeof(*stamp));
	uint64_t **map;
	bool *dirty;

	if (stamp)
		object->map_stamp = stamp;
	map = realloc(object->map, maps * sizeof(*map));
	if (map)
		object->map = map;
	dirty = realloc(object->map_dirty, maps * sizeof(*dirty));
	if (dirty)
		object->map_dirty = dirty;
	if (!stamp || !map || !dirty)
		return -ENOMEM;
	for (uint32_t i = object->maps; i < maps; i++) {
		stamp[i] = 0;
		map[i] = NULL;
		dirty[i] = false;
	}
	object->maps = maps;
	return 0;
}

int object_load(struct storage_object *object)
{
	struct storage_partition *partition = object->partition;
	struct storage *storage = partition->storage;
	struct record_head head = { 0 };
	int err = partition_load(partition);

	if (object->removed)
		return -ENOENT;
	if (err < 0 || object->loaded)
		return err;
	if (object->building || object->seat >= partition->pages * RECORD_PAGE_ENTRIES ||
	    partition->entries[object->seat].number != object->number)
		return -EBADMSG;
	err = row_read(storage, object->key, object->number, SLOT_HEAD,
		       partition->entries[object->seat].stamp);
	if (!err)
		err = record_head_parse(storage->plain.bytes, storage->plain.size, &head);
	if (err < 0)
		return err;
	if (head.attributes_size) {
		object->attributes = malloc(head.attributes_size);
		if (!object->attributes)
			return -ENOMEM;
		memcpy(object->attributes, head.attributes, head.attributes_size);
		object->attributes_size = head.attributes_size;
	}
	if (head.maps.count && maps_resize(object, head.maps.count) < 0) {
		object_forget(object);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < object->maps; i++)
		object->map_stamp[i] = record_stamp(&head.maps, i);
	object->header = head.header;
	object->data_size = head.data_size;
	object->blocks = head.blocks;
	object->unclean = head.unclean;
	object->clean_slot = SLOT_TABLE;
	object->loaded = true;
	return 0;
}

int object_map(struct storage_object *object, uint32_t map, bool grow, uint64_t **stamps)
{
	struct storage *storage = object->partition->storage;
	struct record_stamps read = { 0 };
	int err;

	if (map >= object->maps) {
		if (!grow)
			return -ENOENT;
		err = maps_resize(object, map + 1);
		if (err < 0)
			return err;
	}
	if (object->map[map]) {
		*stamps = object->map[map];
		return 0;
	}
	if (!object->map_stamp[map] && !grow)
		return -ENOENT;
	if (object->map_stamp[map]) {
		err = row_read(storage, object->key, object->number, SLOT_TABLE + map,
			       object->map_stamp[map]);
		if (!err)
			err = record_stamps_parse(storage->plain.bytes, storage->plain.size,
						  RECORD_MAP_BLOCKS, &read);
		if (err < 0)
			return err;
	}
	object->map[map] = calloc(RECORD_MAP_BLOCKS, sizeof(**object->map));
	if (!object->map[map])
		return -ENOMEM;
	for (uint32_t i = 0; i < read.count; i++)
		object->map[map][i] = record_stamp(&read, i);
	*stamps = object->map[map];
	return 0;
}

uint64_t object_charge(const struct storage_object *object, size_t name_size)
{
	return CHARGE_OBJECT + name_size + object->attributes_size +
	       (uint64_t)object->blocks * RECORD_BLOCK_SIZE;
}

static int map_flush(struct storage_object *object, uint32_t map)
{
	struct storage *storage = object->partition->storage;
	const uint64_t *stamps = object->map[map];
	uint32_t count = RECORD_MAP_BLOCKS;

	object->map_dirty[map] = false;
	while (count && !stamps[count - 1])
		count--;
	if (!count) {
		const int64_t id = row_id(object->number, SLOT_TABLE + map);

		object->map_stamp[map] = 0;
		return database_remove(storage->database, id, id, 0, NULL);
	}
	object->map_stamp[map] = stamp_new(storage, 0);
	record_buffer_clear(&storage->plain);
	record_stamps_write(&storage->plain, stamps, count);
	if (storage->plain.failed)
		return -ENOMEM;
	return row_write(storage, object->key, object->number, SLOT_TABLE + map,
			 object->map_stamp[map], storage->plain.bytes, storage->plain.size);
}

int object_flush(struct storage_object *object)
{
	struct storage_partition *partition = object->partition;
	struct storage *storage = partition->storage;
	const struct record_entry *entry = &partition->entries[object->seat];
	const uint64_t stamp = stamp_new(storage, 0);
	const uint64_t charge = object_charge(object, entry->name_size);
	int err = partition_quota(partition, charge, entry->charge);

	for (uint32_t i = 0; i < object->maps && !err; i++)
		if (object->map_dirty[i])
			err = map_flush(object, i);
	if (err < 0)
		return err;
	record_buffer_clear(&storage->plain);
	record_head_write(&storage->plain, &object->header, object->data_size, object->blocks,
			  object->unclean, object->attributes, object->attributes_size,
			  object->map_stamp, object->maps);
	if (storage->plain.failed)
		return -ENOMEM;
	err = row_write(storage, object->key, object->number, SLOT_HEAD, stamp,
			storage->plain.bytes, storage->plain.size);
	if (!err)
		partition_set(partition, object->seat, object->number, stamp, charge);
	return err;
}

/* ---- from outside ---- */

static struct storage_object *opened(struct storage *storage, uint64_t number)
{
	for (struct storage_object *object = storage->objects; object; object = object->next)
		if (object->number == number && !object->removed)
			return object;
	return NULL;
}

struct storage_object *storage_object_opened(struct storage_partition *partition, const void *name,
					     size_t size)
{
	uint32_t seat;

	return partition_find(partition, name, size, &seat) < 0
		       ? NULL
		       : opened(partition->storage, partition->entries[seat].number);
}

int storage_object_get(struct storage_partition *partition, const void *name, size_t size,
		       struct storage_object **out)
{
	struct storage_object *object;
	uint32_t seat;
	int err = partition_find(partition, name, size, &seat);

	if (err < 0)
		return err;
	object = opened(partition->storage, partition->entries[seat].number);
	if (object) {
		object->users++;
	} else {
		object = object_make(partition, partition->entries[seat].number);
		if (!object)
			return -ENOMEM;
		object->seat = seat;
	}
	err = object_load(object);
	if (err < 0) {
		storage_object_put(object);
		return err;
	}
	*out = object;
	return 0;
}

int storage_object_header(struct storage_object *object, struct object_header *header)
{
	int err = object_load(object);

	if (!err)
		*header = object->header;
	return err;
}

int storage_object_attributes(struct storage_object *object, const uint8_t **attributes,
			      size_t *size)
{
	int err = object_load(object);

	if (!err) {
		*attributes = object->attributes;
		*size = object->attributes_size;
	}
	return err;
}

int storage_object_data_size(struct storage_object *object, uint64_t *size)
{
	int err = object_load(object);

	if (!err)
		*size = object->data_size;
	return err;
}

static int change_begin(struct storage_object *object)
{
	int err = object_load(object);

	return err < 0 ? err : state_begin(object->partition->storage);
}

static int change_end(struct storage_object *object, int err)
{
	struct storage *storage = object->partition->storage;

	if (!err)
		err = object_flush(object);
	return err < 0 ? state_abort(storage, err) : state_commit(storage);
}

int storage_object_set_usage(struct storage_object *object, uint32_t usage)
{
	int err = change_begin(object);

	if (err < 0)
		return err;
	object->header.usage = usage;
	return change_end(object, 0);
}

int storage_object_rename(struct storage_object *object, const void *name, size_t size)
{
	uint32_t seat;
	int err = partition_find(object->partition, name, size, &seat);

	if (err != -ENOENT)
		return err ? err : -EEXIST;
	err = change_begin(object);
	if (err < 0)
		return err;
	return change_end(object, partition_rename(object->partition, object->seat, name, size));
}

/* Cuts the block in which the data now ends, so that nothing of what was behind comes back. */
static int block_cut(struct storage_object *object, uint32_t index, uint32_t size)
{
	struct storage *storage = object->partition->storage;
	uint8_t content[RECORD_BLOCK_SIZE];
	uint64_t *stamps;
	uint64_t stamp;
	int err = object_map(object, index / RECORD_MAP_BLOCKS, false, &stamps);

	if (err < 0)
		return err == -ENOENT ? 0 : err;
	stamp = stamps[index % RECORD_MAP_BLOCKS];
	if (!stamp)
		return 0;
	err = row_read(storage, object->key, object->number, block_slot(index, stamp), stamp);
	if (err < 0)
		return err;
	if (storage->plain.size <= size)
		return 0;
	memcpy(content, storage->plain.bytes, size);
	stamp = stamp_new(storage, stamp & 1);
	stamps[index % RECORD_MAP_BLOCKS] = stamp;
	object->map_dirty[index / RECORD_MAP_BLOCKS] = true;
	err = row_write(storage, object->key, object->number, block_slot(index, stamp), stamp,
			content, size);
	sodium_memzero(content, size);
	return err;
}

/* No block from `first` on is there any more. */
static int blocks_drop(struct storage_object *object, uint32_t first)
{
	struct storage *storage = object->partition->storage;
	uint32_t dropped = 0;

	for (uint32_t map = first / RECORD_MAP_BLOCKS; map < object->maps; map++) {
		uint64_t *stamps;
		int err = object_map(object, map, false, &stamps);

		if (err == -ENOENT)
			continue;
		if (err < 0)
			return err;
		for (uint32_t i = 0; i < RECORD_MAP_BLOCKS; i++)
			if (stamps[i] && map * RECORD_MAP_BLOCKS + i >= first) {
				stamps[i] = 0;
				dropped++;
				object->map_dirty[map] = true;
			}
	}
	object->blocks -= dropped;
	if (dropped > REMOVE_AT_ONCE) {
		object->unclean = true;
		object->clean_slot = SLOT_TABLE;
		return 0;
	}
	return dropped ? database_remove(storage->database,
					 row_id(object->number, SLOT_BLOCK + 2 * first),
					 row_id(object->number, SLOT_LAST), 0, NULL)
		       : 0;
}

int storage_object_truncate(struct storage_object *object, uint64_t size)
{
	const uint32_t whole = (uint32_t)(size / RECORD_BLOCK_SIZE);
	const uint32_t rest = (uint32_t)(size % RECORD_BLOCK_SIZE);
	int err;

	if (size > RECORD_DATA_MAX)
		return -EFBIG;
	if (object->writer || object->readers)
		return -EBUSY;
	err = change_begin(object);
	if (err < 0)
		return err;
	if (size < object->data_size) {
		if (rest)
			err = block_cut(object, whole, rest);
		if (!err)
			err = blocks_drop(object, whole + !!rest);
	}
	object->data_size = size;
	return change_end(object, err);
}

int object_rows_remove(struct storage *storage, uint64_t number, uint64_t charge)
{
	if (charge / RECORD_BLOCK_SIZE > REMOVE_AT_ONCE)
		return doomed_add(storage, number) ? 0 : -ENOMEM;
	return database_remove(storage->database, row_id(number, 0), row_id(number, SLOT_LAST), 0,
			       NULL);
}

static int seat_clear(struct storage_partition *partition, uint32_t seat, bool unclean)
{
	struct storage *storage = partition->storage;
	const uint64_t number = partition->entries[seat].number;
	const uint64_t charge = partition->entries[seat].charge;
	int err = state_begin(storage);

	if (err < 0)
		return err;
	partition_remove(partition, seat);
	err = object_rows_remove(storage, number, unclean ? UINT64_MAX : charge);
	return err < 0 ? state_abort(storage, err) : state_commit(storage);
}

int storage_object_remove(struct storage_object *object)
{
	int err = object_load(object);

	if (err < 0)
		return err;
	if (object->writer || object->readers)
		return -EBUSY;
	err = seat_clear(object->partition, object->seat, object->unclean);
	if (!err)
		object->removed = true;
	return err;
}

int storage_remove_name(struct storage_partition *partition, const void *name, size_t size)
{
	uint32_t seat;
	int err = partition_find(partition, name, size, &seat);

	if (err < 0)
		return err;
	if (opened(partition->storage, partition->entries[seat].number))
		return -EBUSY;
	return seat_clear(partition, seat, true);
}

int storage_next(struct storage_partition *partition, uint32_t *cursor, struct storage_entry *out)
{
	struct storage *storage = partition->storage;
	int err = partition_load(partition);

	if (err < 0)
		return err;
	for (; *cursor < partition->pages * RECORD_PAGE_ENTRIES; ++*cursor) {
		const struct record_entry *entry = &partition->entries[*cursor];
		const uint32_t page = *cursor / RECORD_PAGE_ENTRIES;
		struct storage_object *object;
		struct record_head head = { 0 };
		struct seal_key *key;

		if (partition->page_bad[page]) {
			*cursor = (page + 1) * RECORD_PAGE_ENTRIES;
			memset(out, 0, sizeof(*out));
			return -EBADMSG;
		}
		if (!entry->number)
			continue;
		*out = (struct storage_entry) { .name_size = entry->name_size,
						.charge = entry->charge };
		memcpy(out->name, entry->name, sizeof(out->name));
		++*cursor;
		object = opened(storage, entry->number);
		if (object && object->loaded) {
			out->header = object->header;
			out->data_size = object->data_size;
			out->attributes_size = object->attributes_size;
			return 0;
		}
		key = seal_key_derive(partition->secret, storage->cipher, entry->number);
		if (!key)
			return -ENOMEM;
		err = row_read(storage, key, entry->number, SLOT_HEAD, entry->stamp);
		seal_key_free(key);
		if (!err)
			err = record_head_parse(storage->plain.bytes, storage->plain.size, &head);
		if (err < 0)
			return err;
		out->header = head.header;
		out->data_size = head.data_size;
		out->attributes_size = head.attributes_size;
		return 0;
	}
	return -ENOENT;
}

/* ---- cleaning ---- */

/* Does a map name the row in that slot? 1, 0 or -errno. */
static int slot_is_live(struct storage_object *object, uint32_t slot)
{
	const uint32_t index = (slot - SLOT_BLOCK) / 2;
	uint64_t *stamps;
	int err;

	if (slot < SLOT_BLOCK)
		return slot - SLOT_TABLE < object->maps && object->map_stamp[slot - SLOT_TABLE];
	err = object_map(object, index / RECORD_MAP_BLOCKS, false, &stamps);
	if (err < 0)
		return err == -ENOENT ? 0 : err;
	return stamps[index % RECORD_MAP_BLOCKS] &&
	       block_slot(index, stamps[index % RECORD_MAP_BLOCKS]) == slot;
}

int object_clean(struct storage_object *object)
{
	struct storage *storage = object->partition->storage;
	const int64_t last = row_id(object->number, SLOT_LAST);
	int64_t id = 0;
	int err = state_begin(storage);
	int step = 0;

	if (err < 0)
		return err;
	for (; !err && step < STEP_ROWS; step++) {
		int live;

		err = database_next(storage->database, row_id(object->number, object->clean_slot),
				    last, &id);
		if (err < 0)
			break;
		live = slot_is_live(object, (uint32_t)id & SLOT_LAST);
		if (!live)
			err = database_remove(storage->database, id, id, 0, NULL);
		else if (live < 0)
			err = live;
		object->clean_slot = ((uint32_t)id & SLOT_LAST) + 1;
	}
	if (!err) {
		err = database_commit(storage->database);
		return err < 0 ? state_abort(storage, err) : 0;
	}
	if (err != -ENOENT)
		return state_abort(storage, err);
	object->unclean = false;
	err = object_flush(object);
	return err < 0 ? state_abort(storage, err) : state_commit(storage);
}
