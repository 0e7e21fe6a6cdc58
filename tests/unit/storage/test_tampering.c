/* What is done to the files is noticed, and does not spread. */
#include "device_directory.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(storage_tampering, .init = device_directory_make, .fini = device_directory_remove);

#define OBJECTS 40

static void object_name(int i, char name[24])
{
	snprintf(name, 24, "object %d", i);
}

static size_t object_size(int i)
{
	return (size_t)(i * 977 % 9000);
}

/* Two TAs with objects of different sizes; closed, so all is in one file. */
static void populate(void)
{
	struct storage *storage = device_storage(NULL);
	uint8_t data[9000];
	char name[24];

	for (int i = 0; i < OBJECTS; i++) {
		object_name(i, name);
		fill(data, object_size(i), (uint32_t)i);
		object_create(ta_partition(storage, (uint8_t)(i % 2), 1), name, data,
			      object_size(i));
	}
	storage_close(storage);
}

/* Counts objects that are as they were; asserts that none is anything but that or refused. */
static int intact_seen(bool read_only)
{
	const struct storage_options options = { .read_only = read_only };
	struct storage *storage;
	char err[300], name[24];
	int good = 0;

	if (storage_open(&storage, device_directory, &options, err, sizeof(err)) < 0)
		return -1;
	for (int i = 0; i < OBJECTS; i++) {
		uint8_t wanted[9000], data[9001];
		size_t size = 0;
		int code;

		object_name(i, name);
		fill(wanted, object_size(i), (uint32_t)i);
		code = object_read_try(ta_partition(storage, (uint8_t)(i % 2), 1), name, 0, data,
				       sizeof(data), &size);
		if (code < 0) {
			cr_assert_eq(code, -EBADMSG, "%s: %s", name, strerror(-code));
			continue;
		}
		cr_assert_eq(size, object_size(i));
		cr_assert(!memcmp(data, wanted, size), "%s has other octets", name);
		good++;
	}
	storage_close(storage);
	return good;
}

static int intact(void)
{
	return intact_seen(false);
}

static void flip(const char *file, off_t at, uint8_t bits)
{
	char path[PATH_MAX];
	uint8_t octet;
	int fd;

	device_file(file, path);
	fd = open(path, O_RDWR);
	cr_assert_geq(fd, 0);
	cr_assert_eq(pread(fd, &octet, 1, at), 1);
	octet ^= bits;
	cr_assert_eq(pwrite(fd, &octet, 1, at), 1);
	close(fd);
}

static off_t file_size(const char *file)
{
	char path[PATH_MAX];
	struct stat st;

	device_file(file, path);
	cr_assert_eq(stat(path, &st), 0);
	return st.st_size;
}

static void keep(void)
{
	device_copy("storage", "storage.kept");
	device_copy("rpmb", "rpmb.kept");
}

static void restore(void)
{
	char path[PATH_MAX];

	device_copy("storage.kept", "storage");
	device_copy("rpmb.kept", "rpmb");
	device_file("storage-wal", path);
	(void)unlink(path);
	device_file("storage-shm", path);
	(void)unlink(path);
}

/* Runs SQL on the file, as somebody would who has no key. */
static void sql(const char *text)
{
	char path[PATH_MAX], *err = NULL;
	sqlite3 *handle;

	device_file("storage", path);
	cr_assert_eq(sqlite3_open(path, &handle), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(handle, text, NULL, NULL, &err), SQLITE_OK, "%s", err);
	sqlite3_close(handle);
}

Test(storage_tampering, nothing_of_names_or_contents_can_be_read_in_the_files)
{
	static const char secret[] = "attack at dawn, the password is swordfish";
	struct storage *storage = device_storage(NULL);
	char path[PATH_MAX];
	uint8_t *bytes;
	off_t size;
	int fd;

	object_create(ta_partition(storage, 1, 1), "the very secret name", secret, sizeof(secret));
	storage_close(storage);
	size = file_size("storage");
	bytes = malloc((size_t)size);
	device_file("storage", path);
	fd = open(path, O_RDONLY);
	cr_assert_eq(read(fd, bytes, (size_t)size), size);
	close(fd);
	cr_expect_null(memmem(bytes, (size_t)size, "swordfish", 9));
	cr_expect_null(memmem(bytes, (size_t)size, "secret name", 11));
	free(bytes);
}

