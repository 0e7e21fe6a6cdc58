#include "device_directory.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(storage_objects, .init = device_directory_make, .fini = device_directory_remove);

#define MIB (1U << 20)

Test(storage_objects, outlast_the_storage_that_wrote_them)
{
	struct storage *storage = device_storage(NULL);
	struct storage_partition *partition = ta_partition(storage, 1, 1);
	uint8_t *content;
	size_t size;

	object_create(partition, "name", "value", 5);
	object_create(partition, "", "of no name", 10);
	storage_close(storage);
	storage = device_storage(NULL);
	partition = ta_partition(storage, 1, 1);
	content = object_content(partition, "name", &size);
	cr_expect_eq(size, 5);
	cr_expect(!memcmp(content, "value", 5));
	free(content);
	content = object_content(partition, "", &size);
	cr_expect_eq(size, 10);
	free(content);
	storage_close(storage);
}

Test(storage_objects, header_and_attributes_are_kept_and_usage_changes)
{
	const struct object_header header = { 0xA0000010, 256, 512, 0xFF };
	struct storage *storage = device_storage(NULL);
	struct storage_object *object;
	struct object_header read;
	const uint8_t *attributes;
	struct storage_job job;
	size_t size;

	cr_assert_eq(storage_create_start(&job, ta_partition(storage, 1, 1), "k", 1, &header,
					  "secret key", 10, NULL, 0, false),
		     0);
	cr_assert_eq(storage_job_run(&job), 0);
	cr_assert_eq(storage_object_set_usage(job.object, 0x0F), 0);
	storage_object_put(job.object);
	storage_close(storage);
	storage = device_storage(NULL);
	cr_assert_eq(storage_object_get(ta_partition(storage, 1, 1), "k", 1, &object), 0);
	cr_assert_eq(storage_object_header(object, &read), 0);
	cr_expect_eq(read.type, header.type);
	cr_expect_eq(read.size, header.size);
	cr_expect_eq(read.max_size, header.max_size);
	cr_expect_eq(read.usage, 0x0F);
	cr_assert_eq(storage_object_attributes(object, &attributes, &size), 0);
	cr_assert_eq(size, 10);
	cr_expect(!memcmp(attributes, "secret key", 10));
	storage_object_put(object);
	storage_close(storage);
}

Test(storage_objects, are_apart_by_ta_by_store_and_by_domain)
{
	struct storage *storage = device_storage(NULL);
	const struct partition_id domain = { .domain = { 1 }, .ta = { [15] = 1 }, .store = 1 };
	struct storage_partition *all[4] = { ta_partition(storage, 1, 1),
					     ta_partition(storage, 2, 1),
					     ta_partition(storage, 1, 0x80000000),
					     storage_partition(storage, &domain) };

	for (int i = 0; i < 4; i++) {
		const char value = (char)('a' + i);

		for (int j = 0; j < 4; j++)
			cr_expect_eq(object_write_try(all[j], "same", 0, "x", 1),
				     j < i ? 0 : -ENOENT);
		object_create(all[i], "same", &value, 1);
	}
	storage_close(storage);
}

Test(storage_objects, existing_name_is_refused_unless_it_may_be_overwritten)
{
	struct storage *storage = device_storage(NULL);
	struct storage_partition *partition = ta_partition(storage, 1, 1);
	struct storage_object *object;
	uint8_t *content;
	size_t size;

	object_create(partition, "name", "old", 3);
	cr_expect_eq(object_create_try(partition, "name", "new", 3, false), -EEXIST);
	cr_assert_eq(storage_object_get(partition, "name", 4, &object), 0);
	cr_expect_eq(object_create_try(partition, "name", "new", 3, true), -EBUSY);
	storage_object_put(object);
	cr_expect_eq(object_create_try(partition, "name", "newer", 5, true), 0);
	content = object_content(partition, "name", &size);
	cr_expect_eq(size, 5);
	cr_expect(!memcmp(content, "newer", 5));
	free(content);
	storage_close(storage);
}

