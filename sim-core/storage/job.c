#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "storage/state.h"

static uint32_t first_block(const struct storage_job *job)
{
	return (uint32_t)(job->offset / RECORD_BLOCK_SIZE);
}

/* Behind the last. */
static uint32_t end_block(const struct storage_job *job)
{
	return (uint32_t)((job->offset + job->size + RECORD_BLOCK_SIZE - 1) / RECORD_BLOCK_SIZE);
}

static uint32_t block_count(const struct storage_job *job)
{
	return job->size ? end_block(job) - first_block(job) : 0;
}

/* The block's stamp; 0 for a hole. */
static int stamp_of(struct storage_object *object, uint32_t index, uint64_t *stamp)
{
	uint64_t *stamps;
	int err = object_map(object, index / RECORD_MAP_BLOCKS, false, &stamps);

	*stamp = err < 0 ? 0 : stamps[index % RECORD_MAP_BLOCKS];
	return err == -ENOENT ? 0 : err;
}

/* ---- reading ---- */

/* `size` octets of a block that holds `length`, from `from` on; behind them all is zero. */
static void piece_copy(const uint8_t *block, uint32_t length, uint32_t from, uint32_t size,
		       uint8_t *out)
{
	const uint32_t there = from < length ? length - from : 0;
	const uint32_t count = there < size ? there : size;

	if (count)
		memcpy(out, block + from, count);
	memset(out + count, 0, size - count);
}

/* Opens a block's row for a piece of it. One that is asked for in pieces is kept. */
static int block_open(struct storage_object *object, uint32_t index, uint64_t stamp,
		      const uint8_t *sealed, size_t sealed_size, uint32_t from, uint32_t size,
		      uint8_t *out)
{
	struct block_cache *cache = &object->partition->storage->cache;
	const uint32_t length = (uint32_t)(sealed_size - SEAL_OVERHEAD);
	const uint32_t slot = block_slot(index, stamp);
	uint8_t *room = block_cache_room(cache, object->number, index);
	int err;

	if (!room)
		return -ENOMEM;
	err = seal_open(object->key, slot, stamp, sealed, sealed_size, room);
	if (err < 0)
		return err;
	block_cache_fill(cache, object->number, index, stamp, length);
	piece_copy(room, length, from, size, out);
	return 0;
}

/* `size` octets of the block from `from` on. */
static int block_read(struct storage_object *object, uint32_t index, uint32_t from, uint32_t size,
		      bool bulk, uint8_t *out)
{
	struct storage *storage = object->partition->storage;
	const uint8_t *sealed;
	const uint8_t *cached;
	uint32_t cached_size;
	uint64_t stamp;
	size_t length;
	int64_t id;
	int err = stamp_of(object, index, &stamp);

	if (!err && !stamp)
		memset(out, 0, size);
	if (err < 0 || !stamp)
		return err;
	cached = bulk ? NULL
		      : block_cache_find(&storage->cache, object->number, index, stamp,
					 &cached_size);
	if (cached) {
		piece_copy(cached, cached_size, from, size, out);
		return 0;
	}
	id = row_id(object->number, block_slot(index, stamp));
	err = bulk ? database_scan_to(storage->database, id, &sealed, &length)
		   : database_get(storage->database, id, &sealed, &length);
	if (err < 0)
		return err == -ENOENT ? -EBADMSG : err;
	if (length < SEAL_OVERHEAD || length - SEAL_OVERHEAD > RECORD_BLOCK_SIZE)
		return -EBADMSG;
	if (!bulk || from || length - SEAL_OVERHEAD > size)
		return block_open(object, index, stamp, sealed, length, from, size, out);
	err = seal_open(object->key, block_slot(index, stamp), stamp, sealed, length, out);
	memset(out + length - SEAL_OVERHEAD, 0, size - (length - SEAL_OVERHEAD));
	return err;
}

/* How much of the job lies in the block in which it has arrived, and where there. */
static uint32_t piece_next(const struct storage_job *job, uint32_t *index, uint32_t *from)
{
	const uint64_t at = job->offset + job->at;
	const size_t left = job->size - job->at;

	*index = (uint32_t)(at / RECORD_BLOCK_SIZE);
	*from = (uint32_t)(at % RECORD_BLOCK_SIZE);
	return left < RECORD_BLOCK_SIZE - *from ? (uint32_t)left : RECORD_BLOCK_SIZE - *from;
}

