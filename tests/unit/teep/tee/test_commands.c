/* What commands do, and what they refuse to do, to domains and TAs. */
#include "tam_kit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "storage/forgotten.h"
#include "teep/otrp/compose.h"
#include "teep/otrp/encoding.h"
#include "teep/otrp/ta_cms.h"

static struct kit kit;

static void set_up(void)
{
	kit_open(&kit, NULL);
	kit_state(&kit, &kit.tam);
}

static void tear_down(void)
{
	kit_close(&kit);
}

TestSuite(otrp_tee_commands, .init = set_up, .fini = tear_down);

static void expect(enum otrp_message message, json_t *content, const char *code)
{
	kit_expect(&kit, &(struct kit_request) { .message = message, .content = content }, code,
		   NULL);
}

static void put_ta(enum otrp_message message, json_t *content, const void *package, size_t size,
		   const char *personal, const char *code)
{
	/* The key's look-up refreshes the hash, so it comes before the request. */
	json_t *encrypted =
		kit_encrypted_ta(&kit, "sp", package, size, personal, message == OTRP_UPDATE_TA);

	kit_expect(&kit,
		   &(struct kit_request) {
			   .message = message, .content = content, .encrypted_ta = encrypted },
		   code, NULL);
}

static void put_version(enum otrp_message message, uint32_t version, const char *code)
{
	size_t size;
	uint8_t *package = kit_package(&kit, version, &size);

	put_ta(message, kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID), package, size, "{}", code);
	OPENSSL_free(package);
}

static json_t *state_of(const char *part)
{
	char *text = kit_dsi(&kit, &kit.tam);
	json_t *state = json_loads(text, 0, NULL);
	json_t *tee = json_object_get(json_object_get(state, "dsi"), "tee");
	json_t *found = json_incref(json_object_get(tee, part));

	json_decref(state);
	free(text);
	return found;
}

static size_t domains(void)
{
	json_t *list = state_of("sdlist");
	const size_t count = json_array_size(json_object_get(list, "sd"));

	json_decref(list);
	return count;
}

static char *aik_text(void)
{
	json_t *list = state_of("teeaiklist");
	char *text = json_array_size(list)
			     ? strdup(json_string_value(
				       json_object_get(json_array_get(list, 0), "spaik")))
			     : NULL;

	json_decref(list);
	return text;
}

Test(otrp_tee_commands, the_whole_story_of_a_ta)
{
	json_t *list;

	kit_create(&kit, &kit.tam, "sp", "sd");
	put_version(OTRP_INSTALL_TA, 1, "pass");
	list = state_of("sdlist");
	cr_assert_str_eq(json_string_value(json_object_get(list, "cnt")), "1");
	cr_assert_str_eq(
		json_string_value(json_object_get(
			json_array_get(
				json_object_get(json_array_get(json_object_get(list, "sd"), 0),
						"talist"),
				0),
			"taid")),
		KIT_TAID);
	json_decref(list);
	put_version(OTRP_UPDATE_TA, 2, "pass");
	kit_restart(&kit);
	expect(OTRP_DELETE_TA, kit_ta_content(&kit.tam, NULL, "sd", KIT_TAID), "pass");
	expect(OTRP_DELETE_SD, kit_sd_content(&kit.tam, NULL, "sd"), "pass");
	cr_assert_eq(domains(), 0);
}

Test(otrp_tee_commands, created_domain_is_told_with_its_key)
{
	struct kit_answer answer;

	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_CREATE_SD,
					   .content =
						   kit_create_content(&kit, &kit.tam, "sp", "sd") },
		   "pass", &answer);
	cr_assert_str_eq(json_string_value(json_object_get(answer.content, "sdname")), "sd");
	cr_assert_str_eq(json_string_value(json_object_get(answer.content, "teespaiktype")), "ECC");
	cr_assert_str_eq(json_string_value(json_object_get(answer.content, "did")), kit.did);
	kit_answer_clear(&answer);
	expect(OTRP_CREATE_SD, kit_create_content(&kit, &kit.tam, "sp", "sd"),
	       "ERR_SD_ALREADY_EXISTS");
	cr_assert_eq(domains(), 1);
	kit_create(&kit, &kit.tam, "sp", "sd2");
	kit_create(&kit, &kit.tam, "sp2", "sd");
	cr_assert_eq(domains(), 3);
}

