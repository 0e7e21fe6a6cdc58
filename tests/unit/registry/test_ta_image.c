#include "fixture_file.h"
#include "registry/ta_image.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define UUID_TEXT "8aaaf200-2450-11e4-abe2-0002a5d5c501"

static char *dir;
static struct ta_trust trust;
static struct signing_key key;
static const struct ta_policy lenient, strict = { .require_signed = true };

/* What the loaded image needs from its host. */
__attribute__((visibility("default"))) uint32_t TEE_Probe(uint32_t value);

uint32_t TEE_Probe(uint32_t value)
{
	return value + 1;
}

static void set_up(void)
{
	dir = fixture_dir_make();
	cr_assert_eq(signing_key_open_development(dir, &key, NULL, 0), 0);
	cr_assert_eq(ta_trust_load(&trust, dir, NULL), 0);
}

static void tear_down(void)
{
	ta_trust_clear(&trust);
	signing_key_close(&key);
	fixture_dir_remove(dir);
}

TestSuite(ta_image, .init = set_up, .fini = tear_down);

/* A copy of a built image, at a place that a search would find. */
static struct ta_location place(const char *image, enum ta_place where,
				const struct signing_key *by)
{
	struct fixture_file file = fixture_read(image);
	struct ta_location location = { .place = where, .has_uuid = true };
	uint8_t *bytes = malloc(TA_PACKAGE_HEADER_SIZE + file.size);

	cr_assert_eq(uuid_parse(UUID_TEXT, &location.uuid), 0);
	snprintf(location.path, sizeof(location.path), "%s/" UUID_TEXT ".ta", dir);
	if (by)
		ta_package_sign(&location.uuid, 1, file.bytes, file.size, by, bytes);
	memcpy(bytes + TA_PACKAGE_HEADER_SIZE, file.bytes, file.size);
	fixture_write(location.path, by ? bytes : file.bytes,
		      by ? TA_PACKAGE_HEADER_SIZE + file.size : file.size, 0644);
	free(bytes);
	free(file.bytes);
	return location;
}

