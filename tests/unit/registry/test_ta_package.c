#include "fixture_file.h"
#include "registry/ta_package.h"
#include "registry/ta_signature.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const struct uuid uuid = { { 0x8a, 0xaa, 0xf2, 0x00, 0x24, 0x50, 0x11, 0xe4, 0xab, 0xe2,
				    0x00, 0x02, 0xa5, 0xd5, 0xc5, 0x01 } };
static struct signing_key key;
static char *dir;
static uint8_t *package;
static size_t package_size;

static void set_up(void)
{
	struct fixture_file file = fixture_read("stripped.ta");

	dir = fixture_dir_make();
	cr_assert_eq(signing_key_open_development(dir, &key, NULL, 0), 0);
	package_size = TA_PACKAGE_HEADER_SIZE + file.size;
	package = malloc(package_size);
	cr_assert(package);
	ta_package_sign(&uuid, 9, file.bytes, file.size, &key, package);
	memcpy(package + TA_PACKAGE_HEADER_SIZE, file.bytes, file.size);
	free(file.bytes);
}

static void tear_down(void)
{
	signing_key_close(&key);
	free(package);
	fixture_dir_remove(dir);
}

TestSuite(ta_package, .init = set_up, .fini = tear_down);

/* Of a copy with nothing behind its end. */
static int parse_exact(const void *bytes, size_t size, char *err, size_t errlen)
{
	uint8_t *copy = calloc(1, size ? size : 1);
	struct ta_package out;
	int rc;

	memcpy(copy, bytes, size);
	err[0] = '\0';
	rc = ta_package_parse(copy, size, &out, err, errlen);
	free(copy);
	return rc;
}

Test(ta_package, signed_package_tells_what_was_put_in)
{
	struct ta_package out;
	struct ta_trust trust = { 0 };
	struct ta_signer signer;
	char err[256] = "";

	cr_assert_eq(ta_package_parse(package, package_size, &out, err, sizeof(err)), 0, "%s", err);
	cr_expect_eq(out.form, TA_FORM_PACKAGE);
	cr_expect(out.has_uuid && uuid_equal(&out.uuid, &uuid));
	cr_expect(out.has_version && out.version == 9);
	cr_expect(out.is_signed);
	cr_expect_arr_eq(out.signer, key.public_key.bytes, PUBLIC_KEY_SIZE);
	cr_expect_eq(out.image, package + TA_PACKAGE_HEADER_SIZE);
	cr_expect_eq(out.image_size, package_size - TA_PACKAGE_HEADER_SIZE);

	cr_expect_eq(ta_signature_check(&out, &trust, &signer), TA_SIGNED_UNKNOWN_SIGNER);
	cr_expect_eq(strlen(signer.fingerprint), 32);
	cr_assert_eq(ta_trust_load(&trust, dir, NULL), 0);
	cr_expect_eq(ta_signature_check(&out, &trust, &signer), TA_SIGNED_TRUSTED);
	cr_expect(strstr(signer.name, "development key"));
	ta_trust_clear(&trust);
}

Test(ta_package, every_changed_bit_of_the_header_is_noticed)
{
	char err[256];

	for (size_t at = 0; at < TA_PACKAGE_HEADER_SIZE; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			package[at] ^= (uint8_t)(1U << bit);
			cr_assert_lt(parse_exact(package, package_size, err, sizeof(err)), 0,
				     "byte %zu bit %u", at, bit);
			cr_assert_neq(err[0], '\0');
			package[at] ^= (uint8_t)(1U << bit);
		}
	}
	cr_expect_eq(parse_exact(package, package_size, err, sizeof(err)), 0);
}

Test(ta_package, changed_image_is_noticed)
{
	char err[256];

	for (size_t at = TA_PACKAGE_HEADER_SIZE; at < package_size; at += 97) {
		package[at] ^= 0x10;
		cr_assert_eq(parse_exact(package, package_size, err, sizeof(err)), -EKEYREJECTED,
			     "byte %zu", at);
		cr_assert(strstr(err, "bad signature"), "%s", err);
		package[at] ^= 0x10;
	}
}

Test(ta_package, cut_or_lengthened_package_is_refused)
{
	uint8_t *longer = calloc(1, package_size + 1);
	char err[256];

	for (size_t size = 0; size < package_size; size += size < 300 ? 1 : 101)
		cr_assert_eq(parse_exact(package, size, err, sizeof(err)), -EBADMSG, "%zu bytes",
			     size);
	memcpy(longer, package, package_size);
	cr_expect_eq(parse_exact(longer, package_size + 1, err, sizeof(err)), -EBADMSG);
	free(longer);
}

Test(ta_package, header_of_one_image_does_not_vouch_for_another)
{
	struct fixture_file other = fixture_read("other.ta");
	uint8_t *mixed = malloc(TA_PACKAGE_HEADER_SIZE + other.size);
	char err[256];

	memcpy(mixed, package, TA_PACKAGE_HEADER_SIZE);
	memcpy(mixed + TA_PACKAGE_HEADER_SIZE, other.bytes, other.size);
	cr_expect_lt(parse_exact(mixed, TA_PACKAGE_HEADER_SIZE + other.size, err, sizeof(err)), 0);
	free(mixed);
	free(other.bytes);
}