Test(storage_objects, holes_read_as_zero_and_cost_nothing)
{
	struct storage *storage = device_storage(NULL);
	struct storage_partition *partition = ta_partition(storage, 1, 1);
	uint8_t *content;
	uint64_t before, after;
	uint32_t objects;
	size_t size;

	object_create(partition, "sparse", "start", 5);
	storage_partition_usage(partition, &before, &objects);
	cr_assert_eq(object_write_try(partition, "sparse", 40U * MIB, "end", 3), 0);
	storage_partition_usage(partition, &after, &objects);
	cr_expect_leq(after - before, 8192);
	content = object_content(partition, "sparse", &size);
	cr_assert_eq(size, 40U * MIB + 3);
	cr_expect(!memcmp(content, "start", 5));
	for (size_t i = 5; i < 40U * MIB; i++)
		if (content[i])
			cr_assert_fail("octet %zu is not zero", i);
	cr_expect(!memcmp(content + 40U * MIB, "end", 3));
	free(content);
	storage_close(storage);
}

Test(storage_objects, nothing_comes_back_of_what_was_truncated)
{
	static const uint32_t cuts[] = { 0, 1, 4095, 4096, 4097, 8191, 3 * MIB + 7 };
	struct storage *storage = device_storage(NULL);
	struct storage_partition *partition = ta_partition(storage, 1, 1);
	uint8_t *data = malloc(4 * MIB);

	memset(data, 0xAA, 4 * MIB);
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct storage_object *object;
		uint8_t *content;
		size_t size;

		cr_assert_eq(object_create_try(partition, "cut", data, 4 * MIB, true), 0);
		cr_assert_eq(storage_object_get(partition, "cut", 3, &object), 0);
		cr_assert_eq(storage_object_truncate(object, cuts[i]), 0);
		cr_assert_eq(storage_object_truncate(object, 4 * MIB), 0);
		storage_object_put(object);
		content = object_content(partition, "cut", &size);
		cr_assert_eq(size, 4 * MIB);
		for (size_t j = 0; j < size; j++)
			if (content[j] != (j < cuts[i] ? 0xAA : 0))
				cr_assert_fail("cut at %u: octet %zu is %u", cuts[i], j,
					       content[j]);
		free(content);
	}
	free(data);
	storage_close(storage);
}

Test(storage_objects, data_ends_where_the_specification_says)
{
	struct storage *storage = device_storage(NULL);
	struct storage_partition *partition = ta_partition(storage, 1, 1);
	struct storage_object *object;
	uint64_t size;

	object_create(partition, "far", NULL, 0);
	cr_expect_eq(object_write_try(partition, "far", 0xFFFFFFFE, "x", 1), 0);
	cr_expect_eq(object_write_try(partition, "far", 0xFFFFFFFE, "xy", 2), -EFBIG);
	cr_expect_eq(object_write_try(partition, "far", 0xFFFFFFFF, "x", 1), -EFBIG);
	cr_expect_eq(object_write_try(partition, "far", 0xFFFFFFFF, "", 0), 0);
	cr_assert_eq(storage_object_get(partition, "far", 3, &object), 0);
	cr_expect_eq(storage_object_data_size(object, &size), 0);
	cr_expect_eq(size, 0xFFFFFFFF);
	cr_expect_eq(storage_object_truncate(object, 0x100000000), -EFBIG);
	storage_object_put(object);
	storage_close(storage);
}

Test(storage_objects, renamed_is_found_by_its_new_name_only)
{
	struct storage *storage = device_storage(NULL);
	struct storage_partition *partition = ta_partition(storage, 1, 1);
	struct storage_object *object, *again;

	object_create(partition, "other", "o", 1);
	object_create(partition, "before", "b", 1);
	cr_assert_eq(storage_object_get(partition, "before", 6, &object), 0);
	cr_expect_eq(storage_object_rename(object, "other", 5), -EEXIST);
	cr_expect_eq(storage_object_rename(object, "before", 6), -EEXIST);
	cr_expect_eq(storage_object_rename(object, "after", 5), 0);
	cr_expect_eq(storage_object_get(partition, "before", 6, &again), -ENOENT);
	cr_expect_eq(storage_object_get(partition, "after", 5, &again), 0);
	cr_expect_eq(again, object);
	storage_object_put(again);
	storage_object_put(object);
	storage_close(storage);
	storage = device_storage(NULL);
	cr_expect_eq(object_write_try(ta_partition(storage, 1, 1), "after", 0, "x", 1), 0);
	storage_close(storage);
}