Test(storage_tampering, flipped_bit_never_gives_other_octets)
{
	int refused = 0, spread = 0, harmed = 0;
	uint32_t state = 99;
	off_t size;

	populate();
	cr_assert_eq(intact(), OBJECTS);
	keep();
	size = file_size("storage");
	for (int i = 0; i < 300; i++) {
		int good;

		state = state * 1664525U + 1013904223U;
		flip("storage", (off_t)((state >> 4) % (uint32_t)size), (uint8_t)(1 << (i % 8)));
		good = intact();
		refused += good < 0;
		harmed += good >= 0 && good < OBJECTS;
		/* Pages of SQLite's own, and directories, are shared by several. */
		spread += good >= 0 && good < OBJECTS - 1;
		restore();
	}
	cr_expect_gt(harmed, 100);
	cr_expect_lt(spread + refused, 100, "%d spread, %d refused", spread, refused);
	cr_assert_eq(intact(), OBJECTS);
}

Test(storage_tampering, damaged_block_takes_nothing_else_with_it)
{
	uint8_t data[4096 * 3];
	struct storage *storage;
	size_t size;

	populate();
	sql("UPDATE row SET data = zeroblob(length(data)) WHERE id = "
	    "(SELECT id FROM row WHERE (id & 4194303) >= 8194 ORDER BY id LIMIT 1)");
	cr_expect_eq(intact(), OBJECTS - 1);
	/* The other blocks of the object are fine, and so is writing the damaged one anew. */
	storage = device_storage(NULL);
	for (int i = 0; i < OBJECTS; i++) {
		struct storage_partition *partition = ta_partition(storage, (uint8_t)(i % 2), 1);
		char name[24];

		object_name(i, name);
		if (object_read_try(partition, name, 0, data, sizeof(data), &size) == 0)
			continue;
		cr_expect_eq(object_read_try(partition, name, 0, data, 4096, &size), 0);
		cr_expect_eq(object_create_try(partition, name, "new", 3, true), 0);
		cr_expect_eq(object_read_try(partition, name, 0, data, sizeof(data), &size), 0);
		cr_expect_eq(size, 3);
	}
	storage_close(storage);
}

/* The number of the i-th row; -1 behind the last. */
static long long row_at(int i)
{
	sqlite3_stmt *statement;
	long long id = -1;
	char path[PATH_MAX];
	sqlite3 *handle;

	device_file("storage", path);
	cr_assert_eq(sqlite3_open(path, &handle), SQLITE_OK);
	cr_assert_eq(sqlite3_prepare_v2(handle, "SELECT id FROM row ORDER BY id LIMIT 1 OFFSET ?1",
					-1, &statement, NULL),
		     SQLITE_OK);
	sqlite3_bind_int(statement, 1, i);
	if (sqlite3_step(statement) == SQLITE_ROW)
		id = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	return id;
}

Test(storage_tampering, no_row_takes_more_than_one_object_with_it)
{
	static const char *const ways[] = {
		"UPDATE row SET data = zeroblob(length(data)) WHERE id = %lld",
		"DELETE FROM row WHERE id = %lld",
	};
	int harmless = 0, rows = 0;
	long long id;

	populate();
	keep();
	for (; (id = row_at(rows)) >= 0; rows++) {
		char text[120];
		int good;

		snprintf(text, sizeof(text), ways[rows % 2], id);
		sql(text);
		good = intact_seen(true);
		cr_expect_geq(good, OBJECTS - 1, "row %lld", id);
		harmless += good == OBJECTS;
		restore();
	}
	/* The root, both partitions, their two pages, and the twins of all. */
	cr_expect_eq(harmless, 10, "%d", harmless);
	cr_expect_gt(rows, OBJECTS + 10);
}

