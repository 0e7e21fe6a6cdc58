#include "storage/forgotten.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/state.h"

int forgotten_parse(const uint8_t *bytes, size_t size, struct forgotten_owner *out)
{
	uint8_t number[crypto_hash_sha256_BYTES];
	struct forgotten_record record;

	if (size < sizeof(record))
		return -EBADMSG;
	memcpy(&record, bytes, sizeof(record));
	(void)crypto_hash_sha256(number, record.mark, sizeof(record.mark));
	memcpy(out->domain, number, sizeof(out->domain));
	memcpy(out->ta, record.ta, sizeof(out->ta));
	return 0;
}

bool forgotten_changed(const char *directory, struct forgotten_files *files)
{
	bool changed = false;
	char path[PATH_MAX];
	struct stat st;

	for (unsigned int tee = 0; tee < FORGOTTEN_TEES; tee++) {
		struct timespec *seen = &files->file[tee].changed;

		if (forgotten_path(directory, tee, path, sizeof(path)) < 0 || stat(path, &st) < 0 ||
		    (files->file[tee].size == st.st_size && seen->tv_sec == st.st_mtim.tv_sec &&
		     seen->tv_nsec == st.st_mtim.tv_nsec))
			continue;
		files->file[tee].size = st.st_size;
		*seen = st.st_mtim;
		changed = true;
	}
	return changed;
}

static int records_each(int fd, int (*each)(void *context, const struct forgotten_owner *owner),
			void *context)
{
	int err = 0;

	for (uint32_t i = 0; i < FORGOTTEN_MAX && !err; i++) {
		uint8_t bytes[sizeof(struct forgotten_record)];
		struct forgotten_owner owner;
		const ssize_t n = pread(fd, bytes, sizeof(bytes), (off_t)i * (off_t)sizeof(bytes));

		if (n < 0)
			err = -errno;
		else if (forgotten_parse(bytes, (size_t)n, &owner) < 0)
			break;
		else
			err = each(context, &owner);
	}
	return err;
}

int forgotten_each(const char *directory,
		   int (*each)(void *context, const struct forgotten_owner *owner), void *context)
{
	char path[PATH_MAX];
	int err = 0;

	for (unsigned int tee = 0; tee < FORGOTTEN_TEES && !err; tee++) {
		int fd;

		err = forgotten_path(directory, tee, path, sizeof(path));
		if (err < 0)
			break;
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd < 0)
			continue;
		err = records_each(fd, each, context);
		close(fd);
	}
	return err;
}

static bool partition_in_use(const struct storage_partition *partition)
{
	for (const struct storage_object *object = partition->storage->objects; object;
	     object = object->next)
		if (object->partition == partition)
			return true;
	return false;
}

/* All of it in one transaction, but for what large objects leave, which is cleaned away later. */
static int partition_remove_all(struct storage_partition *partition)
{
	struct storage *storage = partition->storage;
	const struct record_partition_entry entry = partition->entry;
	int err = partition_load(partition);

	/* Where the directory is lost, so is the way to its objects. */
	if (err < 0 && err != -EBADMSG)
		return err;
	err = state_begin(storage);
	if (err < 0)
		return err;
	for (uint32_t i = 0; i < partition->pages * RECORD_PAGE_ENTRIES && !err; i++)
		if (partition->entries[i].number)
			err = object_rows_remove(storage, partition->entries[i].number,
						 partition->entries[i].charge);
	for (int twin = 0; twin < 2 && !err; twin++) {
		const uint64_t number = twin ? entry.number | TWIN : entry.number;

		err = database_remove(storage->database, row_id(number, 0),
				      row_id(number, SLOT_LAST), 0, NULL);
	}
	if (err < 0)
		return state_abort(storage, err);
	partition_forget(partition);
	partition->entry = (struct record_partition_entry) { .id = entry.id };
	return state_commit(storage);
}

static int owner_forget(void *context, const struct forgotten_owner *owner)
{
	struct storage *storage = context;
	int err = state_ready(storage);
	bool busy = false;

	for (size_t i = 0; i < storage->partition_count && !err; i++) {
		struct storage_partition *partition = storage->partitions[i];
		const struct partition_id *id = &partition->entry.id;

		if (!partition->entry.number || memcmp(id->domain, owner->domain, 16) != 0 ||
		    memcmp(id->ta, owner->ta, 16) != 0)
			continue;
		if (partition_in_use(partition))
			busy = true;
		else
			err = partition_remove_all(partition);
	}
	return err < 0 ? err : busy;
}

struct forgetting {
	struct storage *storage;
	bool busy;
};

static int record_obey(void *context, const struct forgotten_owner *owner)
{
	struct forgetting *forgetting = context;
	const int err = owner_forget(forgetting->storage, owner);

	forgetting->busy |= err > 0;
	return err < 0 ? err : 0;
}

int storage_forget(struct storage *storage, const char *directory)
{
	struct forgetting forgetting = { .storage = storage };
	const int err = forgotten_each(directory, record_obey, &forgetting);

	return err ? err : forgetting.busy ? -EBUSY : 0;
}
