#include "storage/storage.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "device/hardware_key.h"
#include "storage/state.h"

/* A process that was killed may hold the lock a moment longer. */
#define LOCK_ATTEMPTS		250
#define LOCK_ATTEMPTS_IMPATIENT 40
#define LOCK_STEP_NS		20000000
/* How often a reader looks again when the writer got in between. */
#define READ_ATTEMPTS 100

/* In front of the sealed root: what it takes to open it. The rest of the root vouches for all but
 * the cipher, and a wrong cipher opens nothing. */
struct root_prefix {
	uint64_t counter;
	uint64_t stamp;
	uint32_t cipher;
	uint32_t unused;
};

static_assert(sizeof(struct root_prefix) == 24, "layout of the file");

uint64_t stamp_new(struct storage *storage, uint32_t side)
{
	/* Starts at a random number, so that processes that were killed share none with this one.
	 */
	storage->next_stamp++;
	if (!(storage->next_stamp << 1))
		storage->next_stamp++;
	return storage->next_stamp << 1 | side;
}

/* Opens the row `id`, which holds what was sealed in that slot. */
static int row_open(struct storage *storage, const struct seal_key *key, int64_t id, uint32_t slot,
		    uint64_t stamp)
{
	const uint8_t *sealed;
	uint8_t *plain;
	size_t size;
	int err = database_get(storage->database, id, &sealed, &size);

	if (err < 0)
		return err == -ENOENT ? -EBADMSG : err;
	record_buffer_clear(&storage->plain);
	if (size < SEAL_OVERHEAD)
		return -EBADMSG;
	plain = record_buffer_extend(&storage->plain, size);
	if (!plain)
		return -ENOMEM;
	storage->plain.size = size - SEAL_OVERHEAD;
	return seal_open(key, slot, stamp, sealed, size, plain);
}

int row_read(struct storage *storage, const struct seal_key *key, uint64_t number, uint32_t slot,
	     uint64_t stamp)
{
	return row_open(storage, key, row_id(number, slot), slot, stamp);
}

int row_read_either(struct storage *storage, const struct seal_key *key, uint64_t number,
		    uint32_t slot, uint64_t stamp, uint32_t *used)
{
	int err = row_open(storage, key, row_id(number, slot), slot, stamp);

	if (err != -EBADMSG)
		return err;
	err = row_open(storage, key, row_id(number | TWIN, slot), slot, stamp);
	if (!err)
		++*used;
	return err;
}

/* As a row is sealed under its number and slot, so is its twin: both are the same octets. */
static int row_copy(struct storage *storage, int64_t from, int64_t to)
{
	const uint8_t *sealed;
	uint8_t *copy;
	size_t size;
	int err = database_get(storage->database, from, &sealed, &size);

	if (err < 0)
		return err;
	record_buffer_clear(&storage->sealed);
	copy = record_buffer_extend(&storage->sealed, size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, sealed, size);
	return database_put(storage->database, to, copy, size);
}

int row_twin(struct storage *storage, const struct seal_key *key, uint64_t number, uint32_t slot,
	     uint64_t stamp)
{
	const int64_t twin = row_id(number | TWIN, slot);
	int err;

	if (!stamp)
		return database_remove(storage->database, twin, twin, 0, NULL);
	err = row_read(storage, key, number, slot, stamp);
	if (err == -EBADMSG)
		return 0;
	return err < 0 ? err : row_copy(storage, row_id(number, slot), twin);
}

int row_write(struct storage *storage, const struct seal_key *key, uint64_t number, uint32_t slot,
	      uint64_t stamp, const void *data, size_t size)
{
	uint8_t *sealed;

	record_buffer_clear(&storage->sealed);
	sealed = record_buffer_extend(&storage->sealed, size + SEAL_OVERHEAD);
	if (!sealed)
		return -ENOMEM;
	seal_close(key, slot, stamp, data, size, sealed);
	return database_put(storage->database, row_id(number, slot), sealed, size + SEAL_OVERHEAD);
}