Test(storage_tampering, damaged_root_and_directory_are_mended_by_the_next_change)
{
	struct storage_check check = { 0 };
	struct storage *storage;

	populate();
	/* Both partitions, their pages, and the root; not the twins. */
	sql("UPDATE row SET data = zeroblob(length(data)) WHERE id = 0 OR (id < (1 << 62) AND "
	    "id IN (SELECT id & ((1 << 62) - 1) FROM row WHERE id > (1 << 62)))");
	cr_expect_eq(intact(), OBJECTS);
	storage = device_storage(NULL);
	cr_assert_eq(storage_check(storage, false, &check), 0);
	cr_expect_gt(check.findings, 0);
	for (uint8_t i = 0; i < 2; i++)
		cr_expect_eq(object_create_try(ta_partition(storage, i, 1), "new", "x", 1, true),
			     0);
	check = (struct storage_check) { 0 };
	cr_assert_eq(storage_check(storage, false, &check), 0);
	cr_expect_eq(check.findings, 0);
	storage_close(storage);
	/* Now the twins. */
	sql("UPDATE row SET data = zeroblob(length(data)) WHERE id >= (1 << 62)");
	cr_expect_eq(intact(), OBJECTS);
}

Test(storage_tampering, older_twin_put_back_is_no_twin)
{
	struct storage *storage;
	char path[PATH_MAX], text[PATH_MAX + 300];

	populate();
	device_copy("storage", "older");
	storage = device_storage(NULL);
	for (uint8_t i = 0; i < 2; i++)
		object_create(ta_partition(storage, i, 1), "new", "x", 1);
	storage_close(storage);
	device_file("older", path);
	snprintf(text, sizeof(text),
		 "ATTACH '%s' AS older; INSERT OR REPLACE INTO main.row SELECT * FROM older.row "
		 "WHERE id > (1 << 62);"
		 "UPDATE main.row SET data = zeroblob(length(data)) WHERE id > 0 AND id IN "
		 "(SELECT id & ((1 << 62) - 1) FROM main.row WHERE id > (1 << 62))",
		 path);
	sql(text);
	cr_expect_eq(intact(), 0);
}

Test(storage_tampering, database_without_twins_gets_them)
{
	populate();
	sql("DELETE FROM row WHERE id >= (1 << 62)");
	cr_expect_eq(intact(), OBJECTS);
	sql("DELETE FROM row WHERE id = 0 OR (id < (1 << 62) AND "
	    "id IN (SELECT id & ((1 << 62) - 1) FROM row WHERE id > (1 << 62)))");
	cr_expect_eq(intact(), OBJECTS);
}

Test(storage_tampering, exchanged_rows_are_noticed)
{
	populate();
	/* Two blocks of the same slot in different objects: heads. */
	sql("CREATE TEMP TABLE two AS SELECT id, data FROM row WHERE (id & 4194303) = 0 AND "
	    "(id >> 22) > 4 ORDER BY id LIMIT 2;"
	    "UPDATE row SET data = (SELECT data FROM two WHERE two.id <> row.id) "
	    "WHERE id IN (SELECT id FROM two)");
	cr_expect_eq(intact(), OBJECTS - 2);
}

Test(storage_tampering, removed_row_is_noticed)
{
	populate();
	sql("DELETE FROM row WHERE id = (SELECT max(id) FROM row WHERE id < (1 << 62))");
	cr_expect_eq(intact(), OBJECTS - 1);
}

