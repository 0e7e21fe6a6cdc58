/* Quotas, and disks that are full. */
#include "device_directory.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

TestSuite(storage_limits, .init = device_directory_make, .fini = device_directory_remove);

#define MIB (1U << 20)

static void is_sound(struct storage *storage, uint64_t objects)
{
	struct storage_check check = { 0 };

	cr_assert_eq(storage_check(storage, false, &check), 0);
	cr_expect_eq(check.findings, 0);
	cr_expect_eq(check.objects, objects);
}

Test(storage_limits, quota_of_a_ta_counts_all_its_stores_and_no_other_ta)
{
	const struct storage_options options = { .quota_ta = MIB };
	struct storage *storage = device_storage(&options);
	uint8_t *data = calloc(1, 4 * MIB);

	cr_expect_eq(object_create_try(ta_partition(storage, 1, 1), "a", data, 700000, false), 0);
	cr_expect_eq(object_create_try(ta_partition(storage, 1, 2), "b", data, 700000, false),
		     -ENOSPC);
	cr_expect_eq(object_create_try(ta_partition(storage, 2, 1), "b", data, 700000, false), 0);
	cr_expect_eq(object_write_try(ta_partition(storage, 1, 1), "a", 700000, data, 700000),
		     -ENOSPC);
	/* So large that it would be staged. */
	cr_expect_eq(object_write_try(ta_partition(storage, 1, 1), "a", 0, data, 4 * MIB), -ENOSPC);
	cr_expect_eq(object_create_try(ta_partition(storage, 1, 1), "c", data, 4 * MIB, false),
		     -ENOSPC);
	/* In place of the old one there is room. */
	cr_expect_eq(object_create_try(ta_partition(storage, 1, 1), "a", data, 700001, true), 0);
	is_sound(storage, 2);
	cr_expect_eq(storage_remove_name(ta_partition(storage, 1, 1), "a", 1), 0);
	cr_expect_eq(object_create_try(ta_partition(storage, 1, 2), "b", data, 700000, false), 0);
	free(data);
	storage_close(storage);
}

Test(storage_limits, quota_of_the_device_counts_all)
{
	const struct storage_options options = { .quota_device = MIB };
	struct storage *storage = device_storage(&options);
	uint8_t *data = calloc(1, MIB);

	cr_expect_eq(object_create_try(ta_partition(storage, 1, 1), "a", data, 700000, false), 0);
	cr_expect_eq(object_create_try(ta_partition(storage, 2, 1), "a", data, 700000, false),
		     -ENOSPC);
	free(data);
	storage_close(storage);
}

Test(storage_limits, full_database_harms_nothing_and_recovers)
{
	struct storage *storage = device_storage(NULL);
	struct storage_partition *partition = ta_partition(storage, 1, 1);
	uint8_t *data = calloc(1, 2 * MIB);
	int count = 0, err;
	char name[24];

	cr_assert_eq(storage_limit(storage, 3 * MIB), 0);
	do {
		snprintf(name, sizeof(name), "%d", count);
		err = object_create_try(partition, name, data, 100000, false);
		count += !err;
	} while (!err && count < 1000);
	cr_expect_eq(err, -ENOSPC);
	cr_expect_gt(count, 5);
	cr_expect_eq(object_create_try(partition, "large", data, 2 * MIB, false), -ENOSPC);
	cr_expect_eq(object_write_try(partition, "0", 0, data, 2 * MIB), -ENOSPC);
	is_sound(storage, (uint64_t)count);
	cr_expect_eq(storage_remove_name(partition, "0", 1), 0);
	while (storage_clean(storage) == 1)
		;
	cr_expect_eq(object_create_try(partition, "again", data, 90000, false), 0);
	is_sound(storage, (uint64_t)count);
	storage_close(storage);
	storage = device_storage(NULL);
	is_sound(storage, (uint64_t)count);
	free(data);
	storage_close(storage);
}

/* A file system of `size` over the device's directory, for this process alone. */
static bool small_disk(const char *size)
{
	char path[PATH_MAX];
	uint8_t key[32];
	int fd;

	device_file("huk", path);
	fd = open(path, O_RDONLY);
	cr_assert_eq(read(fd, key, sizeof(key)), sizeof(key));
	close(fd);
	if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return false;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("teesim", device_directory, "tmpfs", 0, size) < 0)
		return false;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	cr_assert_eq(write(fd, key, sizeof(key)), sizeof(key));
	close(fd);
	return true;
}

static void disk_fill(bool full)
{
	static uint8_t block[4096];
	char path[PATH_MAX];
	int fd;

	device_file("ballast", path);
	if (!full) {
		cr_assert_eq(unlink(path), 0);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	while (write(fd, block, sizeof(block)) == sizeof(block))
		;
	close(fd);
}

Test(storage_limits, full_disk_harms_nothing)
{
	struct storage_partition *partition;
	struct storage *storage;
	uint8_t *data, *content;
	int count = 0, err;
	char name[24];
	size_t size;

	if (!small_disk("size=4m"))
		cr_skip_test("no file systems of its own for this user");
	storage = device_storage(NULL);
	partition = ta_partition(storage, 1, 1);
	data = calloc(1, 2 * MIB);
	do {
		snprintf(name, sizeof(name), "%d", count);
		err = object_create_try(partition, name, data, 100000, false);
		count += !err;
	} while (!err && count < 1000);
	cr_expect_eq(err, -ENOSPC, "%s", strerror(-err));
	cr_expect_gt(count, 3);
	disk_fill(true);
	cr_expect_eq(object_write_try(partition, "0", 0, data, 2 * MIB), -ENOSPC);
	is_sound(storage, (uint64_t)count);
	disk_fill(false);
	storage_close(storage);
	storage = device_storage(NULL);
	partition = ta_partition(storage, 1, 1);
	is_sound(storage, (uint64_t)count);
	content = object_content(partition, "0", &size);
	cr_expect_eq(size, 100000);
	free(content);
	cr_expect_eq(storage_remove_name(partition, "0", 1), 0);
	cr_expect_eq(object_create_try(partition, "more", data, 50000, false), 0);
	storage_close(storage);
	free(data);
	cr_expect_eq(umount(device_directory), 0);
}
