/* What belongs to a security domain is apart from all else, and goes when its mark is told. */
#include "device_directory.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/forgotten.h"

TestSuite(storage_forgotten, .init = device_directory_make, .fini = device_directory_remove);

/* More than is removed at once. */
#define LARGE (4U << 20)

/* The nth installation of a TA. */
static struct forgotten_record record_of(uint8_t n)
{
	struct forgotten_record record = { .ta = { [15] = 1 } };

	memset(record.mark, n, sizeof(record.mark));
	return record;
}

/* Its objects in a store. */
static struct storage_partition *installed(struct storage *storage, uint8_t n, uint32_t store)
{
	const struct forgotten_record record = record_of(n);
	struct partition_id id = { .ta = { [15] = 1 }, .store = store };
	uint8_t number[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(number, record.mark, sizeof(record.mark));
	memcpy(id.domain, number, sizeof(id.domain));
	return storage_partition(storage, &id);
}

/* A TEE tells of these, and of `cut` octets of one more. */
static void tell(unsigned int tee, const struct forgotten_record *records, size_t count, size_t cut)
{
	const struct forgotten_record torn = record_of(2);
	char path[PATH_MAX];
	int fd;

	cr_assert_eq(forgotten_path(device_directory, tee, path, sizeof(path)), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, records, count * sizeof(*records)),
		     (ssize_t)(count * sizeof(*records)));
	cr_assert_eq(write(fd, &torn, cut), (ssize_t)cut);
	close(fd);
}

static bool has(struct storage_partition *partition, const char *name)
{
	uint8_t octet;
	size_t size;
	const int err = object_read_try(partition, name, 0, &octet, 1, &size);

	cr_assert(!err || err == -ENOENT, "%d", err);
	return !err;
}

static void clean(struct storage *storage)
{
	struct storage_check check = { 0 };

	while (storage_clean(storage) == 1)
		;
	cr_assert_eq(storage_check(storage, false, &check), 0);
	cr_expect_eq(check.findings, 0);
	cr_expect_eq(check.garbage, 0);
}

Test(storage_forgotten, t_row_14_a_ta_of_one_domain_can_not_open_what_another_domains_has)
{
	struct storage *storage = device_storage(NULL);

	object_create(installed(storage, 1, 1), "same", "one", 3);
	cr_expect(!has(installed(storage, 2, 1), "same"));
	cr_expect(!has(ta_partition(storage, 1, 1), "same"));
	object_create(installed(storage, 2, 1), "same", "two", 3);
	object_create(ta_partition(storage, 1, 1), "same", "dev", 3);
	storage_close(storage);
	storage = device_storage(NULL);
	for (uint8_t n = 1; n <= 2; n++) {
		size_t size;
		uint8_t *content = object_content(installed(storage, n, 1), "same", &size);

		cr_expect(!memcmp(content, n == 1 ? "one" : "two", 3));
		free(content);
	}
	storage_close(storage);
}

Test(storage_forgotten, what_is_told_goes_in_all_stores_and_nothing_else_does)
{
	const struct forgotten_record gone = record_of(1);
	struct storage *storage = device_storage(NULL);
	uint8_t *much = calloc(1, LARGE);

	for (uint32_t store = 1; store <= 2; store++) {
		object_create(installed(storage, 1, store), "small", "x", 1);
		object_create(installed(storage, 1, store), "large", much, LARGE);
		object_create(installed(storage, 2, store), "small", "x", 1);
		object_create(ta_partition(storage, 1, store), "small", "x", 1);
	}
	cr_expect_eq(storage_forget(storage, device_directory), 0);
	cr_expect(has(installed(storage, 1, 1), "small"));
	/* Once by each TEE, and again: it is the same. */
	tell(0, &gone, 1, sizeof(gone) - 1);
	tell(3, &gone, 1, 0);
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(storage_forget(storage, device_directory), 0);
		for (uint32_t store = 1; store <= 2; store++) {
			cr_expect(!has(installed(storage, 1, store), "small"));
			cr_expect(!has(installed(storage, 1, store), "large"));
			cr_expect(has(installed(storage, 2, store), "small"));
			cr_expect(has(ta_partition(storage, 1, store), "small"));
		}
	}
	clean(storage);
	storage_close(storage);
	storage = device_storage(NULL);
	cr_expect(!has(installed(storage, 1, 1), "small"));
	cr_expect(has(installed(storage, 2, 1), "small"));
	clean(storage);
	storage_close(storage);
	free(much);
}

Test(storage_forgotten, what_somebody_has_open_goes_when_it_is_closed)
{
	const struct forgotten_record gone = record_of(1);
	struct storage *storage = device_storage(NULL);
	struct storage_object *object;

	object_create(installed(storage, 1, 1), "open", "x", 1);
	object_create(installed(storage, 1, 2), "other", "x", 1);
	cr_assert_eq(storage_object_get(installed(storage, 1, 1), "open", 4, &object), 0);
	tell(0, &gone, 1, 0);
	cr_expect_eq(storage_forget(storage, device_directory), -EBUSY);
	cr_expect(has(installed(storage, 1, 1), "open"));
	cr_expect(!has(installed(storage, 1, 2), "other"));
	storage_object_put(object);
	cr_expect_eq(storage_forget(storage, device_directory), 0);
	cr_expect(!has(installed(storage, 1, 1), "open"));
	clean(storage);
	storage_close(storage);
}

Test(storage_forgotten, development_domain_can_not_be_told)
{
	struct forgotten_record records[3] = { 0 };
	struct storage *storage = device_storage(NULL);

	object_create(ta_partition(storage, 1, 1), "mine", "x", 1);
	for (size_t i = 0; i < 3; i++)
		records[i].ta[15] = 1;
	memset(records[1].mark, 0xFF, sizeof(records[1].mark));
	tell(0, records, 3, 0);
	cr_expect_eq(storage_forget(storage, device_directory), 0);
	cr_expect(has(ta_partition(storage, 1, 1), "mine"));
	storage_close(storage);
}

Test(storage_forgotten, change_of_a_file_is_seen_once)
{
	const struct forgotten_record records[2] = { record_of(1), record_of(2) };
	struct forgotten_files files = { 0 };

	cr_expect(!forgotten_changed(device_directory, &files));
	tell(0, records, 1, 0);
	cr_expect(forgotten_changed(device_directory, &files));
	cr_expect(!forgotten_changed(device_directory, &files));
	tell(0, records, 2, 0);
	cr_expect(forgotten_changed(device_directory, &files));
	tell(1, records, 1, 0);
	cr_expect(forgotten_changed(device_directory, &files));
	cr_expect(!forgotten_changed(device_directory, &files));
}
