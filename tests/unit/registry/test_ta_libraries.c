/* Which shared libraries go with a TA, and what it and they call each other then. */
#include "fixture_file.h"
#include "registry/ta_libraries.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TA	  "8aaaf200-2450-11e4-abe2-0002a5d5c501"
#define LIBRARY_A "8aaaf200-2450-11e4-abe2-0002a5d5c50a"
#define LIBRARY_B "8aaaf200-2450-11e4-abe2-0002a5d5c50b"
#define LIBRARY_C "8aaaf200-2450-11e4-abe2-0002a5d5c50c"

static char *dir;
static struct ta_trust trust;
static struct ta_search search;
static const struct ta_policy policy, strict = { .require_signed = true };
static struct ta_libraries libraries;
static struct ta_image image;
static char err[1024];
static unsigned warnings;
static char last_warning[1024];

static char *below(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *fixture)
{
	struct fixture_file file = fixture_read(fixture);

	fixture_write(below(name), file.bytes, file.size, 0644);
	free(file.bytes);
}

static void set_up(void)
{
	struct signing_key key;

	dir = fixture_dir_make();
	cr_assert_eq(signing_key_open_development(below("keys"), &key, NULL, 0), 0);
	signing_key_close(&key);
	cr_assert_eq(ta_trust_load(&trust, below("keys"), NULL), 0);
	cr_assert_eq(mkdir(below("ta"), 0755), 0);
	cr_assert_eq(ta_search_init(&search, below("ta"), NULL, NULL), 0);
	put("ta/" LIBRARY_A ".ta", "library_a.ta");
	put("ta/" LIBRARY_B ".ta", "library_b.ta");
	put("ta/" LIBRARY_C ".ta", "library_c.ta");
}

static void tear_down(void)
{
	ta_image_close(&image);
	ta_libraries_clear(&libraries);
	ta_search_clear(&search);
	ta_trust_clear(&trust);
	fixture_dir_remove(dir);
}

TestSuite(ta_libraries, .init = set_up, .fini = tear_down);

static void warn(void *arg, const char *line)
{
	cr_assert_eq(arg, &libraries);
	snprintf(last_warning, sizeof(last_warning), "%s", line);
	warnings++;
}

static enum ta_refusal load(const struct ta_policy *with)
{
	struct uuid uuid;

	cr_assert_eq(uuid_parse(TA, &uuid), 0);
	cr_assert_eq(ta_find_and_load(&search, &uuid, &policy, &trust, NULL, &libraries, &image,
				      err, sizeof(err), NULL, 0),
		     TA_ACCEPTED, "%s", err);
	return ta_libraries_load(&libraries, &image, &search, with, &trust, warn, &libraries, err,
				 sizeof(err));
}

static unsigned number_of(const char *text)
{
	struct uuid uuid;
	int number;

	cr_assert_eq(uuid_parse(text, &uuid), 0);
	number = ta_libraries_number(&libraries, &uuid);
	cr_assert_geq(number, 0);
	return (unsigned)number;
}

/* What the host gets names the libraries by their numbers, and nothing by UUID. */
static void expect_renamed(int fd, unsigned count)
{
	char bytes[65536];
	ssize_t size = pread(fd, bytes, sizeof(bytes), 0);
	struct elf_image elf;
	unsigned named = 0;
	const char *at = bytes;

	cr_assert(size > 0 && size < (ssize_t)sizeof(bytes));
	while ((at = memmem(at, (size_t)(bytes + size - at), "/proc/self/fd/3", 15))) {
		named++;
		at++;
	}
	cr_expect_eq(named, count);
	/* A path is what no image may come with, and tags are not what they were. */
	cr_expect_lt(elf_image_parse(bytes, (size_t)size, &elf, NULL, 0), 0);
}

Test(ta_libraries, all_that_is_needed_is_loaded_once)
{
	unsigned a, b, c;

	put("ta/" TA ".ta", "uses_libraries.ta");
	cr_assert_eq(load(&policy), TA_ACCEPTED, "%s", err);
	cr_assert_eq(libraries.count, 3);
	a = number_of(LIBRARY_A);
	b = number_of(LIBRARY_B);
	c = number_of(LIBRARY_C);
	cr_assert_eq(libraries.count, 3);
	cr_expect_eq(ta_libraries_needs(&libraries, &image), 1U << a | 1U << c);
	cr_expect_eq(libraries.library[a]->needs, 1U << b);
	cr_expect_eq(libraries.library[b]->needs, 1U << c);
	cr_expect_eq(libraries.library[c]->needs, 0);
	expect_renamed(image.fd, 2);
	expect_renamed(libraries.library[a]->image.fd, 1);
	cr_expect(ta_libraries_are_current(&libraries));
	put("ta/" LIBRARY_B ".ta", "library_b.ta");
	cr_expect_not(ta_libraries_are_current(&libraries));
}