/* ---- the root ---- */

static struct storage_partition *partition_known(struct storage *storage,
						 const struct partition_id *id)
{
	for (size_t i = 0; i < storage->partition_count; i++)
		if (!memcmp(&storage->partitions[i]->entry.id, id, sizeof(*id)))
			return storage->partitions[i];
	return NULL;
}

static struct storage_partition *partition_append(struct storage *storage,
						  const struct partition_id *id)
{
	struct storage_partition **list;
	struct storage_partition *partition = calloc(1, sizeof(*partition));

	if (!partition)
		return NULL;
	partition->storage = storage;
	partition->entry.id = *id;
	partition->secret = seal_secret_derive(storage->secret, id, sizeof(*id));
	list = realloc(storage->partitions, (storage->partition_count + 1) * sizeof(*list));
	if (list)
		storage->partitions = list;
	if (!list || !partition->secret) {
		partition_free(partition);
		return NULL;
	}
	list[storage->partition_count++] = partition;
	return partition;
}

/* Memory shows what that root says. */
static int root_take(struct storage *storage, const struct record_root *root)
{
	for (size_t i = 0; i < storage->partition_count; i++) {
		const struct partition_id id = storage->partitions[i]->entry.id;

		partition_forget(storage->partitions[i]);
		storage->partitions[i]->entry = (struct record_partition_entry) { .id = id };
	}
	for (uint32_t i = 0; i < root->partitions; i++) {
		struct storage_partition *partition;
		struct record_partition_entry entry;

		record_root_partition(root, i, &entry);
		partition = partition_known(storage, &entry.id);
		if (!partition)
			partition = partition_append(storage, &entry.id);
		if (!partition)
			return -ENOMEM;
		partition->entry = entry;
	}
	/* What is being made is nowhere else than in memory. */
	for (struct storage_object *object = storage->objects; object; object = object->next)
		if (!object->building)
			object_forget(object);
	if (storage->next_number < root->next_number)
		storage->next_number = root->next_number;
	storage->doomed_count = 0;
	for (uint32_t i = 0; i < root->doomed; i++)
		if (!doomed_add(storage, record_root_doomed(root, i)))
			return -ENOMEM;
	return 0;
}

static int root_prefix_read(struct storage *storage, int64_t id, struct root_prefix *prefix)
{
	const uint8_t *bytes;
	size_t size;
	int err = database_get(storage->database, id, &bytes, &size);

	if (err < 0)
		return err;
	if (size < sizeof(*prefix))
		return -EBADMSG;
	memcpy(prefix, bytes, sizeof(*prefix));
	prefix->counter = le64toh(prefix->counter);
	prefix->stamp = le64toh(prefix->stamp);
	prefix->cipher = le32toh(prefix->cipher);
	return 0;
}

/* Opens the root that has that stamp, in that row; what it says points into storage->plain. */
static int root_read(struct storage *storage, int64_t id, uint64_t stamp, struct record_root *root)
{
	const uint8_t *bytes;
	uint8_t *plain;
	size_t size;
	int err = database_get(storage->database, id, &bytes, &size);

	if (err < 0)
		return err == -ENOENT ? -EBADMSG : err;
	if (size < sizeof(struct root_prefix) + SEAL_OVERHEAD)
		return -EBADMSG;
	bytes += sizeof(struct root_prefix);
	size -= sizeof(struct root_prefix);
	record_buffer_clear(&storage->plain);
	plain = record_buffer_extend(&storage->plain, size);
	if (!plain)
		return -ENOMEM;
	err = seal_open(storage->root_key, 0, stamp, bytes, size, plain);
	if (!err)
		err = record_root_parse(plain, size - SEAL_OVERHEAD, root);
	return err;
}