Test(storage_objects, removed_is_gone_for_all_who_have_it)
{
	struct storage *storage = device_storage(NULL);
	struct storage_partition *partition = ta_partition(storage, 1, 1);
	struct storage_object *one, *two;
	uint64_t used;
	uint32_t objects;

	object_create(partition, "name", "value", 5);
	cr_assert_eq(storage_object_get(partition, "name", 4, &one), 0);
	cr_assert_eq(storage_object_get(partition, "name", 4, &two), 0);
	cr_expect_eq(storage_object_remove(one), 0);
	cr_expect_eq(storage_object_remove(two), -ENOENT);
	cr_expect_eq(storage_object_set_usage(two, 0), -ENOENT);
	cr_expect_eq(object_write_try(partition, "name", 0, "x", 1), -ENOENT);
	/* The name is free. */
	object_create(partition, "name", "another", 7);
	cr_expect_eq(storage_object_data_size(two, &used), -ENOENT);
	storage_object_put(one);
	storage_object_put(two);
	storage_partition_usage(partition, &used, &objects);
	cr_expect_eq(objects, 1);
	storage_close(storage);
}

Test(storage_objects, enumeration_meets_each_object_once_while_others_come_and_go)
{
	struct storage *storage = device_storage(NULL);
	struct storage_partition *partition = ta_partition(storage, 1, 1);
	bool seen[100] = { false };
	struct storage_entry entry;
	uint32_t cursor = 0;
	char name[24];
	int err;

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%d", i);
		object_create(partition, name, name, strlen(name));
	}
	for (int step = 0; (err = storage_next(partition, &cursor, &entry)) == 0; step++) {
		int which;

		memcpy(name, entry.name, entry.name_size);
		name[entry.name_size] = '\0';
		which = (int)strtol(name, NULL, 10);
		if (which >= 100)
			continue;
		cr_expect_not(seen[which], "%d comes twice", which);
		cr_expect_eq(entry.data_size, which < 10 ? 1 : 2);
		seen[which] = true;
		/* One that was met goes; odd ones are replaced; a new one comes. */
		if (step % 3 == 0)
			cr_assert_eq(storage_remove_name(partition, name, strlen(name)), 0);
		if (step % 7 == 0) {
			snprintf(name, sizeof(name), "%d", 99 - 2 * (step % 20));
			if (!seen[99 - 2 * (step % 20)])
				cr_assert_eq(object_create_try(partition, name, name, strlen(name),
							       true),
					     0);
		}
		snprintf(name, sizeof(name), "%d", 1000 + step);
		if (step < 50)
			object_create(partition, name, name, 2);
	}
	cr_expect_eq(err, -ENOENT);
	for (int i = 0; i < 100; i++)
		cr_expect(seen[i], "%d is missing", i);
	storage_close(storage);
}