Test(storage_tampering, older_row_put_back_is_noticed)
{
	struct storage *storage;
	char path[PATH_MAX], text[PATH_MAX + 300];

	populate();
	device_copy("storage", "older");
	storage = device_storage(NULL);
	cr_assert_eq(object_write_try(ta_partition(storage, 1, 1), "object 39", 0, "new", 3), 0);
	storage_close(storage);
	device_file("older", path);
	/* Each row by itself, but for the root: what is above it knows better. */
	snprintf(text, sizeof(text),
		 "ATTACH '%s' AS older; INSERT OR REPLACE INTO main.row SELECT * FROM older.row "
		 "WHERE (id & 4194303) >= 8192",
		 path);
	sql(text);
	cr_expect_eq(intact(), OBJECTS - 1);
}

Test(storage_tampering, older_copy_of_the_database_is_refused)
{
	struct storage *storage;
	char text[300];

	populate();
	device_copy("storage", "older");
	storage = device_storage(NULL);
	cr_assert_eq(object_write_try(ta_partition(storage, 1, 1), "object 39", 0, "new", 3), 0);
	storage_close(storage);
	device_copy("older", "storage");
	cr_expect_eq(device_storage_refused(text), -EBADMSG);
	cr_expect(strstr(text, "older copy"), "%s", text);
	cr_expect(strstr(text, "/storage:"), "%s", text);
}

Test(storage_tampering, another_history_of_the_same_length_is_refused)
{
	struct storage *storage;
	char text[300];

	populate();
	keep();
	storage = device_storage(NULL);
	cr_assert_eq(object_write_try(ta_partition(storage, 1, 1), "object 39", 0, "one", 3), 0);
	storage_close(storage);
	device_copy("storage", "one");
	restore();
	storage = device_storage(NULL);
	cr_assert_eq(object_write_try(ta_partition(storage, 1, 1), "object 39", 0, "two", 3), 0);
	storage_close(storage);
	device_copy("one", "storage");
	cr_expect_eq(device_storage_refused(text), -EBADMSG);
	cr_expect(strstr(text, "history"), "%s", text);
}

Test(storage_tampering, missing_files_are_named)
{
	char path[PATH_MAX], text[300];

	populate();
	keep();
	device_file("storage", path);
	cr_assert_eq(unlink(path), 0);
	cr_expect_eq(device_storage_refused(text), -EBADMSG);
	cr_expect(strstr(text, "/storage: is gone"), "%s", text);
	restore();
	device_file("rpmb", path);
	cr_assert_eq(unlink(path), 0);
	cr_expect_eq(device_storage_refused(text), -EBADMSG);
	cr_expect(strstr(text, "/rpmb: the counter"), "%s", text);
	restore();
	cr_expect_eq(intact(), OBJECTS);
}

Test(storage_tampering, what_is_lost_can_be_accepted_as_lost)
{
	const struct storage_options accept = { .re_anchor = true };
	char path[PATH_MAX], text[300];

	populate();
	keep();
	device_file("storage", path);
	cr_assert_eq(unlink(path), 0);
	cr_expect_eq(device_storage_refused(text), -EBADMSG);
	storage_close(device_storage(&accept));
	populate();
	cr_expect_eq(intact(), OBJECTS);
	/* What was there before does not fit the counter any more. */
	device_copy("storage.kept", "storage");
	cr_expect_eq(device_storage_refused(text), -EBADMSG);
}

Test(storage_tampering, counter_of_another_value_is_refused)
{
	char text[300];

	populate();
	flip("rpmb", 8, 1);
	flip("rpmb", 4096 + 8, 1);
	cr_expect_eq(device_storage_refused(text), -EBADMSG);
	cr_expect(strstr(text, "tampered"), "%s", text);
}

Test(storage_tampering, one_damaged_record_of_the_counter_leaves_the_other)
{
	struct storage *storage;

	populate();
	/* The older of the two. */
	storage = device_storage(NULL);
	cr_assert_eq(object_write_try(ta_partition(storage, 1, 1), "object 39", 0, "x", 0), 0);
	storage_close(storage);
	keep();
	flip("rpmb", 8, 1);
	if (intact() != OBJECTS) {
		restore();
		flip("rpmb", 4096 + 8, 1);
		cr_expect_eq(intact(), OBJECTS);
	}
}