static int root_write(struct storage *storage, uint64_t counter, uint64_t stamp)
{
	const struct root_prefix prefix = {
		.counter = htole64(counter),
		.stamp = htole64(stamp),
		.cipher = htole32(storage->cipher),
	};
	struct record_partition_entry *entries = NULL;
	struct record_buffer *plain = &storage->plain;
	uint32_t count = 0;
	uint8_t *sealed;

	if (storage->partition_count) {
		entries = calloc(storage->partition_count, sizeof(*entries));
		if (!entries)
			return -ENOMEM;
	}
	for (size_t i = 0; i < storage->partition_count; i++)
		if (storage->partitions[i]->entry.number)
			entries[count++] = storage->partitions[i]->entry;
	record_buffer_clear(plain);
	record_root_write(plain, counter, storage->stamp, storage->next_number, entries, count,
			  storage->doomed, storage->doomed_count);
	free(entries);
	record_buffer_clear(&storage->sealed);
	sealed = plain->failed ? NULL
			       : record_buffer_extend(&storage->sealed,
						      sizeof(prefix) + plain->size + SEAL_OVERHEAD);
	if (!sealed)
		return -ENOMEM;
	memcpy(sealed, &prefix, sizeof(prefix));
	seal_close(storage->root_key, 0, stamp, plain->bytes, plain->size, sealed + sizeof(prefix));
	return database_put(storage->database, 0, sealed, storage->sealed.size);
}

/* ---- changes ---- */

int state_ready(struct storage *storage)
{
	struct record_root root = { 0 };
	int err;

	if (!storage->forgotten)
		return 0;
	err = root_read(storage, storage->root_from_twin ? row_id(TWIN, 0) : 0, storage->stamp,
			&root);
	if (!err)
		err = root_take(storage, &root);
	if (!err)
		storage->forgotten = false;
	return err;
}

int state_begin(struct storage *storage)
{
	int err = storage->read_only ? -EROFS : state_ready(storage);

	/* A second step ahead of the counter could not be told from an older copy. */
	if (!err && storage->anchor_behind) {
		err = anchor_write(&storage->anchor, storage->counter, storage->stamp,
				   storage->anchor_secret);
		storage->anchor_behind = err < 0;
	}
	return err < 0 ? err : database_begin(storage->database, true);
}

int state_abort(struct storage *storage, int err)
{
	database_rollback(storage->database);
	storage->forgotten = true;
	return err;
}

int state_commit(struct storage *storage)
{
	const uint64_t stamp = stamp_new(storage, 0);
	int err = 0;

	for (size_t i = 0; i < storage->partition_count && !err; i++)
		if (storage->partitions[i]->dirty)
			err = partition_flush(storage->partitions[i]);
	if (!err)
		err = root_write(storage, storage->counter + 1, stamp);
	if (!err)
		err = database_commit(storage->database);
	if (err < 0)
		return state_abort(storage, err);
	storage->counter++;
	storage->stamp = stamp;
	storage->root_from_twin = storage->twins_failed = false;
	storage->root_twin_due = true;
	storage->anchor_behind =
		anchor_write(&storage->anchor, storage->counter, stamp, storage->anchor_secret) < 0;
	return 0;
}

bool doomed_add(struct storage *storage, uint64_t number)
{
	if (storage->doomed_count == storage->doomed_room) {
		const uint32_t room = storage->doomed_room * 2 + 8;
		uint64_t *more = room > RECORD_DOOMED_MAX
					 ? NULL
					 : realloc(storage->doomed, room * sizeof(*more));

		if (!more)
			return false;
		storage->doomed = more;
		storage->doomed_room = room;
	}
	storage->doomed[storage->doomed_count++] = number;
	return true;
}

void doomed_remove(struct storage *storage, uint64_t number)
{
	for (uint32_t i = 0; i < storage->doomed_count; i++)
		if (storage->doomed[i] == number) {
			storage->doomed[i] = storage->doomed[--storage->doomed_count];
			return;
		}
}

static bool is_building(const struct storage *storage, uint64_t number)
{
	for (const struct storage_object *object = storage->objects; object; object = object->next)
		if (object->number == number && object->building)
			return true;
	return false;
}

