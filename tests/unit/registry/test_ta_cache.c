#include "fixture_file.h"
#include "registry/ta_cache.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define UUID_TEXT "8aaaf200-2450-11e4-abe2-0002a5d5c501"
/* One more than fit, and then some. */
#define FILES (TA_CACHE_IMAGES + 2)

static char *dir;
static struct ta_trust trust;
static struct signing_key key;
static struct ta_cache cache;
static struct ta_location location[FILES];
static const struct ta_policy lenient, strict = { .require_signed = true };

/* Files that are there since the build. */
static const char *const built[FILES] = { "plain.ta",	  "stripped.ta",  "gnu_hash.ta",
					  "sysv_hash.ta", "bound_now.ta", "relr.ta" };

static void place(unsigned int i, const struct signing_key *by)
{
	struct fixture_file file = fixture_read("stripped.ta");
	const size_t header = by ? TA_PACKAGE_HEADER_SIZE : 0;
	uint8_t *bytes = malloc(header + file.size);

	snprintf(location[i].path, sizeof(location[i].path), "%s/%u", dir, i);
	if (by)
		ta_package_sign(&location[i].uuid, 1, file.bytes, file.size, by, bytes);
	memcpy(bytes + header, file.bytes, file.size);
	fixture_write(location[i].path, bytes, header + file.size, 0644);
	free(bytes);
	free(file.bytes);
}

/* Until all was written so long ago that the times of the files can be relied upon. */
static void settle(void)
{
	for (unsigned int i = 0; i < FILES; i++) {
		struct stat st;

		cr_assert_eq(stat(location[i].path, &st), 0);
		while (time(NULL) - st.st_ctim.tv_sec < 4)
			usleep(100000);
	}
}

static void set_up(void)
{
	dir = fixture_dir_make();
	cr_assert_eq(signing_key_open_development(dir, &key, NULL, 0), 0);
	cr_assert_eq(ta_trust_load(&trust, dir, NULL), 0);
	for (unsigned int i = 0; i < FILES; i++) {
		location[i] = (struct ta_location) { .place = TA_PLACE_PATH, .has_uuid = true };
		cr_assert_eq(uuid_parse(UUID_TEXT, &location[i].uuid), 0);
		snprintf(location[i].path, sizeof(location[i].path), "%s/%s", FIXTURES, built[i]);
	}
	settle();
}

static void tear_down(void)
{
	ta_cache_clear(&cache);
	cr_expect(ta_cache_is_empty(&cache));
	ta_trust_clear(&trust);
	signing_key_close(&key);
	fixture_dir_remove(dir);
}

TestSuite(ta_cache, .init = set_up, .fini = tear_down);