Test(otrp_tee_commands, a_bad_sp_certificate_creates_nothing)
{
	json_t *content = kit_create_content(&kit, &kit.tam, "sp", "sd");

	json_object_set_new(content, "spcert", json_string("MIIB"));
	expect(OTRP_CREATE_SD, content, "ERR_SPCERT_INVALID");
	content = kit_create_content(&kit, &kit.tam, "sp", "sd");
	json_object_set_new(content, "spcert", json_string("*"));
	expect(OTRP_CREATE_SD, content, "ERR_SPCERT_INVALID");
	cr_assert_eq(domains(), 0);
}

Test(otrp_tee_commands, t20_another_devices_did_is_refused)
{
	json_t *content = kit_create_content(&kit, &kit.tam, "sp", "sd");

	json_object_set_new(content, "did",
			    json_string("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="));
	expect(OTRP_CREATE_SD, content, "ERR_REQUEST_INVALID");
	cr_assert_eq(domains(), 0);
}

Test(otrp_tee_commands, t20_content_for_another_device_can_not_be_read)
{
	EVP_PKEY *other = key_generate(KEY_P256);

	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_CREATE_SD,
					   .content =
						   kit_create_content(&kit, &kit.tam, "sp", "sd"),
					   .recipient = other },
		   "ERR_REQUEST_INVALID", NULL);
	EVP_PKEY_free(other);
}

static json_t *changes(const char *spid, const char *sdname, json_t *what)
{
	json_t *content = kit_sd_content(&kit.tam, spid, sdname);

	json_object_set_new(content, "changes", what);
	return content;
}

Test(otrp_tee_commands, update_renames_and_moves_a_domain)
{
	char *first, *second;

	kit_create(&kit, &kit.tam, "sp", "sd");
	put_version(OTRP_INSTALL_TA, 1, "pass");
	first = aik_text();
	expect(OTRP_UPDATE_SD, changes("sp", "sd", json_pack("{s:s}", "newsdname", "neu")), "pass");
	expect(OTRP_UPDATE_SD, changes("sp", "sd", json_pack("{s:s}", "newsdname", "x")),
	       "ERR_SD_NOT_FOUND");
	expect(OTRP_UPDATE_SD, changes("sp", "neu", json_pack("{s:s}", "newspid", "sp2")), "pass");
	second = aik_text();
	cr_assert_str_neq(first, second);
	/* Its TA went with it. */
	expect(OTRP_DELETE_SD, kit_sd_content(&kit.tam, "sp2", "neu"), "ERR_SD_NOT_EMPTY");
	free(first);
	free(second);
}

/* The answer tells the key, as it does of one that it made. */
Test(otrp_tee_commands, a_domain_that_moves_to_an_sp_with_a_key_is_answered_with_that)
{
	struct kit_answer answer;
	json_t *keys;
	char *dsi;

	kit_create(&kit, &kit.tam, "sp2", "other");
	kit_create(&kit, &kit.tam, "sp", "sd");
	kit_expect(&kit,
		   &(struct kit_request) {
			   .message = OTRP_UPDATE_SD,
			   .content = changes("sp", "sd", json_pack("{s:s}", "newspid", "sp2")) },
		   "pass", &answer);
	keys = state_of("teeaiklist");
	cr_assert_eq(json_array_size(keys), 1);
	dsi = json_dumps(json_array_get(keys, 0), JSON_SORT_KEYS);
	json_object_set_new(answer.content, "as told",
			    json_pack("{s:O?, s:O?, s:s}", "spaik",
				      json_object_get(answer.content, "teespaik"), "spaiktype",
				      json_object_get(answer.content, "teespaiktype"), "spid",
				      "sp2"));
	cr_expect(json_equal(json_object_get(answer.content, "as told"), json_array_get(keys, 0)),
		  "%s", dsi);
	kit_answer_clear(&answer);
	json_decref(keys);
	free(dsi);
}

