#include "device_directory.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

char device_directory[64];

void device_file(const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", device_directory, name);
}

void device_directory_make(void)
{
	char path[PATH_MAX];
	uint8_t key[32];
	int fd;

	strcpy(device_directory, "/tmp/teesim-storage-XXXXXX");
	cr_assert(mkdtemp(device_directory));
	device_file("huk", path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	cr_assert_geq(fd, 0);
	cr_assert_eq(getrandom(key, sizeof(key), 0), sizeof(key));
	cr_assert_eq(write(fd, key, sizeof(key)), sizeof(key));
	close(fd);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void device_directory_remove(void)
{
	cr_expect_eq(nftw(device_directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

struct storage *device_storage(const struct storage_options *options)
{
	const struct storage_options none = { 0 };
	struct storage *storage = NULL;
	char err[300] = "";
	int code = storage_open(&storage, device_directory, options ? options : &none, err,
				sizeof(err));

	cr_assert_eq(code, 0, "%d: %s", code, err);
	return storage;
}

int device_storage_refused(char text[300])
{
	const struct storage_options none = { 0 };
	struct storage *storage = NULL;
	int code = storage_open(&storage, device_directory, &none, text, 300);

	cr_expect_lt(code, 0);
	cr_expect_null(storage);
	return code;
}

struct storage_partition *ta_partition(struct storage *storage, uint8_t ta, uint32_t store)
{
	const struct partition_id id = { .ta = { [15] = ta }, .store = store };
	struct storage_partition *partition = storage_partition(storage, &id);

	cr_assert(partition);
	return partition;
}

int object_create_try(struct storage_partition *partition, const char *name, const void *data,
		      size_t size, bool overwrite)
{
	const struct object_header header = { .type = 0xA00000BF, .usage = UINT32_MAX };
	struct storage_job job;
	int err = storage_create_start(&job, partition, name, strlen(name), &header, NULL, 0, data,
				       size, overwrite);

	if (!err)
		err = storage_job_run(&job);
	if (!err)
		storage_object_put(job.object);
	return err;
}

void object_create(struct storage_partition *partition, const char *name, const void *data,
		   size_t size)
{
	int err = object_create_try(partition, name, data, size, false);

	cr_assert_eq(err, 0, "creating %s: %s", name, strerror(-err));
}

int object_write_try(struct storage_partition *partition, const char *name, uint64_t offset,
		     const void *data, size_t size)
{
	struct storage_object *object;
	struct storage_job job;
	int err = storage_object_get(partition, name, strlen(name), &object);

	if (err < 0)
		return err;
	err = storage_write_start(&job, object, offset, data, size);
	if (!err)
		err = storage_job_run(&job);
	storage_object_put(object);
	return err;
}

int object_read_try(struct storage_partition *partition, const char *name, uint64_t offset,
		    void *out, size_t size, size_t *count)
{
	struct storage_object *object;
	struct storage_job job;
	int err = storage_object_get(partition, name, strlen(name), &object);

	if (err < 0)
		return err;
	err = storage_read_start(&job, object, offset, out, size);
	if (!err) {
		*count = job.size;
		err = storage_job_run(&job);
	}
	storage_object_put(object);
	return err;
}

uint8_t *object_content(struct storage_partition *partition, const char *name, size_t *size)
{
	struct storage_object *object;
	uint64_t length = 0;
	uint8_t *out;
	int err = storage_object_get(partition, name, strlen(name), &object);

	cr_assert_eq(err, 0, "opening %s: %s", name, strerror(-err));
	cr_assert_eq(storage_object_data_size(object, &length), 0);
	storage_object_put(object);
	out = malloc(length + 1);
	cr_assert(out);
	err = object_read_try(partition, name, 0, out, length + 1, size);
	cr_assert_eq(err, 0, "reading %s: %s", name, strerror(-err));
	cr_expect_eq(*size, length);
	return out;
}

void fill(uint8_t *out, size_t size, uint32_t seed)
{
	uint32_t state = seed * 2654435761U + 12345;

	for (size_t i = 0; i < size; i++) {
		state = state * 1664525U + 1013904223U;
		out[i] = (uint8_t)(state >> 24);
	}
}

void device_copy(const char *from, const char *to)
{
	char source[PATH_MAX], target[PATH_MAX], buffer[65536];
	ssize_t n;
	int in, out;

	device_file(from, source);
	device_file(to, target);
	in = open(source, O_RDONLY);
	if (in < 0) {
		(void)unlink(target);
		return;
	}
	out = open(target, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	cr_assert_geq(out, 0);
	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		cr_assert_eq(write(out, buffer, (size_t)n), n);
	close(in);
	close(out);
}
