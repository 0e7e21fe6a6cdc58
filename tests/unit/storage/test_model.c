/*
 * Random calls, each also made on a model in memory; whatever the engine says must be what the
 * model says, through closings and openings.
 */
#include "device_directory.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

TestSuite(storage_model, .init = device_directory_make, .fini = device_directory_remove);

#define NAMES	   12
#define PARTITIONS 3
#define SIZE_MAX_  (3U << 20)

struct model_object {
	bool exists;
	uint8_t *data;
	size_t size;
};

static struct model_object model[PARTITIONS][NAMES];
static uint32_t state;

static uint32_t chance(uint32_t below)
{
	state = state * 1664525U + 1013904223U;
	return (state >> 8) % below;
}

/* Small ones mostly; sometimes so large that they are staged. */
static size_t some_size(void)
{
	switch (chance(12)) {
	case 0:
		return 0;
	case 1:
		return chance(SIZE_MAX_);
	case 2:
		return 4096 * chance(20);
	default:
		return chance(20000);
	}
}

static void name_of(int which, char name[8])
{
	memset(name, 'a' + which, 7);
	name[which % 7 + (which < 7)] = '\0';
	name[7] = '\0';
}

static void compare(struct storage_partition *partition, struct model_object *object,
		    const char *name)
{
	uint8_t *content;
	size_t size;

	if (!object->exists) {
		struct storage_object *none;

		cr_assert_eq(storage_object_get(partition, name, strlen(name), &none), -ENOENT);
		return;
	}
	content = object_content(partition, name, &size);
	cr_assert_eq(size, object->size, "%s: %zu and not %zu", name, size, object->size);
	for (size_t i = 0; i < size; i++)
		if (content[i] != object->data[i])
			cr_assert_fail("%s: octet %zu is %u and not %u", name, i, content[i],
				       object->data[i]);
	free(content);
}

static void model_resize(struct model_object *object, size_t size)
{
	object->data = realloc(object->data, size + 1);
	cr_assert(object->data);
	if (size > object->size)
		memset(object->data + object->size, 0, size - object->size);
	object->size = size;
}

static void step(struct storage *storage, uint8_t *scratch)
{
	const uint32_t p = chance(PARTITIONS);
	struct storage_partition *partition = ta_partition(storage, (uint8_t)p, 1);
	const int which = (int)chance(NAMES);
	struct model_object *object = &model[p][which];
	struct storage_object *handle = NULL;
	char name[8], other_name[8];
	size_t size = some_size(), offset = chance(3) ? some_size() : object->size;
	int other, err;

	name_of(which, name);
	switch (chance(8)) {
	case 0:
	case 1:
		fill(scratch, size, chance(1000));
		err = object_create_try(partition, name, scratch, size, chance(2));
		cr_assert(err == 0 || (object->exists && err == -EEXIST));
		if (err)
			break;
		object->exists = true;
		model_resize(object, 0);
		model_resize(object, size);
		memcpy(object->data, scratch, size);
		break;
	case 2:
	case 3:
	case 4:
		fill(scratch, size, chance(1000));
		err = object_write_try(partition, name, offset, scratch, size);
		cr_assert_eq(err, object->exists ? 0 : -ENOENT);
		if (err || !size)
			break;
		if (offset + size > object->size)
			model_resize(object, offset + size);
		memcpy(object->data + offset, scratch, size);
		break;
	case 5:
		err = storage_object_get(partition, name, strlen(name), &handle);
		cr_assert_eq(err, object->exists ? 0 : -ENOENT);
		if (err)
			break;
		cr_assert_eq(storage_object_truncate(handle, size), 0);
		model_resize(object, size);
		break;
	case 6:
		err = storage_object_get(partition, name, strlen(name), &handle);
		cr_assert_eq(err, object->exists ? 0 : -ENOENT);
		if (err)
			break;
		other = (int)chance(NAMES);
		name_of(other, other_name);
		err = storage_object_rename(handle, other_name, strlen(other_name));
		cr_assert_eq(err, model[p][other].exists ? -EEXIST : 0);
		if (err)
			break;
		free(model[p][other].data);
		model[p][other] = *object;
		*object = (struct model_object) { 0 };
		break;
	default:
		err = storage_object_get(partition, name, strlen(name), &handle);
		cr_assert_eq(err, object->exists ? 0 : -ENOENT);
		if (err)
			break;
		cr_assert_eq(storage_object_remove(handle), 0);
		model_resize(object, 0);
		object->exists = false;
		break;
	}
	storage_object_put(handle);
}

static void look(struct storage *storage)
{
	struct storage_check check = { 0 };
	uint64_t used, charged;
	uint32_t objects;

	for (uint8_t p = 0; p < PARTITIONS; p++) {
		struct storage_partition *partition = ta_partition(storage, p, 1);
		struct storage_entry entry;
		uint32_t cursor = 0, count = 0, wanted = 0;

		charged = 0;
		for (int i = 0; i < NAMES; i++) {
			char name[8];

			name_of(i, name);
			compare(partition, &model[p][i], name);
			wanted += model[p][i].exists;
		}
		while (storage_next(partition, &cursor, &entry) == 0) {
			count++;
			charged += entry.charge;
		}
		storage_partition_usage(partition, &used, &objects);
		cr_assert_eq(count, wanted);
		cr_assert_eq(objects, wanted);
		cr_assert_eq(used, charged);
	}
	cr_assert_eq(storage_check(storage, false, &check), 0);
	cr_assert_eq(check.findings, 0);
}

static void run(uint32_t seed, int steps)
{
	struct storage *storage = device_storage(NULL);
	uint8_t *scratch = malloc(SIZE_MAX_);

	state = seed;
	memset(model, 0, sizeof(model));
	for (int i = 1; i <= steps; i++) {
		step(storage, scratch);
		if (chance(10) == 0)
			(void)storage_clean(storage);
		if (i % 50 == 0) {
			storage_close(storage);
			storage = device_storage(NULL);
			look(storage);
		}
	}
	storage_close(storage);
	for (int i = 0; i < PARTITIONS * NAMES; i++)
		free(model[i / NAMES][i % NAMES].data);
	free(scratch);
}

Test(storage_model, random_calls_do_what_the_model_does)
{
	run(1, 400);
}

Test(storage_model, other_random_calls_do_too)
{
	run(4711, 400);
}