/* What the objects of the TA belong to. */
static void number_of_ta(uint8_t number[TEE_DOMAIN_KEY_SIZE])
{
	struct tee_image_record record;
	uint8_t *image;
	size_t size;

	cr_assert_eq(tee_ta_image(kit.tee, KIT_TAID, &image, &size, &record), 0);
	memcpy(number, record.domain_key, TEE_DOMAIN_KEY_SIZE);
	free(image);
}

/* Is its mark the last one that trusted storage was told? */
static bool is_forgotten(const uint8_t number[TEE_DOMAIN_KEY_SIZE])
{
	struct forgotten_record record;
	uint8_t hash[32];
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "%s/domains.gone", kit.device);
	fd = open(path, O_RDONLY);
	cr_assert_geq(fd, 0);
	if (lseek(fd, -(off_t)sizeof(record), SEEK_END) < 0 ||
	    read(fd, &record, sizeof(record)) != sizeof(record))
		record = (struct forgotten_record) { 0 };
	close(fd);
	cr_assert_eq(EVP_Digest(record.mark, sizeof(record.mark), hash, NULL, EVP_sha256(), NULL),
		     1);
	return !memcmp(hash, number, sizeof(hash));
}

Test(otrp_tee_commands, what_a_ta_keeps_belongs_to_its_installation_in_its_domain)
{
	uint8_t first[TEE_DOMAIN_KEY_SIZE], now[TEE_DOMAIN_KEY_SIZE];

	kit_create(&kit, &kit.tam, "sp", "sd");
	put_version(OTRP_INSTALL_TA, 1, "pass");
	number_of_ta(first);
	put_version(OTRP_UPDATE_TA, 2, "pass");
	expect(OTRP_UPDATE_SD,
	       changes("sp", "sd", json_pack("{s:s, s:s}", "newsdname", "neu", "newspid", "sp2")),
	       "pass");
	kit_restart(&kit);
	number_of_ta(now);
	cr_expect(!memcmp(now, first, sizeof(now)), "it follows its domain");
	cr_expect(!is_forgotten(first));
	expect(OTRP_DELETE_TA, kit_ta_content(&kit.tam, "sp2", "neu", KIT_TAID), "pass");
	cr_expect(is_forgotten(first));
	kit_create(&kit, &kit.tam, "sp", "sd");
	put_version(OTRP_INSTALL_TA, 1, "pass");
	number_of_ta(now);
	cr_expect(memcmp(now, first, sizeof(now)) != 0, "another domain");
	cr_expect(!is_forgotten(now));
	expect(OTRP_DELETE_TA, kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID), "pass");
	memcpy(first, now, sizeof(first));
	put_version(OTRP_INSTALL_TA, 1, "pass");
	number_of_ta(now);
	cr_expect(memcmp(now, first, sizeof(now)) != 0, "another installation");
	expect(OTRP_DELETE_SD,
	       json_pack("{s:s, s:s, s:s, s:b}", "tamid", kit.tam.tamid, "spid", "sp", "sdname",
			 "sd", "deleteta", 1),
	       "pass");
	cr_expect(is_forgotten(now), "with its domain");
}

Test(otrp_tee_commands, personalisation_data_is_kept_until_other_comes)
{
	uint8_t *data;
	size_t size;

	kit_create(&kit, &kit.tam, "sp", "sd");
	put_version(OTRP_INSTALL_TA, 1, "pass");
	cr_assert_eq(tee_ta_personal(kit.tee, KIT_TAID, &data, &size), 0);
	cr_expect(size == 2 && !memcmp(data, "{}", 2));
	free(data);
	put_ta(OTRP_UPDATE_TA, kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID), NULL, 0, "newer",
	       "pass");
	cr_assert_eq(tee_ta_personal(kit.tee, KIT_TAID, &data, &size), 0);
	cr_expect(size == 5 && !memcmp(data, "newer", 5));
	free(data);
	expect(OTRP_DELETE_TA, kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID), "pass");
	cr_expect_eq(tee_ta_personal(kit.tee, KIT_TAID, &data, &size), -ENOENT);
}