static int doomed_clean(struct storage *storage, uint64_t number)
{
	int64_t removed = 0;
	int err = state_begin(storage);

	if (err < 0)
		return err;
	err = database_remove(storage->database, row_id(number, 0), row_id(number, SLOT_LAST),
			      STEP_ROWS, &removed);
	if (err < 0)
		return state_abort(storage, err);
	if (removed < STEP_ROWS) {
		doomed_remove(storage, number);
		return state_commit(storage);
	}
	err = database_commit(storage->database);
	return err < 0 ? state_abort(storage, err) : 0;
}

int storage_clean(struct storage *storage)
{
	int err = storage->read_only ? -EROFS : state_ready(storage);

	if (err < 0)
		return 0;
	for (uint32_t i = 0; i < storage->doomed_count; i++)
		if (!is_building(storage, storage->doomed[i]))
			return doomed_clean(storage, storage->doomed[i]) < 0 ? 0 : 1;
	for (struct storage_object *object = storage->objects; object; object = object->next)
		if (object->loaded && object->unclean && !object->writer && !object->readers &&
		    !object->removed && !object->building)
			return object_clean(object) < 0 ? 0 : 1;
	return 0;
}

/* ---- twins ---- */

bool storage_twin_due(const struct storage *storage)
{
	return !storage->read_only && !storage->twins_failed &&
	       (storage->twins_unknown || storage->root_twin_due);
}

/* Of one partition, none is known to be up to date. */
static int twins_learn(struct storage *storage)
{
	if (storage->twin_next < storage->partition_count) {
		struct storage_partition *partition = storage->partitions[storage->twin_next++];
		int err = partition->entry.number ? partition_load(partition) : 0;

		if (!err && partition->entry.number)
			partition_twin_all(partition);
		/* What can't be read is not copied. */
		return err == -EBADMSG ? 0 : err;
	}
	storage->twins_unknown = false;
	storage->twin_next = 0;
	storage->root_twin_due = true;
	return 0;
}

static int twins_write(struct storage *storage)
{
	uint32_t rows = STEP_BLOCKS;
	int err = database_begin(storage->database, true);

	for (size_t i = 0; i < storage->partition_count && rows && !err; i++)
		if (storage->partitions[i]->twin_due)
			err = partition_twin(storage->partitions[i], &rows);
	/* When it is as new as the root, all are. */
	if (!err && rows) {
		err = storage->root_from_twin ? 0
					      : row_copy(storage, row_id(0, 0), row_id(TWIN, 0));
		storage->root_twin_due = false;
	}
	return err < 0 ? err : database_commit(storage->database);
}

int storage_twin(struct storage *storage)
{
	int err;

	if (!storage_twin_due(storage) || state_ready(storage) < 0)
		return 0;
	err = storage->twins_unknown ? twins_learn(storage) : twins_write(storage);
	if (!err)
		return storage_twin_due(storage);
	database_rollback(storage->database);
	storage->twins_failed = storage->twins_unknown = true;
	storage->twin_next = 0;
	return 0;
}

/* ---- opening ---- */

static int say(int code, char *err, size_t errlen, const char *path, const char *what)
{
	snprintf(err, errlen, "%s: %s", path, what);
	return code;
}

static int lock_take(struct storage *storage, const char *directory, bool impatient, char *err,
		     size_t errlen)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/storage.lock", directory) >= sizeof(path))
		return -ENAMETOOLONG;
	storage->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (storage->lock_fd < 0)
		return say(-errno, err, errlen, path, strerror(errno));
	for (int i = 0; i < (impatient ? LOCK_ATTEMPTS_IMPATIENT : LOCK_ATTEMPTS); i++) {
		const struct timespec step = { .tv_nsec = LOCK_STEP_NS };

		if (!flock(storage->lock_fd, LOCK_EX | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK)
			return say(-errno, err, errlen, path, strerror(errno));
		nanosleep(&step, NULL);
	}
	return say(-EBUSY, err, errlen, path, "another process has this device's trusted storage");
}