Test(storage_tampering, truncated_database_is_noticed_wherever_it_ends)
{
	char path[PATH_MAX];
	off_t size;

	populate();
	keep();
	size = file_size("storage");
	device_file("storage", path);
	for (int i = 0; i < 40; i++) {
		cr_assert_eq(truncate(path, size * i / 40), 0);
		cr_expect_lt(intact(), OBJECTS, "cut to %d/40", i);
		restore();
	}
}

Test(storage_tampering, database_that_is_cut_short_while_it_is_open_harms_nobody)
{
	struct storage *storage;
	uint8_t data[9000];
	char path[PATH_MAX];
	size_t size;

	populate();
	storage = device_storage(NULL);
	cr_assert_eq(
		object_read_try(ta_partition(storage, 1, 1), "object 39", 0, data, 9000, &size), 0);
	device_file("storage", path);
	cr_assert_eq(truncate(path, 4096), 0);
	cr_expect_eq(object_read_try(ta_partition(storage, 1, 1), "object 37", 0, data, 9000,
				     &size),
		     -EBADMSG);
	cr_expect_eq(object_write_try(ta_partition(storage, 1, 1), "object 39", 0, "new", 3),
		     -EBADMSG);
	storage_close(storage);
	cr_expect_eq(intact(), -1);
}

Test(storage_tampering, database_with_a_trigger_is_refused)
{
	char text[300];

	populate();
	sql("CREATE TRIGGER evil AFTER INSERT ON row BEGIN DELETE FROM row; END");
	cr_expect_eq(device_storage_refused(text), -EBADMSG);
}

Test(storage_tampering, storage_of_another_device_is_refused)
{
	char text[300];

	populate();
	flip("huk", 0, 1);
	(void)device_storage_refused(text);
	cr_expect(strstr(text, "/rpmb: "), "%s", text);
}

Test(storage_tampering, copy_that_is_accepted_knowingly_is_anchored_anew)
{
	const struct storage_options accept = { .re_anchor = true };
	struct storage *storage;
	char text[300];

	populate();
	keep();
	storage = device_storage(NULL);
	for (int i = 0; i < 5; i++)
		cr_assert_eq(object_write_try(ta_partition(storage, 1, 1), "object 39", 0, "x", 1),
			     0);
	storage_close(storage);
	device_copy("storage", "future");
	device_copy("storage.kept", "storage");
	(void)device_storage_refused(text);
	storage_close(device_storage(&accept));
	cr_expect_eq(intact(), OBJECTS);
	/* What was left behind does not come back. */
	device_copy("future", "storage");
	cr_expect_eq(device_storage_refused(text), -EBADMSG);
}

static int findings;

static void count(const struct storage_finding *finding, void *context)
{
	(void)context;
	cr_expect(finding->what);
	findings++;
}

Test(storage_tampering, check_names_what_is_damaged_and_repair_removes_it)
{
	struct storage_check check = { .tell = count };
	struct storage *storage;

	populate();
	sql("UPDATE row SET data = zeroblob(length(data)) WHERE (id & 4194303) >= 8192 AND id % 3 "
	    "= 0");
	storage = device_storage(NULL);
	cr_assert_eq(storage_check(storage, false, &check), 0);
	cr_expect_gt(check.findings, 0);
	cr_expect_eq(check.findings, findings);
	check = (struct storage_check) { 0 };
	cr_assert_eq(storage_check(storage, true, &check), 0);
	while (storage_clean(storage) == 1)
		;
	check = (struct storage_check) { 0 };
	cr_assert_eq(storage_check(storage, false, &check), 0);
	cr_expect_eq(check.findings, 0);
	cr_expect_eq(check.garbage, 0);
	cr_expect_eq(check.objects, OBJECTS - findings);
	storage_close(storage);
}