Test(ta_package, bare_image_is_unsigned)
{
	const uint8_t *image = package + TA_PACKAGE_HEADER_SIZE;
	struct ta_trust trust = { 0 };
	struct ta_signer signer;
	struct ta_package out;

	cr_assert_eq(ta_package_parse(image, package_size - TA_PACKAGE_HEADER_SIZE, &out, NULL, 0),
		     0);
	cr_expect_eq(out.form, TA_FORM_ELF);
	cr_expect_not(out.has_uuid || out.has_version || out.is_signed);
	cr_expect_eq(ta_signature_check(&out, &trust, &signer), TA_UNSIGNED);
}

struct optee_header {
	uint32_t magic, type, size, algorithm;
	uint16_t hash_size, signature_size;
};

/* Made from OP-TEE's published layout, not by the code under test. */
static uint8_t *make_optee(uint32_t type, size_t *size)
{
	const size_t image_size = package_size - TA_PACKAGE_HEADER_SIZE;
	const struct optee_header header = { 0x4f545348, type, (uint32_t)image_size,
					     0x70414930, 32,   256 };
	const size_t extra = type == 1 ? 20 : 0;
	const uint32_t version = 3;
	crypto_hash_sha256_state state;
	uint8_t *bytes;

	*size = 20 + 32 + 256 + extra + image_size;
	bytes = calloc(1, *size);
	memcpy(bytes, &header, 20);
	if (extra) {
		memcpy(bytes + 308, uuid.octet, 16);
		memcpy(bytes + 324, &version, 4);
	}
	memcpy(bytes + 308 + extra, package + TA_PACKAGE_HEADER_SIZE, image_size);
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, bytes, 20);
	crypto_hash_sha256_update(&state, bytes + 308, extra + image_size);
	crypto_hash_sha256_final(&state, bytes + 20);
	return bytes;
}

Test(ta_package, optee_image_is_taken_and_counts_as_unsigned)
{
	struct ta_package out;
	char err[256] = "";
	uint8_t *bytes;
	size_t size;

	bytes = make_optee(1, &size);
	cr_assert_eq(ta_package_parse(bytes, size, &out, err, sizeof(err)), 0, "%s", err);
	cr_expect_eq(out.form, TA_FORM_OPTEE);
	cr_expect(out.has_uuid && uuid_equal(&out.uuid, &uuid));
	cr_expect(out.has_version && out.version == 3);
	cr_expect_not(out.is_signed);
	cr_expect_arr_eq(out.image,
			 "\x7f"
			 "ELF",
			 4);
	free(bytes);

	bytes = make_optee(0, &size);
	cr_assert_eq(ta_package_parse(bytes, size, &out, err, sizeof(err)), 0, "%s", err);
	cr_expect_not(out.has_uuid);
	free(bytes);
}

Test(ta_package, changed_optee_image_is_noticed)
{
	char err[256];
	uint8_t *bytes;
	size_t size;

	bytes = make_optee(1, &size);
	for (size_t at = 0; at < size; at += at < 400 ? 1 : 997) {
		/* The RSA signature is not looked at. */
		if (at >= 52 && at < 308)
			continue;
		bytes[at] ^= 0x01;
		cr_assert_lt(parse_exact(bytes, size, err, sizeof(err)), 0, "byte %zu", at);
		bytes[at] ^= 0x01;
	}
	for (size_t cut = 4; cut < size; cut += cut < 400 ? 1 : 997)
		cr_assert_lt(parse_exact(bytes, cut, err, sizeof(err)), 0, "%zu bytes", cut);
	free(bytes);
}

Test(ta_package, encrypted_and_subkey_images_are_refused_with_a_reason)
{
	char err[256];
	uint8_t *bytes;
	size_t size;

	bytes = make_optee(2, &size);
	cr_expect_eq(parse_exact(bytes, size, err, sizeof(err)), -EOPNOTSUPP);
	cr_expect(strstr(err, "CFG_ENCRYPT_TA"), "%s", err);
	free(bytes);
	bytes = make_optee(3, &size);
	cr_expect_eq(parse_exact(bytes, size, err, sizeof(err)), -EOPNOTSUPP);
	cr_expect(strstr(err, "TA_SUBKEY_ARGS"), "%s", err);
	free(bytes);
}

Test(ta_package, anything_else_is_no_ta)
{
	char err[256];

	cr_expect_eq(parse_exact("", 0, err, sizeof(err)), -EBADMSG);
	cr_expect_eq(parse_exact("#!/bin/sh\necho\n", 15, err, sizeof(err)), -EBADMSG);
	cr_expect(strstr(err, "not a TA"), "%s", err);
}