static int keys_derive(struct storage *storage, const char *directory)
{
	uint8_t bytes[SEAL_SECRET_SIZE];
	int err = hardware_key_derive(directory, "teesim trusted storage", bytes, sizeof(bytes));

	if (!err) {
		storage->secret = seal_secret_new(bytes);
		err = storage->secret ? 0 : -ENOMEM;
	}
	if (!err)
		err = hardware_key_derive(directory, "teesim trusted storage counter", bytes,
					  sizeof(bytes));
	if (!err) {
		storage->anchor_secret = seal_secret_new(bytes);
		err = storage->anchor_secret ? 0 : -ENOMEM;
	}
	sodium_memzero(bytes, sizeof(bytes));
	return err;
}

static int root_key_derive(struct storage *storage, uint32_t cipher)
{
	if (!seal_cipher_usable(cipher))
		return -EBADMSG;
	storage->cipher = (enum seal_cipher)cipher;
	seal_key_free(storage->root_key);
	storage->root_key = seal_key_derive(storage->secret, storage->cipher, 0);
	return storage->root_key ? 0 : -ENOMEM;
}

/* There is nothing yet: the first root. */
static int root_make(struct storage *storage)
{
	int err = root_key_derive(storage, seal_cipher_best());

	/* Both 0, unless what was there is lost. */
	storage->counter = storage->anchor.counter;
	storage->stamp = storage->anchor.stamp;
	storage->next_number = 1;
	if (!err)
		err = state_begin(storage);
	if (err < 0)
		return err;
	/* Without the root they are nobody's. */
	err = database_remove(storage->database, INT64_MIN, INT64_MAX, 0, NULL);
	return err < 0 ? state_abort(storage, err) : state_commit(storage);
}

/* Does the counter stand where the database does? Says what is wrong, if anything is. */
static int root_judge(const struct anchor *anchor, const struct record_root *root,
		      const struct root_prefix *prefix, const char *path, char *err, size_t errlen)
{
	if (root->counter == anchor->counter && prefix->stamp == anchor->stamp)
		return 0;
	/* Killed between the commitment and the counter. */
	if (root->counter == anchor->counter + 1 && root->previous == anchor->stamp)
		return 0;
	if (root->counter < anchor->counter)
		snprintf(err, errlen,
			 "%s: is an older copy: state %llu, but the counter stands at %llu%s", path,
			 (unsigned long long)root->counter, (unsigned long long)anchor->counter,
			 anchor->other_boot ? " (or the machine lost power, and the device is not "
					      "run with --durable)"
					    : "");
	else
		snprintf(err, errlen,
			 "%s: state %llu does not follow state %llu, at which the counter stands: "
			 "one of the two files is not of this device's history",
			 path, (unsigned long long)root->counter,
			 (unsigned long long)anchor->counter);
	return -EBADMSG;
}

/* Opens the root in the row `id`; `*what` says what is wrong with it. */
static int root_try(struct storage *storage, int64_t id, struct root_prefix *prefix,
		    struct record_root *root, const char **what)
{
	int code = root_prefix_read(storage, id, prefix);

	*what = code == -ENOENT ? "is empty, but the counter says that it was not"
				: "its root can't be read";
	if (code < 0)
		return code;
	*what = "is sealed with a cipher that this machine does not have";
	code = root_key_derive(storage, prefix->cipher);
	if (code < 0)
		return code;
	*what = "its root is damaged, or is not this device's";
	code = root_read(storage, id, prefix->stamp, root);
	return !code && (root->counter != prefix->counter || !prefix->stamp) ? -EBADMSG : code;
}

/* Opens the root, or its twin. */
static int root_find(struct storage *storage, struct root_prefix *prefix, struct record_root *root,
		     const char **what)
{
	const char *ignored;
	int code = root_try(storage, 0, prefix, root, what);

	if (code != -EBADMSG && code != -ENOENT)
		return code;
	storage->root_from_twin = !root_try(storage, row_id(TWIN, 0), prefix, root, &ignored);
	return storage->root_from_twin ? 0 : code;
}