Test(otrp_tee_commands, update_refuses_a_name_in_use_and_changes_nothing)
{
	char *before, *after;

	kit_create(&kit, &kit.tam, "sp", "sd");
	kit_create(&kit, &kit.tam, "sp", "sd2");
	before = kit_dsi(&kit, &kit.tam);
	expect(OTRP_UPDATE_SD, changes("sp", "sd", json_pack("{s:s}", "newsdname", "sd2")),
	       "ERR_SDNAME_ALREADY_USED");
	expect(OTRP_UPDATE_SD,
	       changes("sp", "sd",
		       json_pack(
			       "{s:s, s:[s]}", "newsdname", "sd3", "deloldspcert",
			       "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f")),
	       "ERR_SPCERT_INVALID");
	after = kit_dsi(&kit, &kit.tam);
	cr_assert_str_eq(before, after);
	free(before);
	free(after);
}

static void signer_hash(char hex[65])
{
	uint8_t hash[32];

	cr_assert(certificate_hash(kit.sp_certificate, hash));
	hex_encode(hash, sizeof(hash), hex);
}

Test(otrp_tee_commands, t27_a_signer_must_be_the_domains_or_come_with_the_request)
{
	json_t *content = kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID);
	uint8_t *package, *der;
	char hex[65];
	size_t size;

	kit_create(&kit, &kit.tam, "sp", "sd");
	signer_hash(hex);
	expect(OTRP_UPDATE_SD, changes("sp", "sd", json_pack("{s:[s]}", "deloldspcert", hex)),
	       "pass");
	put_version(OTRP_INSTALL_TA, 1, "ERR_TA_INVALID");
	package = kit_package(&kit, 1, &size);
	der = certificate_encode(kit.sp_certificate, &(size_t) { 0 });
	json_object_set_new(content, "spcert",
			    otrp_base64(der, (size_t)i2d_X509(kit.sp_certificate, NULL)));
	put_ta(OTRP_INSTALL_TA, content, package, size, NULL, "pass");
	OPENSSL_free(package);
	OPENSSL_free(der);
	/* It has been added: the next version needs no certificate. */
	put_version(OTRP_UPDATE_TA, 2, "pass");
}

Test(otrp_tee_commands, t28_a_package_that_does_not_fit_stores_nothing)
{
	size_t size;
	uint8_t *package = kit_package(&kit, 1, &size);
	char *before, *after;

	kit_create(&kit, &kit.tam, "sp", "sd");
	before = kit_dsi(&kit, &kit.tam);
	/* For another TA, cut short, changed, and no package at all. */
	put_ta(OTRP_INSTALL_TA,
	       kit_ta_content(&kit.tam, "sp", "sd", "8aaaf200-2450-11e4-abe2-0002a5d5c51c"),
	       package, size, NULL, "ERR_TA_INVALID");
	put_ta(OTRP_INSTALL_TA, kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID), package, size - 1,
	       NULL, "ERR_TA_INVALID");
	package[size / 2] ^= 1;
	put_ta(OTRP_INSTALL_TA, kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID), package, size, NULL,
	       "ERR_TA_INVALID");
	put_ta(OTRP_INSTALL_TA, kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID), "TA", 2, NULL,
	       "ERR_TA_INVALID");
	put_ta(OTRP_INSTALL_TA, kit_ta_content(&kit.tam, "sp", "sd", "NOT-A-UUID"), package, size,
	       NULL, "ERR_TA_INVALID");
	after = kit_dsi(&kit, &kit.tam);
	cr_assert_str_eq(before, after);
	OPENSSL_free(package);
	free(before);
	free(after);
}