Test(storage_objects, large_write_leaves_room_for_others_and_changes_all_or_nothing)
{
	struct storage *storage = device_storage(NULL);
	struct storage_partition *partition = ta_partition(storage, 1, 1);
	uint8_t *data = malloc(8 * MIB), *content;
	struct storage_object *object;
	struct storage_job job;
	uint8_t look[100];
	int steps = 0, err;
	size_t size;

	memset(data, 'o', 8 * MIB);
	object_create(partition, "large", data, 8 * MIB);
	memset(data, 'n', 8 * MIB);
	cr_assert_eq(storage_object_get(partition, "large", 5, &object), 0);
	cr_assert_eq(storage_write_start(&job, object, 100, data, 8 * MIB - 200), 0);
	while ((err = storage_job_step(&job)) == 1) {
		char name[24];
		struct storage_job other;

		snprintf(name, sizeof(name), "small %d", steps++);
		object_create(ta_partition(storage, 2, 1), name, "x", 1);
		cr_expect_eq(object_read_try(partition, "large", 90, look, 100, &size), 0);
		for (int i = 0; i < 100; i++)
			cr_expect_eq(look[i], 'o');
		cr_expect_eq(storage_write_start(&other, object, 0, "x", 1), -EBUSY);
		cr_expect_eq(storage_object_truncate(object, 1), -EBUSY);
	}
	cr_expect_eq(err, 0);
	cr_expect_geq(steps, 8);
	storage_object_put(object);
	content = object_content(partition, "large", &size);
	cr_assert_eq(size, 8 * MIB);
	for (size_t i = 0; i < size; i++)
		if (content[i] != (i < 100 || i >= size - 100 ? 'o' : 'n'))
			cr_assert_fail("octet %zu is %c", i, content[i]);
	free(content);
	free(data);
	storage_close(storage);
}

Test(storage_objects, cancelled_and_staged_rows_are_cleaned_away)
{
	struct storage *storage = device_storage(NULL);
	struct storage_partition *partition = ta_partition(storage, 1, 1);
	const struct object_header header = { 0 };
	uint8_t *data = calloc(1, 8 * MIB), *content;
	struct storage_check check = { 0 };
	struct storage_object *object;
	struct storage_job job;
	size_t size;

	memset(data, 1, 8 * MIB);
	object_create(partition, "large", data, 8 * MIB);
	memset(data, 2, 8 * MIB);
	cr_assert_eq(storage_object_get(partition, "large", 5, &object), 0);
	cr_assert_eq(storage_write_start(&job, object, 0, data, 8 * MIB), 0);
	for (int i = 0; i < 5; i++)
		cr_assert_eq(storage_job_step(&job), 1);
	storage_job_cancel(&job);
	storage_object_put(object);
	cr_assert_eq(storage_create_start(&job, partition, "never", 5, &header, NULL, 0, data,
					  8 * MIB, false),
		     0);
	for (int i = 0; i < 5; i++)
		cr_assert_eq(storage_job_step(&job), 1);
	storage_job_cancel(&job);
	storage_close(storage);

	storage = device_storage(NULL);
	partition = ta_partition(storage, 1, 1);
	cr_expect_eq(storage_object_get(partition, "never", 5, &object), -ENOENT);
	cr_assert_eq(storage_object_get(partition, "large", 5, &object), 0);
	while (storage_clean(storage) == 1)
		;
	storage_object_put(object);
	content = object_content(partition, "large", &size);
	cr_assert_eq(size, 8 * MIB);
	for (size_t i = 0; i < size; i++)
		if (content[i] != 1)
			cr_assert_fail("octet %zu is %u", i, content[i]);
	free(content);
	cr_assert_eq(storage_check(storage, false, &check), 0);
	cr_expect_eq(check.findings, 0);
	cr_expect_eq(check.garbage, 0);
	cr_expect_eq(check.objects, 1);
	free(data);
	storage_close(storage);
}

Test(storage_objects, reader_sees_one_moment_while_another_writes)
{
	const struct storage_options look = { .read_only = true };
	struct storage *storage = device_storage(NULL), *reader;
	uint8_t *content;
	size_t size;

	object_create(ta_partition(storage, 1, 1), "name", "old", 3);
	reader = device_storage(&look);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(object_write_try(ta_partition(storage, 1, 1), "name", 0, "new", 3), 0);
	content = object_content(ta_partition(reader, 1, 1), "name", &size);
	cr_expect(!memcmp(content, "old", 3));
	free(content);
	cr_expect_eq(object_write_try(ta_partition(reader, 1, 1), "name", 0, "x", 1), -EROFS);
	storage_close(reader);
	reader = device_storage(&look);
	content = object_content(ta_partition(reader, 1, 1), "name", &size);
	cr_expect(!memcmp(content, "new", 3));
	free(content);
	storage_close(reader);
	storage_close(storage);
}