/* Loads, and tells the memory that came of it. Another load from the file gives another. */
static ino_t load(unsigned int i)
{
	struct ta_image image;
	char err[512] = "";
	struct stat st;

	cr_assert_eq(ta_cache_load(&cache, &location[i], &lenient, &trust, NULL, &image, err,
				   sizeof(err)),
		     TA_ACCEPTED, "%s", err);
	cr_assert_eq(fstat(image.fd, &st), 0);
	cr_expect_eq(fcntl(image.fd, F_GET_SEALS),
		     F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	cr_expect_eq(fcntl(image.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	cr_expect_str_eq(image.location.path, location[i].path);
	cr_expect(uuid_equal(&image.properties.uuid, &location[i].uuid));
	ta_image_close(&image);
	return st.st_ino;
}

/* One octet of the file, of those that no check looks at, changed in place. */
static void file_alter(unsigned int i)
{
	int fd = open(location[i].path, O_RDWR);
	struct stat st;
	char octet;

	cr_assert(fd >= 0 && fstat(fd, &st) == 0);
	cr_assert_eq(pread(fd, &octet, 1, 12), 1);
	octet ^= 1;
	cr_assert_eq(pwrite(fd, &octet, 1, 12), 1);
	close(fd);
}

Test(ta_cache, an_unchanged_file_is_read_once)
{
	ino_t first = load(1), second = load(2);

	cr_expect_neq(first, second);
	for (int again = 0; again < 3; again++) {
		cr_expect_eq(load(1), first);
		cr_expect_eq(load(2), second);
	}
}

/* Each of these keeps what it can of what the file looks like from outside. */
Test(ta_cache, a_changed_file_is_never_taken_for_the_old_one)
{
	struct timespec times[2];
	ino_t before[4];
	struct stat st;

	for (unsigned int i = 0; i <= 4; i++)
		place(i, NULL);
	settle();
	for (unsigned int i = 0; i < 4; i++)
		before[i] = load(i);
	/* In place, with the old times put back. */
	cr_assert_eq(stat(location[1].path, &st), 0);
	file_alter(1);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	cr_assert_eq(utimensat(AT_FDCWD, location[1].path, times, 0), 0);
	/* Another file of the same size in its place. */
	cr_assert_eq(rename(location[4].path, location[2].path), 0);
	/* Rewritten as it was. */
	place(3, NULL);
	cr_expect_eq(load(0), before[0]);
	for (unsigned int i = 1; i < 4; i++)
		cr_expect_neq(load(i), before[i], "file %u", i);
}

/* As long as another change could go unnoticed. */
Test(ta_cache, a_file_that_was_just_written_is_read_every_time)
{
	struct timespec now = { 0 };
	struct stat st = { 0 };

	/* Until it was done before that was over. */
	do {
		ino_t first, second;
		bool is_empty;

		ta_cache_clear(&cache);
		place(1, NULL);
		first = load(1);
		second = load(1);
		is_empty = ta_cache_is_empty(&cache);
		cr_assert_eq(stat(location[1].path, &st), 0);
		clock_gettime(CLOCK_REALTIME, &now);
		if (now.tv_sec - st.st_ctim.tv_sec > 1)
			continue;
		cr_expect_neq(second, first);
		cr_expect(is_empty);
	} while (now.tv_sec - st.st_ctim.tv_sec > 1);
}

Test(ta_cache, trust_and_place_count_each_time)
{
	struct ta_trust nobody = { 0 };
	struct ta_image image;
	char err[512] = "";

	place(0, &key);
	settle();
	(void)load(0);
	(void)load(1);
	cr_expect_eq(ta_cache_load(&cache, &location[0], &strict, &trust, NULL, &image, err,
				   sizeof(err)),
		     TA_ACCEPTED, "%s", err);
	cr_expect_eq(image.signature, TA_SIGNED_TRUSTED);
	ta_image_close(&image);
	cr_expect_eq(ta_cache_load(&cache, &location[0], &strict, &nobody, NULL, &image, err,
				   sizeof(err)),
		     TA_UNKNOWN_SIGNER);
	cr_expect(strstr(err, location[0].path), "%s", err);
	cr_expect_eq(ta_cache_load(&cache, &location[1], &strict, &trust, NULL, &image, err,
				   sizeof(err)),
		     TA_NOT_SIGNED);
	location[1].place = TA_PLACE_INSTALLED;
	cr_expect_eq(ta_cache_load(&cache, &location[1], &lenient, &trust, NULL, &image, err,
				   sizeof(err)),
		     TA_NOT_SIGNED);
	location[1].uuid.octet[0] ^= 1;
	location[1].place = TA_PLACE_PATH;
	cr_expect_eq(ta_cache_load(&cache, &location[1], &lenient, &trust, NULL, &image, err,
				   sizeof(err)),
		     TA_WRONG_UUID);
}

Test(ta_cache, the_last_few_are_kept)
{
	ino_t memory[FILES];

	for (unsigned int i = 0; i < FILES; i++)
		memory[i] = load(i);
	for (unsigned int i = FILES; i-- > FILES - TA_CACHE_IMAGES;)
		cr_expect_eq(load(i), memory[i], "file %u", i);
	cr_expect_neq(load(0), memory[0]);
	ta_cache_clear(&cache);
	cr_expect_neq(load(FILES - 1), memory[FILES - 1]);
}

Test(ta_cache, without_a_cache_every_load_is_from_the_file)
{
	struct ta_image image;
	char err[512] = "";

	cr_expect_eq(ta_cache_load(NULL, &location[1], &lenient, &trust, NULL, &image, err,
				   sizeof(err)),
		     TA_ACCEPTED);
	ta_image_close(&image);
	cr_expect(ta_cache_is_empty(&cache));
}