static int read_step(struct storage_job *job)
{
	struct storage_object *object = job->object;
	struct storage *storage = object->partition->storage;
	const bool several = job->size > RECORD_BLOCK_SIZE;
	const uint32_t next = (uint32_t)((job->offset + job->at) / RECORD_BLOCK_SIZE);
	int err = object_load(object);

	if (err < 0 || job->at == job->size)
		return err;
	/* One look has no need of it. */
	if (!storage->read_only && several)
		err = database_begin(storage->database, false);
	if (several)
		database_scan(storage->database, row_id(object->number, SLOT_BLOCK + 2 * next),
			      row_id(object->number, SLOT_LAST));
	for (uint32_t i = 0; i < STEP_BLOCKS && job->at < job->size && !err; i++) {
		uint32_t index, from;
		const uint32_t size = piece_next(job, &index, &from);

		err = block_read(object, index, from, size, several, job->out + job->at);
		job->at += size;
	}
	database_scan_end(storage->database);
	if (!storage->read_only && several)
		database_rollback(storage->database);
	return err < 0 ? err : job->at < job->size;
}

int storage_read_start(struct storage_job *job, struct storage_object *object, uint64_t offset,
		       void *out, size_t size)
{
	int err = object_load(object);

	*job = (struct storage_job) { .kind = STORAGE_JOB_NONE };
	if (err < 0)
		return err;
	if (offset >= object->data_size)
		size = 0;
	else if (size > object->data_size - offset)
		size = (size_t)(object->data_size - offset);
	*job = (struct storage_job) {
		.kind = STORAGE_JOB_READ,
		.object = object,
		.offset = offset,
		.out = out,
		.size = size,
	};
	object->users++;
	object->readers++;
	return 0;
}

/* ---- writing ---- */

/* Seals the block with the `size` octets at `in` put into it at `from`, beside what is there when
 * `staged`, and gives its new stamp. */
static int block_write(struct storage_object *object, uint32_t index, uint32_t from, uint32_t size,
		       const uint8_t *in, bool staged, uint64_t *new_stamp)
{
	struct storage *storage = object->partition->storage;
	uint8_t content[RECORD_BLOCK_SIZE];
	uint64_t stamp;
	int err = stamp_of(object, index, &stamp);

	if (err < 0)
		return err;
	*new_stamp = stamp_new(storage, (uint32_t)(stamp & 1) ^ (staged && stamp));
	/* All that there is of the block is written anew. */
	if (!from && (size == RECORD_BLOCK_SIZE || !stamp))
		return row_write(storage, object->key, object->number,
				 block_slot(index, *new_stamp), *new_stamp, in, size);
	memset(content, 0, from);
	if (stamp) {
		err = row_read(storage, object->key, object->number, block_slot(index, stamp),
			       stamp);
		if (!err && storage->plain.size > RECORD_BLOCK_SIZE)
			err = -EBADMSG;
		if (err < 0)
			return err;
		memcpy(content, storage->plain.bytes, storage->plain.size);
		if (storage->plain.size < from)
			memset(content + storage->plain.size, 0, from - storage->plain.size);
	}
	memcpy(content + from, in, size);
	if (!stamp || storage->plain.size < from + size)
		size = from + size;
	else
		size = (uint32_t)storage->plain.size;
	err = row_write(storage, object->key, object->number, block_slot(index, *new_stamp),
			*new_stamp, content, size);
	sodium_memzero(content, sizeof(content));
	return err;
}

static int block_publish(struct storage_object *object, uint32_t index, uint64_t stamp)
{
	uint64_t *stamps;
	int err = object_map(object, index / RECORD_MAP_BLOCKS, true, &stamps);

	if (err < 0)
		return err;
	if (!stamps[index % RECORD_MAP_BLOCKS])
		object->blocks++;
	stamps[index % RECORD_MAP_BLOCKS] = stamp;
	object->map_dirty[index / RECORD_MAP_BLOCKS] = true;
	return 0;
}