/* Whether anything was written since the last twin was shows in the root's. */
static bool twins_current(struct storage *storage)
{
	struct root_prefix prefix = { 0 };
	struct record_root root = { 0 };

	return !root_prefix_read(storage, row_id(TWIN, 0), &prefix) &&
	       prefix.stamp == storage->stamp &&
	       !root_read(storage, row_id(TWIN, 0), storage->stamp, &root);
}

static int root_open(struct storage *storage, const char *path,
		     const struct storage_options *options, char *err, size_t errlen)
{
	struct root_prefix prefix = { 0 };
	struct record_root root = { 0 };
	const char *what;
	int code = root_find(storage, &prefix, &root, &what);

	if (code == -ENOENT && !options->read_only &&
	    (!storage->anchor.counter || options->re_anchor))
		return root_make(storage);
	if (code == -ENOENT && !storage->anchor.counter)
		return -ENOENT;
	if (code < 0)
		return say(code == -ENOENT ? -EBADMSG : code, err, errlen, path, what);
	if (!options->re_anchor) {
		code = root_judge(&storage->anchor, &root, &prefix, path, err, errlen);
		/* It is a twin that was not written in time. */
		if (code < 0 && storage->root_from_twin)
			say(code, err, errlen, path, what);
		if (code < 0)
			return code;
	}
	storage->counter = root.counter;
	storage->stamp = prefix.stamp;
	storage->anchor_behind =
		storage->anchor.counter != root.counter || storage->anchor.stamp != prefix.stamp;
	if (options->re_anchor && storage->anchor.counter > root.counter)
		storage->counter = storage->anchor.counter;
	code = root_take(storage, &root);
	storage->twins_unknown = !options->read_only && !code && !twins_current(storage);
	if (!code && options->re_anchor) {
		storage->anchor_behind = false;
		code = state_begin(storage);
		if (!code)
			code = state_commit(storage);
	}
	return code;
}

static int files_open(struct storage *storage, const char *directory,
		      const struct storage_options *options, char *err, size_t errlen)
{
	const struct database_options database = { .create = !options->read_only,
						   .read_only = options->read_only,
						   .durable = options->durable };
	char path[PATH_MAX], counter[PATH_MAX];
	bool exists;
	int code;

	if ((size_t)snprintf(path, sizeof(path), "%s/storage", directory) >= sizeof(path))
		return -ENAMETOOLONG;
	snprintf(counter, sizeof(counter), "%s/rpmb", directory);
	exists = access(path, F_OK) == 0;
	code = anchor_open(&storage->anchor, counter,
			   !options->read_only && (!exists || options->re_anchor), options->durable,
			   storage->anchor_secret);
	if (code == -EBADMSG && options->re_anchor && unlink(counter) == 0)
		code = anchor_open(&storage->anchor, counter, true, options->durable,
				   storage->anchor_secret);
	if (code == -ENOENT && !exists)
		return say(code, err, errlen, directory, "holds no trusted storage yet");
	if (code < 0)
		return say(code == -ENOENT ? -EBADMSG : code, err, errlen, counter,
			   code == -ENOENT    ? "the counter that anchors trusted storage is gone"
			   : code == -EBADMSG ? "the counter was tampered with, or is not this "
						"device's"
					      : strerror(-code));
	if (!exists && storage->anchor.counter && !options->re_anchor)
		return say(-EBADMSG, err, errlen, path,
			   "is gone, but the counter says that it was there");
	code = database_open(&storage->database, path, &database, err, errlen);
	/* A reader stays with the moment that it has seen. */
	if (!code && options->read_only)
		code = database_begin(storage->database, false);
	return code < 0 ? code : root_open(storage, path, options, err, errlen);
}

