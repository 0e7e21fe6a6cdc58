#include "fixture_file.h"
#include "registry/ta_directory.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ONE	  "8aaaf200-2450-11e4-abe2-0002a5d5c501"
#define ONE_UPPER "8AAAF200-2450-11E4-ABE2-0002A5D5C501"
#define TWO	  "8aaaf200-2450-11e4-abe2-0002a5d5c502"

static char *dir;
static struct ta_trust trust;
static struct ta_search search;
static struct uuid one, two;
static const struct ta_policy policy, strict = { .require_signed = true };

static char *below(const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, PATH_MAX, "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *image)
{
	struct fixture_file file = fixture_read(image);

	fixture_write(below(name), file.bytes, file.size, 0644);
	free(file.bytes);
}

static void put_signed(const char *name, const char *image, const struct uuid *uuid)
{
	struct fixture_file file = fixture_read(image);
	uint8_t *bytes = malloc(TA_PACKAGE_HEADER_SIZE + file.size);
	struct signing_key key;

	cr_assert_eq(signing_key_open_development(below("keys"), &key, NULL, 0), 0);
	ta_package_sign(uuid, 1, file.bytes, file.size, &key, bytes);
	memcpy(bytes + TA_PACKAGE_HEADER_SIZE, file.bytes, file.size);
	fixture_write(below(name), bytes, TA_PACKAGE_HEADER_SIZE + file.size, 0644);
	signing_key_close(&key);
	free(bytes);
	free(file.bytes);
}

static void set_up(void)
{
	static const char *const dirs[] = {
		"a", "b", "client", "client/res", "device", "device/ta"
	};
	struct signing_key key;
	char path[2 * PATH_MAX];

	dir = fixture_dir_make();
	for (unsigned i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		cr_assert_eq(mkdir(below(dirs[i]), 0755), 0);
	cr_assert_eq(signing_key_open_development(below("keys"), &key, NULL, 0), 0);
	signing_key_close(&key);
	cr_assert_eq(ta_trust_load(&trust, below("keys"), NULL), 0);
	snprintf(path, sizeof(path), "%s/a::%s/b/:%s/a:%s/missing", dir, dir, dir, dir);
	cr_assert_eq(ta_search_init(&search, path, below("client"), below("device")), 0);
	cr_assert_eq(uuid_parse(ONE, &one), 0);
	cr_assert_eq(uuid_parse(TWO, &two), 0);
}

static void tear_down(void)
{
	ta_search_clear(&search);
	ta_trust_clear(&trust);
	fixture_dir_remove(dir);
}

TestSuite(ta_directory, .init = set_up, .fini = tear_down);

static void expect_found(const char *name, enum ta_place place)
{
	struct ta_location location;
	char err[512] = "";

	cr_assert_eq(ta_find(&search, &one, &policy, &trust, &location, err, sizeof(err)),
		     TA_ACCEPTED, "%s", err);
	cr_expect_str_eq(location.path, below(name));
	cr_expect_eq(location.place, place);
}

Test(ta_directory, directory_named_twice_is_searched_once)
{
	cr_assert_eq(search.count, 6);
	cr_expect_str_eq(search.dirs[0].path, below("a"));
	cr_expect_str_eq(search.dirs[1].path, below("b"));
	cr_expect_str_eq(search.dirs[2].path, below("missing"));
	cr_expect_str_eq(search.dirs[5].path, below("device/ta"));
}

Test(ta_directory, places_are_searched_in_their_order)
{
	put_signed("device/ta/" ONE ".ta", "plain.ta", &one);
	expect_found("device/ta/" ONE ".ta", TA_PLACE_INSTALLED);
	put("client/res/" ONE ".ta", "plain.ta");
	expect_found("client/res/" ONE ".ta", TA_PLACE_CLIENT_RES);
	put("client/" ONE ".ta", "plain.ta");
	expect_found("client/" ONE ".ta", TA_PLACE_CLIENT);
	put("b/" ONE ".ta", "plain.ta");
	expect_found("b/" ONE ".ta", TA_PLACE_PATH);
	put("a/" ONE ".elf", "plain.ta");
	expect_found("a/" ONE ".elf", TA_PLACE_PATH);
	put("a/" ONE ".so", "plain.ta");
	expect_found("a/" ONE ".so", TA_PLACE_PATH);
	put("a/" ONE_UPPER ".ta", "plain.ta");
	expect_found("a/" ONE_UPPER ".ta", TA_PLACE_PATH);
	put("a/" ONE ".ta", "plain.ta");
	expect_found("a/" ONE ".ta", TA_PLACE_PATH);
}

Test(ta_directory, nothing_found_names_the_places_and_the_next_step)
{
	struct ta_location location;
	char err[512] = "";

	cr_expect_eq(ta_find(&search, &one, &policy, &trust, &location, err, sizeof(err)),
		     TA_NOT_FOUND);
	cr_expect(strstr(err, ONE), "%s", err);
	cr_expect(strstr(err, below("a")), "%s", err);
	cr_expect(strstr(err, "teesim ta install"), "%s", err);
}

Test(ta_directory, refused_file_does_not_hide_a_good_one_and_is_reported)
{
	struct ta_image image;
	char err[512] = "", skipped[1024] = "";

	put("a/" ONE ".ta", "ifunc.ta");
	put("b/" ONE ".ta", "plain.ta");
	cr_assert_eq(ta_find_and_load(&search, &one, &policy, &trust, NULL, NULL, &image, err,
				      sizeof(err), skipped, sizeof(skipped)),
		     TA_ACCEPTED);
	cr_expect_str_eq(image.location.path, below("b/" ONE ".ta"));
	cr_expect_geq(image.fd, 0);
	cr_expect(strstr(skipped, below("a/" ONE ".ta")), "%s", skipped);
	cr_expect(strstr(skipped, below("b/" ONE ".ta")), "%s", skipped);
	ta_image_close(&image);

	unlink(below("b/" ONE ".ta"));
	cr_expect_eq(ta_find_and_load(&search, &one, &policy, &trust, NULL, NULL, &image, err,
				      sizeof(err), skipped, sizeof(skipped)),
		     TA_FORBIDDEN_FEATURE);
	cr_expect(strstr(err, "ifunc"), "%s", err);
	cr_expect_str_eq(skipped, "");
}

Test(ta_directory, list_tells_each_file_and_its_fate)
{
	struct ta_list list;

	put("a/" ONE ".ta", "pie.ta");
	put("b/" ONE ".ta", "plain.ta");
	put("client/" TWO ".ta", "other.ta");
	put_signed("device/ta/" ONE ".ta", "plain.ta", &one);
	put("device/ta/" TWO ".ta", "other.ta");
	put("a/readme.ta", "plain.ta");
	put("a/" ONE ".txt", "plain.ta");
	cr_assert_eq(ta_list(&search, &policy, &trust, &list), 0);
	cr_assert_eq(list.count, 5);
	cr_assert_not_null(list.entries);

	cr_expect_str_eq(list.entries[0].image.location.path, below("a/" ONE ".ta"));
	cr_expect_eq(list.entries[0].refusal, TA_FORBIDDEN_FEATURE);
	cr_expect(strstr(list.entries[0].reason, "-shared"), "%s", list.entries[0].reason);
	cr_expect_eq(list.entries[0].shadowed_by, -1);

	cr_expect_eq(list.entries[1].refusal, TA_ACCEPTED);
	cr_expect_eq(list.entries[1].shadowed_by, -1);
	cr_expect_eq(list.entries[1].image.fd, -1);

	cr_expect_eq(list.entries[2].image.location.place, TA_PLACE_INSTALLED);
	cr_expect_eq(list.entries[2].image.signature, TA_SIGNED_TRUSTED);
	cr_expect_eq(list.entries[2].shadowed_by, 1);

	cr_expect(uuid_equal(&list.entries[3].image.properties.uuid, &two));
	cr_expect_eq(list.entries[3].refusal, TA_ACCEPTED);
	cr_expect_eq(list.entries[4].refusal, TA_NOT_SIGNED);
	cr_expect_eq(list.entries[4].shadowed_by, 3);
	ta_list_clear(&list);
}

Test(ta_directory, strict_policy_leaves_signed_tas_alone)
{
	struct ta_list list;

	put("a/" ONE ".ta", "plain.ta");
	put_signed("b/" ONE ".ta", "plain.ta", &one);
	cr_assert_eq(ta_list(&search, &strict, &trust, &list), 0);
	cr_assert_eq(list.count, 2);
	cr_assert_not_null(list.entries);
	cr_expect_eq(list.entries[0].refusal, TA_NOT_SIGNED);
	cr_expect_eq(list.entries[1].refusal, TA_ACCEPTED);
	ta_list_clear(&list);
}

Test(ta_directory, too_many_directories_are_an_error)
{
	char many[2048] = "";
	struct ta_search other;

	for (unsigned i = 0; i < TA_SEARCH_DIRS_MAX + 1; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "/d%u:", i);
	cr_expect_eq(ta_search_init(&other, many, NULL, NULL), -E2BIG);
	cr_expect_eq(other.count, 0);
}