/* Would the quota allow it? Before much is written in vain. */
static int quota_foresee(struct storage_job *job)
{
	struct storage_object *object = job->object;
	uint64_t more = 0, less = 0;
	uint32_t seat;

	for (uint32_t i = first_block(job); job->size && i < end_block(job); i++) {
		uint64_t stamp;
		int err = stamp_of(object, i, &stamp);

		if (err < 0)
			return err;
		more += stamp ? 0 : RECORD_BLOCK_SIZE;
	}
	if (job->kind == STORAGE_JOB_CREATE) {
		more += object_charge(object, job->name_size);
		if (job->overwrite &&
		    !partition_find(job->partition, job->name, job->name_size, &seat))
			less = job->partition->entries[seat].charge;
	}
	return partition_quota(job->partition, more, less);
}

/* Leaves word of the rows that are about to be staged, for whoever finds them after a crash. */
static int stage_prepare(struct storage_job *job)
{
	struct storage_object *object = job->object;
	struct storage *storage = job->partition->storage;
	int err;

	job->prepared = true;
	/* One more, since some allocators have nothing to give for nothing. */
	job->stamps = calloc(block_count(job) + 1, sizeof(*job->stamps));
	if (!job->stamps)
		return -ENOMEM;
	if (job->kind == STORAGE_JOB_WRITE && object->unclean) {
		job->leftovers = true;
		return 0;
	}
	err = state_begin(storage);
	if (err < 0)
		return err;
	if (job->kind == STORAGE_JOB_CREATE) {
		err = doomed_add(storage, object->number) ? 0 : -ENOMEM;
	} else {
		object->unclean = true;
		object->clean_slot = SLOT_TABLE;
		err = object_flush(object);
	}
	return err < 0 ? state_abort(storage, err) : state_commit(storage);
}

static int stage_step(struct storage_job *job)
{
	struct storage *storage = job->partition->storage;
	int err = database_begin(storage->database, true);

	for (uint32_t i = 0; i < STEP_BLOCKS && job->at < job->size && !err; i++) {
		uint32_t index, from;
		const uint32_t size = piece_next(job, &index, &from);
		uint64_t old;

		err = stamp_of(job->object, index, &old);
		if (!err)
			err = block_write(job->object, index, from, size, job->in + job->at, true,
					  &job->stamps[index - first_block(job)]);
		job->leftovers |= old != 0;
		job->at += size;
	}
	if (!err)
		err = database_commit(storage->database);
	return err < 0 ? state_abort(storage, err) : 1;
}

/* The new object gets its place in the directory. */
static int create_enter(struct storage_job *job)
{
	struct storage_object *object = job->object;
	struct storage_partition *partition = job->partition;
	struct storage *storage = partition->storage;
	uint32_t seat;
	int err = partition_find(partition, job->name, job->name_size, &seat);

	if (err == -ENOENT) {
		err = partition_add(partition, job->name, job->name_size, &seat);
	} else if (!err && !job->overwrite) {
		err = -EEXIST;
	} else if (!err) {
		const struct record_entry *old = &partition->entries[seat];

		err = storage_object_opened(partition, job->name, job->name_size)
			      ? -EBUSY
			      : object_rows_remove(storage, old->number, old->charge);
	}
	if (err < 0)
		return err;
	doomed_remove(storage, object->number);
	object->seat = seat;
	return 0;
}

/* All that there is to write in one transaction, or the last one of a staged change. */
static int write_finish(struct storage_job *job)
{
	struct storage_object *object = job->object;
	struct storage *storage = job->partition->storage;
	const uint32_t first = first_block(job);
	int err = state_begin(storage);

	if (err < 0)
		return err;
	if (job->kind == STORAGE_JOB_CREATE)
		err = create_enter(job);
	for (uint32_t i = 0; job->staged && i < block_count(job) && !err; i++)
		err = block_publish(object, first + i, job->stamps[i]);
	while (!job->staged && job->at < job->size && !err) {
		uint32_t index, from;
		const uint32_t size = piece_next(job, &index, &from);
		uint64_t stamp;

		err = block_write(object, index, from, size, job->in + job->at, false, &stamp);
		if (!err)
			err = block_publish(object, index, stamp);
		job->at += size;
	}
	if (job->size && job->offset + job->size > object->data_size)
		object->data_size = job->offset + job->size;
	/* Staged beside nothing, it has left nothing. */
	if (job->staged && job->kind == STORAGE_JOB_WRITE && !job->leftovers)
		object->unclean = false;
	if (!err)
		err = object_flush(object);
	return err < 0 ? state_abort(storage, err) : state_commit(storage);
}