static void storage_clear(struct storage *storage)
{
	for (size_t i = 0; i < storage->partition_count; i++)
		partition_free(storage->partitions[i]);
	free(storage->partitions);
	free(storage->doomed);
	database_close(storage->database);
	anchor_close(&storage->anchor);
	seal_key_free(storage->root_key);
	seal_secret_free(storage->secret);
	seal_secret_free(storage->anchor_secret);
	block_cache_clear(&storage->cache);
	record_buffer_free(&storage->plain);
	record_buffer_free(&storage->sealed);
	if (storage->lock_fd >= 0)
		close(storage->lock_fd);
	*storage = (struct storage) { .lock_fd = -1, .anchor.fd = -1 };
}

static int storage_try(struct storage *storage, const char *directory,
		       const struct storage_options *options, char *err, size_t errlen)
{
	int code;

	*storage = (struct storage) {
		.lock_fd = -1,
		.anchor.fd = -1,
		.read_only = options->read_only,
		.durable = options->durable,
		.quota_ta = options->quota_ta,
		.quota_device = options->quota_device,
	};
	if (sodium_init() < 0)
		return say(-ENOSYS, err, errlen, directory, "libsodium does not start");
	randombytes_buf(&storage->next_stamp, sizeof(storage->next_stamp));
	code = options->read_only ? 0
				  : lock_take(storage, directory, options->impatient, err, errlen);
	if (!code) {
		code = keys_derive(storage, directory);
		if (code < 0)
			say(code, err, errlen, directory, "the device's key (huk) can't be read");
	}
	if (!code)
		code = files_open(storage, directory, options, err, errlen);
	if (code < 0)
		storage_clear(storage);
	return code;
}

void storage_prepare(void)
{
	/* Told again when the storage is opened. */
	(void)!sodium_init();
	anchor_prepare();
}

int storage_open(struct storage **out, const char *directory, const struct storage_options *options,
		 char *err, size_t errlen)
{
	struct storage *storage = malloc(sizeof(*storage));
	int code;

	*out = NULL;
	if (!storage)
		return -ENOMEM;
	snprintf(err, errlen, "%s: trusted storage can't be opened", directory);
	for (int i = 0;; i++) {
		const struct timespec step = { .tv_nsec = LOCK_STEP_NS / 20 };

		code = storage_try(storage, directory, options, err, errlen);
		/* The writer may have moved on between our looks at its two files. */
		if (code != -EBADMSG || !options->read_only || i == READ_ATTEMPTS)
			break;
		nanosleep(&step, NULL);
	}
	if (code < 0) {
		free(storage);
		return code;
	}
	*out = storage;
	return 0;
}

void storage_close(struct storage *storage)
{
	if (!storage)
		return;
	assert(!storage->objects);
	if (!storage->read_only) {
		while (storage_twin(storage) == 1)
			;
		if (storage->anchor_behind)
			(void)anchor_write(&storage->anchor, storage->counter, storage->stamp,
					   storage->anchor_secret);
		/* An orderly end is safe from a loss of power, whatever was asked for. */
		if (!database_sync(storage->database))
			(void)anchor_sync(&storage->anchor);
	}
	storage_clear(storage);
	free(storage);
}

/* ---- partitions, from outside ---- */

struct storage_partition *storage_partition(struct storage *storage, const struct partition_id *id)
{
	struct storage_partition *partition = partition_known(storage, id);

	return partition ? partition : partition_append(storage, id);
}

struct storage_partition *storage_partition_at(struct storage *storage, size_t i)
{
	return i < storage->partition_count ? storage->partitions[i] : NULL;
}

const struct partition_id *storage_partition_id(const struct storage_partition *partition)
{
	return &partition->entry.id;
}

void storage_partition_usage(const struct storage_partition *partition, uint64_t *used,
			     uint32_t *objects)
{
	*used = partition->entry.used;
	*objects = partition->entry.objects;
}

int storage_limit(struct storage *storage, uint64_t octets)
{
	return database_limit(storage->database, octets);
}