Test(otrp_tee_commands, t28_what_is_signed_but_no_executable_is_refused)
{
	uint8_t header[TA_CMS_HEADER_SIZE], *package;
	struct uuid uuid;
	size_t size;

	kit_create(&kit, &kit.tam, "sp", "sd");
	cr_assert_eq(uuid_parse(KIT_TAID, &uuid), 0);
	cr_assert(ta_cms_header(&uuid, 1, "text", 9, header));
	package = ta_cms_sign(header, "plaintext", 9, kit.sp_certificate, kit.sp_key, &size);
	put_ta(OTRP_INSTALL_TA, kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID), package, size, NULL,
	       "ERR_TA_INVALID");
	OPENSSL_free(package);
}

Test(otrp_tee_commands, t29_a_ta_for_the_key_before_it_was_renewed_is_refused)
{
	size_t size;
	uint8_t *package = kit_package(&kit, 1, &size);
	json_t *encrypted;
	char *first, *second;

	kit_create(&kit, &kit.tam, "sp", "sd");
	first = aik_text();
	encrypted = kit_encrypted_ta(&kit, "sp", package, size, NULL, false);
	expect(OTRP_UPDATE_SD, changes("sp", "sd", json_pack("{s:b}", "renewteespaik", true)),
	       "pass");
	second = aik_text();
	cr_assert_str_neq(first, second);
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_INSTALL_TA,
					   .content =
						   kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID),
					   .encrypted_ta = encrypted },
		   "ERR_TA_INVALID", NULL);
	OPENSSL_free(package);
	free(first);
	free(second);
}

Test(otrp_tee_commands, t30_a_domain_with_tas_is_deleted_only_when_that_is_asked)
{
	json_t *content;

	kit_create(&kit, &kit.tam, "sp", "sd");
	put_version(OTRP_INSTALL_TA, 1, "pass");
	expect(OTRP_DELETE_SD, kit_sd_content(&kit.tam, NULL, "sd"), "ERR_SD_NOT_EMPTY");
	content = kit_sd_content(&kit.tam, NULL, "sd");
	json_object_set_new(content, "deleteta", json_true());
	expect(OTRP_DELETE_SD, content, "pass");
	cr_assert_eq(domains(), 0);
	/* The TA is gone with it: it can be installed anew. */
	kit_create(&kit, &kit.tam, "sp", "sd");
	put_version(OTRP_INSTALL_TA, 1, "pass");
}

Test(otrp_tee_commands, t31_the_key_goes_with_the_last_domain_and_comes_back_another)
{
	char *first, *second;

	kit_create(&kit, &kit.tam, "sp", "sd");
	kit_create(&kit, &kit.tam, "sp", "sd2");
	first = aik_text();
	expect(OTRP_DELETE_SD, kit_sd_content(&kit.tam, "sp", "sd"), "pass");
	second = aik_text();
	cr_assert_str_eq(first, second);
	free(second);
	expect(OTRP_DELETE_SD, kit_sd_content(&kit.tam, "sp", "sd2"), "pass");
	cr_assert_null(aik_text());
	kit_create(&kit, &kit.tam, "sp", "sd");
	second = aik_text();
	cr_assert_str_neq(first, second);
	free(first);
	free(second);
}

Test(otrp_tee_commands, deleting_by_a_name_that_several_sps_use_needs_the_sp)
{
	kit_create(&kit, &kit.tam, "sp", "sd");
	kit_create(&kit, &kit.tam, "sp2", "sd");
	expect(OTRP_DELETE_SD, kit_sd_content(&kit.tam, NULL, "sd"), "ERR_REQUEST_INVALID");
	expect(OTRP_DELETE_SD, kit_sd_content(&kit.tam, "sp2", "sd"), "pass");
	expect(OTRP_DELETE_SD, kit_sd_content(&kit.tam, NULL, "sd"), "pass");
}

Test(otrp_tee_commands, t16_versions_do_not_go_down)
{
	kit_create(&kit, &kit.tam, "sp", "sd");
	put_version(OTRP_INSTALL_TA, 1, "pass");
	put_version(OTRP_UPDATE_TA, 3, "pass");
	put_version(OTRP_UPDATE_TA, 2, "ERR_TA_INVALID");
	put_version(OTRP_UPDATE_TA, 1, "ERR_TA_INVALID");
	/* The same version again, with the same image, changes nothing that matters. */
	put_version(OTRP_UPDATE_TA, 3, "pass");
}