Test(ta_libraries, one_that_is_missing_is_named)
{
	put("ta/" TA ".ta", "uses_libraries.ta");
	cr_assert_eq(unlink(below("ta/" LIBRARY_B ".ta")), 0);
	cr_expect_eq(load(&policy), TA_NOT_FOUND);
	cr_expect(strstr(err, "a library that it needs: no library " LIBRARY_B), "%s", err);
}

Test(ta_libraries, policy_is_that_of_tas)
{
	put("ta/" TA ".ta", "uses_libraries.ta");
	cr_expect_eq(load(&strict), TA_NOT_SIGNED);
	cr_expect(strstr(err, LIBRARY_A), "%s", err);
}

Test(ta_libraries, a_ta_is_no_library)
{
	put("ta/" TA ".ta", "uses_libraries.ta");
	put("ta/" LIBRARY_C ".ta", "plain.ta");
	/* It holds a TA, and not even the one of its name. */
	cr_expect_eq(load(&policy), TA_WRONG_UUID);
	put("ta/" LIBRARY_C ".ta", "library_b.ta");
	ta_image_close(&image);
	ta_libraries_clear(&libraries);
	cr_expect_eq(load(&policy), TA_WRONG_UUID);
	cr_expect(strstr(err, "holds library " LIBRARY_B), "%s", err);
}

Test(ta_libraries, a_library_is_no_ta)
{
	struct uuid uuid;

	cr_assert_eq(uuid_parse(LIBRARY_A, &uuid), 0);
	cr_expect_eq(ta_find_and_load(&search, &uuid, &policy, &trust, NULL, &libraries, &image,
				      err, sizeof(err), NULL, 0),
		     TA_WRONG_KIND);
	cr_expect(strstr(err, "this is a shared library for TAs"), "%s", err);
	image.fd = -1;
}

Test(ta_libraries, others_are_loaded_for_a_ta_that_opens_libraries)
{
	put("ta/" TA ".ta", "plain.ta");
	cr_assert_eq(load(&policy), TA_ACCEPTED, "%s", err);
	cr_expect_eq(libraries.count, 0);
	ta_image_close(&image);
	put("ta/" TA ".ta", "opens_libraries.ta");
	cr_assert_eq(load(&policy), TA_ACCEPTED, "%s", err);
	cr_expect_eq(libraries.count, 3);
	cr_expect_eq(ta_libraries_needs(&libraries, &image), 0);
	cr_expect_eq(warnings, 0, "%s", last_warning);
	for (unsigned i = 0; i < libraries.count; i++)
		cr_expect(libraries.library[i]->is_loaded);
}

Test(ta_libraries, others_that_are_no_good_are_left_out_with_a_word)
{
	put("ta/" TA ".ta", "opens_libraries.ta");
	put("ta/" LIBRARY_B ".ta", "exec_stack.ta");
	cr_assert_eq(load(&policy), TA_ACCEPTED, "%s", err);
	/* One is damaged, and one needs it. */
	cr_expect_geq(warnings, 1);
	cr_expect(strstr(last_warning, "not offered to dlopen(): "), "%s", last_warning);
	cr_expect(libraries.library[number_of(LIBRARY_C)]->is_loaded);
	cr_expect_not(libraries.library[number_of(LIBRARY_B)]->is_loaded);
}

Test(ta_libraries, there_are_not_more_than_there_is_room_for)
{
	struct uuid uuid = { { 0 } };

	for (unsigned i = 0; i < TA_LIBRARIES_MAX; i++) {
		uuid.octet[0] = (uint8_t)i;
		cr_assert_eq(ta_libraries_number(&libraries, &uuid), (int)i);
	}
	cr_expect_eq(ta_libraries_number(&libraries, &uuid), TA_LIBRARIES_MAX - 1);
	uuid.octet[0] = 99;
	cr_expect_eq(ta_libraries_number(&libraries, &uuid), -E2BIG);
	image.fd = -1;
}

/* Linkers let one name lie in the end of another: then neither can be changed alone. */
Test(ta_libraries, a_name_that_another_shares_is_not_changed)
{
	struct fixture_file file = fixture_read("shares_name.ta");
	uint8_t *copy = malloc(file.size);
	struct elf_image elf;
	unsigned tried = 0;

	image.fd = -1;
	cr_assert_eq(elf_image_parse(file.bytes, file.size, &elf, err, sizeof(err)), 0, "%s", err);
	memcpy(copy, file.bytes, file.size);
	for (unsigned i = 0; i < elf.needed_count; i++) {
		if (strcmp(elf.needed[i], LIBRARY_C) != 0)
			continue;
		tried++;
		cr_expect_eq(elf_image_rename_needed(&elf, copy, i, "/proc/self/fd/32", err,
						     sizeof(err)),
			     -EPERM);
		cr_expect(strstr(err, "give the symbol another name"), "%s", err);
	}
	cr_expect_eq(tried, 1);
	cr_expect_eq(memcmp(copy, file.bytes, file.size), 0);
	free(copy);
	free(file.bytes);
}