static int write_step(struct storage_job *job)
{
	int err = job->kind == STORAGE_JOB_CREATE ? partition_load(job->partition)
						  : object_load(job->object);

	if (err < 0 || (job->kind == STORAGE_JOB_WRITE && !job->size))
		return err;
	if (!job->prepared && job->staged) {
		err = quota_foresee(job);
		if (!err)
			err = stage_prepare(job);
		return err < 0 ? err : 1;
	}
	if (job->staged && job->at < job->size)
		return stage_step(job);
	/* Who reads the old data is let finish. */
	return job->object->readers ? 1 : write_finish(job);
}

int storage_write_start(struct storage_job *job, struct storage_object *object, uint64_t offset,
			const void *in, size_t size)
{
	int err = object_load(object);

	*job = (struct storage_job) { .kind = STORAGE_JOB_NONE };
	if (err < 0)
		return err;
	if (object->writer || object->readers)
		return -EBUSY;
	if (offset > RECORD_DATA_MAX || size > RECORD_DATA_MAX - offset)
		return -EFBIG;
	*job = (struct storage_job) {
		.kind = STORAGE_JOB_WRITE,
		.object = object,
		.partition = object->partition,
		.offset = offset,
		.in = in,
		.size = size,
	};
	job->staged = block_count(job) > STAGE_ABOVE_BLOCKS;
	object->users++;
	object->writer = true;
	return 0;
}

int storage_create_start(struct storage_job *job, struct storage_partition *partition,
			 const void *name, size_t name_size, const struct object_header *header,
			 const void *attributes, size_t attributes_size, const void *data,
			 size_t size, bool overwrite)
{
	struct storage *storage = partition->storage;
	struct storage_object *object;
	uint32_t seat;
	int err;

	*job = (struct storage_job) { .kind = STORAGE_JOB_NONE };
	if (name_size > RECORD_NAME_MAX || attributes_size > RECORD_ATTRIBUTES_MAX)
		return -EINVAL;
	if (size > RECORD_DATA_MAX)
		return -EFBIG;
	err = partition_find(partition, name, name_size, &seat);
	if (err != -ENOENT && (err < 0 || !overwrite))
		return err < 0 ? err : -EEXIST;
	if (!err && storage_object_opened(partition, name, name_size))
		return -EBUSY;
	/* A number that ends up unused is no loss. */
	object = object_make(partition, storage->next_number++);
	if (!object)
		return -ENOMEM;
	object->building = true;
	if (!data) {
		object->data_size = size;
		size = 0;
	}
	object->loaded = true;
	object->header = *header;
	if (attributes_size) {
		object->attributes = malloc(attributes_size);
		if (!object->attributes) {
			storage_object_put(object);
			return -ENOMEM;
		}
		memcpy(object->attributes, attributes, attributes_size);
		object->attributes_size = (uint32_t)attributes_size;
	}
	*job = (struct storage_job) {
		.kind = STORAGE_JOB_CREATE,
		.object = object,
		.partition = partition,
		.in = data,
		.size = size,
		.overwrite = overwrite,
		.name_size = (uint8_t)name_size,
	};
	if (name_size)
		memcpy(job->name, name, name_size);
	job->staged = block_count(job) > STAGE_ABOVE_BLOCKS;
	object->writer = true;
	return 0;
}

/* ---- all of them ---- */

static void job_end(struct storage_job *job, bool done)
{
	struct storage_object *object = job->object;

	free(job->stamps);
	job->stamps = NULL;
	if (job->kind == STORAGE_JOB_READ)
		object->readers--;
	else
		object->writer = false;
	/* A new object's one user is whoever had it made. */
	if (job->kind == STORAGE_JOB_CREATE && done)
		object->building = false;
	else
		storage_object_put(object);
	job->kind = STORAGE_JOB_NONE;
}

int storage_job_step(struct storage_job *job)
{
	int err = job->kind == STORAGE_JOB_READ ? read_step(job) : write_step(job);

	if (err != 1)
		job_end(job, !err);
	return err;
}

void storage_job_cancel(struct storage_job *job)
{
	if (job->kind != STORAGE_JOB_NONE)
		job_end(job, false);
}

int storage_job_run(struct storage_job *job)
{
	int err;

	do {
		err = storage_job_step(job);
	} while (err == 1);
	return err;
}