Test(ta_image, loaded_image_is_sealed_and_bare)
{
	struct ta_location location = place("stripped.ta", TA_PLACE_INSTALLED, &key);
	struct fixture_file file = fixture_read("stripped.ta");
	struct ta_image image;
	char err[512] = "";
	struct stat st;

	cr_assert_eq(ta_image_load(&location, &strict, &trust, NULL, &image, err, sizeof(err)),
		     TA_ACCEPTED, "%s", err);
	cr_expect_eq(fcntl(image.fd, F_GET_SEALS),
		     F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	cr_expect_eq(fcntl(image.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	cr_assert_eq(fstat(image.fd, &st), 0);
	cr_expect_eq((size_t)st.st_size, file.size);
	cr_expect_eq(image.size, file.size);
	cr_expect_eq(image.signature, TA_SIGNED_TRUSTED);
	cr_expect_eq(image.form, TA_FORM_PACKAGE);
	cr_expect_eq(image.properties.stack_size, 4096);
	cr_expect_eq(pwrite(image.fd, "x", 1, 0), -1);
	ta_image_close(&image);
	ta_image_close(&image);
	free(file.bytes);
}

static void check_no_constructor_runs(const char *name)
{
	struct ta_location location = place(name, TA_PLACE_PATH, NULL);
	uint32_t (*create)(void), (*invoke)(uint32_t);
	struct ta_image image;
	char err[512] = "", path[64];
	void *handle;

	cr_assert_eq(ta_image_load(&location, &lenient, &trust, NULL, &image, err, sizeof(err)),
		     TA_ACCEPTED, "%s", err);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", image.fd);
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	cr_assert(handle, "%s: %s", name, dlerror());
	*(void **)&create = dlsym(handle, "TA_CreateEntryPoint");
	*(void **)&invoke = dlsym(handle, "TA_InvokeCommandEntryPoint");
	cr_assert(create && invoke);
	/* The fixture's constructor would have left its mark. */
	cr_expect_eq(create(), 0, "%s: a constructor ran while the image was loaded", name);
	cr_expect_eq(invoke(41), 42);
	dlclose(handle);
	ta_image_close(&image);

	/* The same file untouched: the mark is there, so its absence above means something. */
	handle = dlopen(location.path, RTLD_NOW | RTLD_LOCAL);
	cr_assert(handle, "%s", dlerror());
	*(void **)&create = dlsym(handle, "TA_CreateEntryPoint");
	cr_expect_eq(create(), 1);
	dlclose(handle);
}

Test(ta_image, dynamic_linker_loads_it_and_runs_no_constructor)
{
	check_no_constructor_runs("plain.ta");
	check_no_constructor_runs("stripped.ta");
	check_no_constructor_runs("sysv_hash.ta");
	check_no_constructor_runs("bound_now.ta");
}

static void check(const char *image, enum ta_place where, const struct signing_key *by,
		  const struct ta_policy *policy, enum ta_refusal expected, const char *words)
{
	struct ta_location location = place(image, where, by);
	struct ta_image out;
	char err[512] = "";

	cr_expect_eq(ta_image_load(&location, policy, &trust, NULL, &out, err, sizeof(err)),
		     expected, "%s: %s, not \"%s\"", image, err, ta_refusal_name(expected));
	cr_expect(strstr(err, words), "%s: \"%s\" does not say \"%s\"", image, err, words);
	if (expected != TA_ACCEPTED) {
		cr_expect(strstr(err, location.path), "%s: \"%s\" does not name the file", image,
			  err);
		cr_expect_eq(out.fd, -1);
	}
	ta_image_close(&out);
}

Test(ta_image, policy_decides_by_place_and_signature)
{
	const struct ta_policy open = { .accept_any_installed = true };
	struct signing_key stranger;
	char path[128];

	snprintf(path, sizeof(path), "%s/stranger", dir);
	cr_assert_eq(signing_key_open_development(path, &stranger, NULL, 0), 0);

	check("plain.ta", TA_PLACE_PATH, NULL, &lenient, TA_ACCEPTED, "");
	check("plain.ta", TA_PLACE_CLIENT, NULL, &lenient, TA_ACCEPTED, "");
	check("plain.ta", TA_PLACE_CLIENT_RES, NULL, &lenient, TA_ACCEPTED, "");
	check("plain.ta", TA_PLACE_INSTALLED, NULL, &lenient, TA_NOT_SIGNED, "teesim ta sign");
	check("plain.ta", TA_PLACE_INSTALLED, NULL, &open, TA_ACCEPTED, "");
	check("plain.ta", TA_PLACE_PATH, NULL, &strict, TA_NOT_SIGNED, "--require-signed");
	check("plain.ta", TA_PLACE_PATH, &key, &strict, TA_ACCEPTED, "");
	check("plain.ta", TA_PLACE_INSTALLED, &key, &lenient, TA_ACCEPTED, "");
	check("plain.ta", TA_PLACE_PATH, &stranger, &lenient, TA_ACCEPTED, "");
	check("plain.ta", TA_PLACE_PATH, &stranger, &strict, TA_UNKNOWN_SIGNER, "trusted");
	check("plain.ta", TA_PLACE_INSTALLED, &stranger, &lenient, TA_UNKNOWN_SIGNER, "trusted");
	signing_key_close(&stranger);
}

Test(ta_image, refusals_say_what_to_do)
{
	check("ifunc.ta", TA_PLACE_PATH, NULL, &lenient, TA_FORBIDDEN_FEATURE, "ifunc");
	check("pie.ta", TA_PLACE_PATH, NULL, &lenient, TA_FORBIDDEN_FEATURE, "-shared");
	check("no_head.ta", TA_PLACE_PATH, NULL, &lenient, TA_BAD_FORMAT, "ta_head");
	check("without_close.ta", TA_PLACE_PATH, NULL, &lenient, TA_MISSING_SYMBOL,
	      "TA_CloseSessionEntryPoint");
	check("other.ta", TA_PLACE_PATH, NULL, &lenient, TA_WRONG_UUID, "c502");
	/* Signed as another TA than it is. */
	check("other.ta", TA_PLACE_PATH, &key, &lenient, TA_WRONG_UUID, "sign it again");
}

Test(ta_image, bad_signature_is_refused_everywhere)
{
	struct ta_location location = place("plain.ta", TA_PLACE_PATH, &key);
	struct fixture_file file = fixture_read_path(location.path);
	struct ta_image out;
	char err[512];

	file.bytes[file.size / 2] ^= 1;
	fixture_write(location.path, file.bytes, file.size, 0644);
	cr_expect_eq(ta_image_load(&location, &lenient, &trust, NULL, &out, err, sizeof(err)),
		     TA_BAD_SIGNATURE);
	cr_expect_eq(out.signature, TA_SIGNATURE_BAD);
	cr_expect(strstr(err, "bad signature"), "%s", err);
	free(file.bytes);
}

Test(ta_image, wrong_architecture_is_told_apart)
{
	struct ta_location location = place("plain.ta", TA_PLACE_PATH, NULL);
	struct fixture_file file = fixture_read_path(location.path);
	struct ta_image out;
	char err[512];

	file.bytes[18] = 183; /* e_machine: AArch64 */
	fixture_write(location.path, file.bytes, file.size, 0644);
	cr_expect_eq(ta_image_load(&location, &lenient, &trust, NULL, &out, err, sizeof(err)),
		     TA_WRONG_ARCHITECTURE);
	cr_expect(strstr(err, "CROSS_COMPILE"), "%s", err);
	free(file.bytes);
}

Test(ta_image, files_that_anybody_could_have_made_are_refused)
{
	struct ta_location location = place("plain.ta", TA_PLACE_PATH, NULL);
	struct ta_image out;
	char err[512];

	cr_assert_eq(chmod(location.path, 0666), 0);
	cr_expect_eq(ta_image_load(&location, &lenient, &trust, NULL, &out, err, sizeof(err)),
		     TA_NOT_TRUSTED_FILE);
	cr_expect(strstr(err, "o-w"), "%s", err);
	/* Only root can give a file to somebody else. */
	if (geteuid() == 0) {
		cr_assert_eq(chmod(location.path, 0644), 0);
		cr_assert_eq(chown(location.path, 12345, 12345), 0);
		cr_expect_eq(ta_image_load(&location, &lenient, &trust, NULL, &out, err,
					   sizeof(err)),
			     TA_NOT_TRUSTED_FILE);
		cr_expect(strstr(err, "12345"), "%s", err);
	}
}

Test(ta_image, strange_files_do_not_block, .timeout = 500)
{
	struct ta_location location = place("plain.ta", TA_PLACE_PATH, NULL);
	struct ta_image out;
	char err[512];

	unlink(location.path);
	cr_assert_eq(mkfifo(location.path, 0600), 0);
	cr_expect_eq(ta_image_load(&location, &lenient, &trust, NULL, &out, err, sizeof(err)),
		     TA_NOT_TRUSTED_FILE);
	unlink(location.path);
	cr_assert_eq(symlink("/dev/zero", location.path), 0);
	cr_expect_eq(ta_image_load(&location, &lenient, &trust, NULL, &out, err, sizeof(err)),
		     TA_NOT_TRUSTED_FILE);
	unlink(location.path);
	cr_assert_eq(mkdir(location.path, 0700), 0);
	cr_expect_eq(ta_image_load(&location, &lenient, &trust, NULL, &out, err, sizeof(err)),
		     TA_NOT_TRUSTED_FILE);
	rmdir(location.path);
	cr_expect_eq(ta_image_load(&location, &lenient, &trust, NULL, &out, err, sizeof(err)),
		     TA_NOT_FOUND);
	fixture_write(location.path, "", 0, 0644);
	cr_assert_eq(truncate(location.path, (off_t)TA_PACKAGE_SIZE_MAX + 1), 0);
	cr_expect_eq(ta_image_load(&location, &lenient, &trust, NULL, &out, err, sizeof(err)),
		     TA_NOT_TRUSTED_FILE);
}

Test(ta_image, rebuilt_file_is_noticed)
{
	struct ta_location location = place("plain.ta", TA_PLACE_PATH, NULL);
	struct ta_image image;
	char err[512];

	cr_assert_eq(ta_image_load(&location, &lenient, &trust, NULL, &image, err, sizeof(err)),
		     TA_ACCEPTED);
	cr_expect(ta_image_is_current(&image));
	place("newer.ta", TA_PLACE_PATH, NULL);
	cr_expect_not(ta_image_is_current(&image));
	unlink(location.path);
	cr_expect_not(ta_image_is_current(&image));
	ta_image_close(&image);
}