Test(otrp_tee_commands, a_ta_is_in_one_domain_of_the_device)
{
	struct kit_tam other;
	json_t *encrypted;
	size_t size;
	uint8_t *package = kit_package(&kit, 1, &size);

	kit_create(&kit, &kit.tam, "sp", "sd");
	put_version(OTRP_INSTALL_TA, 1, "pass");
	put_version(OTRP_INSTALL_TA, 1, "ERR_TA_ALREADY_INSTALLED");
	kit_create(&kit, &kit.tam, "sp", "sd2");
	put_ta(OTRP_INSTALL_TA, kit_ta_content(&kit.tam, "sp", "sd2", KIT_TAID), package, size,
	       NULL, "ERR_TA_INVALID");
	kit_tam_make(&kit, &other, "1.3.6.1.4.1.55555.7.2", KEY_P256, NULL);
	kit_state(&kit, &other);
	kit_create(&kit, &other, "sp", "sd");
	encrypted = kit_encrypted_ta(&kit, "sp", package, size, NULL, false);
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_INSTALL_TA,
					   .tam = &other,
					   .content = kit_ta_content(&other, "sp", "sd", KIT_TAID),
					   .encrypted_ta = encrypted },
		   "ERR_TA_INVALID", NULL);
	kit_tam_clear(&other);
	OPENSSL_free(package);
}

Test(otrp_tee_commands, what_is_not_there_is_not_found)
{
	size_t size;
	uint8_t *package = kit_package(&kit, 1, &size);

	expect(OTRP_DELETE_SD, kit_sd_content(&kit.tam, NULL, "sd"), "ERR_SD_NOT_FOUND");
	expect(OTRP_DELETE_TA, kit_ta_content(&kit.tam, NULL, "sd", KIT_TAID), "ERR_SD_NOT_FOUND");
	kit_create(&kit, &kit.tam, "sp", "sd");
	expect(OTRP_DELETE_TA, kit_ta_content(&kit.tam, NULL, "sd", KIT_TAID), "ERR_TA_NOT_FOUND");
	put_ta(OTRP_UPDATE_TA, kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID), package, size, NULL,
	       "ERR_TA_NOT_FOUND");
	OPENSSL_free(package);
}

Test(otrp_tee_commands, t36_a_full_store_refuses_and_recovers)
{
	char name[16], *before, *after;
	unsigned made = 0;
	struct kit_answer answer;
	bool full = false;

	kit.options.store_max = 40 * 4096;
	kit_restart(&kit);
	while (!full && made < 2000) {
		json_t *content;
		char *text;

		snprintf(name, sizeof(name), "sd%u", made);
		content = kit_create_content(&kit, &kit.tam, "sp", name);
		text = kit_request(&kit, &(struct kit_request) { .message = OTRP_CREATE_SD,
								 .content = content,
								 .without_dsi = false });
		before = strdup(kit.tam.dsihash);
		kit_send(&kit, &kit.tam, text, strlen(text), &answer);
		full = strcmp(answer.code, "ERR_TEE_RESOURCE_FULL") == 0;
		cr_assert(full || strcmp(answer.code, "pass") == 0, "%s", answer.code);
		made += !full;
		kit_answer_clear(&answer);
		free(before);
		free(text);
	}
	cr_assert(full);
	cr_assert_gt(made, 10);
	kit_restart(&kit);
	/* There is room again once something is deleted. */
	snprintf(name, sizeof(name), "sd%u", made - 1);
	kit.options.store_max = 0;
	kit_restart(&kit);
	kit_state(&kit, &kit.tam);
	cr_assert_eq(domains(), made);
	expect(OTRP_DELETE_SD, kit_sd_content(&kit.tam, "sp", name), "pass");
	kit_create(&kit, &kit.tam, "sp", name);
	after = kit_dsi(&kit, &kit.tam);
	free(after);
}
