/* The device below the protocol: boot, the store, the parser's process, every kind of key. */
#include "tam_kit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot/firmware.h"
#include "otrp/parser.h"
#include "otrp/parser_process.h"
#include "otrp/rollback.h"
#include "teep/otrp/encoding.h"
#include "teep/pki/openssl_auto.h"

static struct kit kit;
static char err[512];

static void tear_down(void)
{
	if (kit.directory[0])
		kit_close(&kit);
}

TestSuite(otrp_tee_device, .fini = tear_down);

static void path_of(const char *name, char path[256])
{
	snprintf(path, 256, "%s/%s", kit.device, name);
}

static void octet_flip(const char *name, off_t at)
{
	char path[256], octet;
	struct stat st;
	int fd;

	path_of(name, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	cr_assert_geq(fd, 0, "%s", path);
	cr_assert_eq(fstat(fd, &st), 0);
	if (at < 0)
		at += st.st_size;
	cr_assert_eq(pread(fd, &octet, 1, at), 1);
	octet ^= 1;
	cr_assert_eq(pwrite(fd, &octet, 1, at), 1);
	close(fd);
}

static enum boot_result start(void)
{
	struct tee *tee = NULL;
	int store_error;
	const enum boot_result result =
		tee_open(&tee, kit.device, &kit.options, &store_error, err, sizeof(err));

	tee_close(tee);
	return result;
}

static void run(const char *format, const char *a, const char *b)
{
	char command[600];

	snprintf(command, sizeof(command), format, a, b);
	cr_assert_eq(system(command), 0, "%s", command);
}

Test(otrp_tee_device, t39_each_broken_part_of_the_boot_chain_has_its_own_status)
{
	static const struct {
		const char *name;
		off_t at;
		enum boot_result result;
	} cases[] = {
		{ "boot/firmware.img", -2, BOOT_FIRMWARE },
		{ "boot/firmware.sig", -1, BOOT_FIRMWARE },
		{ "boot/tee.img", -1, BOOT_TEE_IMAGE },
		{ "boot/tee.sig", -1, BOOT_TEE_IMAGE },
		{ "huk", 0, BOOT_EFUSE },
		{ "boot/tfw.key.sealed", 40, BOOT_TFW_KEY },
		{ "boot/tee.key.sealed", 40, BOOT_TEE_KEY },
	};
	char seen[64] = "";

	kit_open(&kit, NULL);
	tee_close(kit.tee);
	kit.tee = NULL;
	cr_assert_eq(start(), BOOT_OK, "%s", err);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		octet_flip(cases[i].name, cases[i].at);
		cr_assert_eq(start(), cases[i].result, "%s: %s", cases[i].name, err);
		cr_assert_str_neq(err, seen);
		octet_flip(cases[i].name, cases[i].at);
	}
	cr_assert_eq(start(), BOOT_OK, "%s", err);
}

Test(otrp_tee_device, t39_another_certificate_or_key_does_not_boot)
{
	struct kit other;

	kit_open(&kit, NULL);
	kit_open(&other, NULL);
	tee_close(kit.tee);
	kit.tee = NULL;
	run("cp %s/boot/tee.pem %s/boot/tee.pem", other.device, kit.device);
	cr_assert_eq(start(), BOOT_TEE_IMAGE);
	run("cp -r %s/boot/. %s/boot/", other.device, kit.device);
	cr_assert_eq(start(), BOOT_EFUSE);
	run("cp %s/huk %s/huk", other.device, kit.device);
	cr_assert_eq(start(), BOOT_FILE, "a store sealed to another key: %s", err);
	kit_close(&other);
}

Test(otrp_tee_device, the_boot_record_must_be_of_this_boot)
{
	struct boot boot;

	kit_open(&kit, NULL);
	cr_assert_eq(boot_verify(kit.device, &boot, err, sizeof(err)), BOOT_OK, "%s", err);
	boot_clear(&boot);
	octet_flip("boot.record", 30);
	cr_assert_eq(boot_verify(kit.device, &boot, err, sizeof(err)), BOOT_RECORD);
	octet_flip("boot.record", 30);
	octet_flip("boot.record", -1);
	cr_assert_eq(boot_verify(kit.device, &boot, err, sizeof(err)), BOOT_RECORD);
}

Test(otrp_tee_device, a_device_that_nobody_manufactured_makes_itself)
{
	struct tee *tee;
	int store_error;

	kit_open(&kit, NULL);
	tee_close(kit.tee);
	kit.tee = NULL;
	run("rm -rf %s; mkdir -m 700 %s", kit.device, kit.device);
	cr_assert_eq(tee_open(&tee, kit.device, &kit.options, &store_error, err, sizeof(err)),
		     BOOT_OK, "%s", err);
	tee_close(tee);
	run("test -f %s/authorities/tam/ca.key -a -f %s/boot/tee.pem", kit.device, kit.device);
	/* Killed over it: some authorities are there, and the last is not. */
	run("cd %s && rm -r boot* domains* authorities/sp authorities/tam/ca.*%s", kit.device, "");
	cr_assert_eq(tee_open(&tee, kit.device, &kit.options, &store_error, err, sizeof(err)),
		     BOOT_OK, "%s", err);
	tee_close(tee);
}

/* T-32, as far as files go. */
Test(otrp_tee_device, t32_no_file_holds_a_private_key_or_the_ta_in_the_clear)
{
	size_t size;
	uint8_t *package;
	json_t *encrypted;

	kit_open(&kit, NULL);
	kit_state(&kit, &kit.tam);
	kit_create(&kit, &kit.tam, "sp", "sd");
	package = kit_package(&kit, 1, &size);
	encrypted = kit_encrypted_ta(&kit, "sp", package, size, "personal-canary", false);
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_INSTALL_TA,
					   .content =
						   kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID),
					   .encrypted_ta = encrypted },
		   "pass", NULL);
	OPENSSL_free(package);
	run("! grep -rqa personal-canary %s%s", kit.device, "");
	run("! grep -rqa ta_head %s%s", kit.device, "");
	run("! grep -rqa 'PRIVATE KEY' %s%s", kit.device, "");
}

static void stop(void)
{
	tee_close(kit.tee);
	kit.tee = NULL;
}

static void store_save(void)
{
	char saved[128];

	snprintf(saved, sizeof(saved), "%s/saved", kit.directory);
	cr_assert_eq(mkdir(saved, 0700), 0);
	run("cp %s/domains.db* %s", kit.device, saved);
}

static void store_restore(void)
{
	char saved[128];

	snprintf(saved, sizeof(saved), "%s/saved", kit.directory);
	run("rm -f %s/domains.db*%s", kit.device, "");
	run("cp %s/* %s", saved, kit.device);
}

Test(otrp_tee_device, t19_an_older_copy_of_the_store_is_refused)
{
	kit_open(&kit, NULL);
	kit_state(&kit, &kit.tam);
	stop();
	store_save();
	kit_restart(&kit);
	kit_create(&kit, &kit.tam, "sp", "sd");
	stop();
	store_restore();
	cr_assert_eq(start(), BOOT_FILE);
	cr_assert(strstr(err, "older copy"), "%s", err);
}

static char *state_request(void)
{
	const struct kit_request request = { .message = OTRP_CREATE_SD,
					     .tam = &kit.tam,
					     .content = kit_create_content(&kit, &kit.tam, "sp",
									   "again") };

	return kit_request(&kit, &request);
}

Test(otrp_tee_device, a_store_behind_its_counter_is_taken_as_it_is_by_its_owner_alone)
{
	/* Nothing in its state is another each time it is told. */
	const struct kit_kinds kinds = { .tee = KEY_P256,
					 .tam = KEY_P256,
					 .sp = KEY_P256,
					 .aik = KEY_P256,
					 .unattested = true };
	struct kit_answer answer;
	struct store_gap gap;
	char *old;

	kit_open(&kit, &kinds);
	kit_state(&kit, &kit.tam);
	kit_create(&kit, &kit.tam, "sp", "before");
	stop();
	store_save();
	cr_assert_eq(rollback_accept(kit.device, 0, true, &gap, err, sizeof(err)), 0);
	cr_assert_eq(gap.behind + gap.ahead, 0);
	kit_restart(&kit);
	/* Executed in the time that is lost. */
	old = state_request();
	kit_send(&kit, &kit.tam, old, strlen(old), &answer);
	cr_assert_str_eq(answer.code, "pass");
	kit_answer_clear(&answer);
	kit_create(&kit, &kit.tam, "sp", "after");
	stop();
	store_restore();

	/* Asked for, it is told, and nothing happens. */
	cr_assert_eq(rollback_accept(kit.device, 0, false, &gap, err, sizeof(err)), 0);
	cr_assert_gt(gap.behind, 1);
	cr_assert_eq(gap.ahead, 0);
	cr_assert_eq(start(), BOOT_FILE);
	cr_assert(strstr(err, "accept-rollback"), "%s", err);
	/* Changed besides, it is not taken. */
	run("sqlite3 %s/domains.db \"DELETE FROM item WHERE hex(k) LIKE '53%%'\"%s", kit.device,
	    "");
	cr_assert_eq(rollback_accept(kit.device, 0, true, &gap, err, sizeof(err)), -EBADMSG);
	store_restore();
	cr_assert_eq(rollback_accept(kit.device, 0, true, &gap, err, sizeof(err)), 0);
	kit_restart(&kit);

	/* What was executed was for a state that this is not, though it looks the same. */
	kit_state(&kit, &kit.tam);
	kit_send(&kit, &kit.tam, old, strlen(old), &answer);
	cr_expect_str_eq(answer.code, "ERR_DEV_STATE_MISMATCH");
	kit_answer_clear(&answer);
	free(old);
	kit_create(&kit, &kit.tam, "sp", "after");
	/* An older copy is one, still. */
	stop();
	store_restore();
	cr_assert_eq(start(), BOOT_FILE);
}

/* After a loss of power either file can be the older one. */
static void ahead_of_counter(bool lost)
{
	/* Nothing in its state is another each time it is told. */
	const struct kit_kinds kinds = { .tee = KEY_P256,
					 .tam = KEY_P256,
					 .sp = KEY_P256,
					 .aik = KEY_P256,
					 .unattested = true };
	struct kit_answer answer;
	struct store_gap gap;
	char *old;

	kit_open(&kit, &kinds);
	kit_state(&kit, &kit.tam);
	stop();
	run("cp %s/domains.counter %s/counter", kit.device, kit.directory);
	kit_restart(&kit);
	kit_create(&kit, &kit.tam, "sp", "one");
	kit_create(&kit, &kit.tam, "sp", "before");
	stop();
	/* A newer one, which is lost as well. */
	store_save();
	kit_restart(&kit);
	old = state_request();
	kit_send(&kit, &kit.tam, old, strlen(old), &answer);
	cr_assert_str_eq(answer.code, "pass");
	kit_answer_clear(&answer);
	stop();
	store_restore();
	if (lost)
		run("rm %s/domains.counter%s", kit.device, "");
	else
		run("cp %s/counter %s/domains.counter", kit.directory, kit.device);

	cr_assert_eq(start(), BOOT_FILE);
	cr_assert(strstr(err, "is ahead of domains.counter"), "%s", err);
	cr_assert(strstr(err, "'teesim device accept-rollback'"), "%s", err);
	cr_assert_eq(rollback_accept(kit.device, 0, false, &gap, err, sizeof(err)), 0);
	cr_assert_gt(gap.ahead, 1);
	cr_assert_eq(gap.behind, 0);
	cr_assert_eq(start(), BOOT_FILE);
	/* Changed besides, it is not taken. */
	run("sqlite3 %s/domains.db \"DELETE FROM item WHERE hex(k) LIKE '53%%'\"%s", kit.device,
	    "");
	cr_assert_eq(rollback_accept(kit.device, 0, true, &gap, err, sizeof(err)), -EBADMSG);
	store_restore();
	cr_assert_eq(rollback_accept(kit.device, 0, true, &gap, err, sizeof(err)), 0);
	cr_assert_eq(rollback_accept(kit.device, 0, true, &gap, err, sizeof(err)), 0);
	cr_assert_eq(gap.behind + gap.ahead, 0);
	kit_restart(&kit);

	/* What was executed was for a state that this is not, though it looks the same. */
	kit_state(&kit, &kit.tam);
	kit_send(&kit, &kit.tam, old, strlen(old), &answer);
	cr_expect_str_eq(answer.code, "ERR_DEV_STATE_MISMATCH");
	kit_answer_clear(&answer);
	free(old);
	kit_create(&kit, &kit.tam, "sp", "after");
}

Test(otrp_tee_device, a_store_ahead_of_its_counter_is_taken_as_it_is_by_its_owner_alone)
{
	ahead_of_counter(false);
}

Test(otrp_tee_device, a_store_that_lost_its_counter_is_taken_as_it_is_by_its_owner_alone)
{
	ahead_of_counter(true);
}

/* Of such a TAM the store that is taken knows nothing. */
Test(otrp_tee_device, a_tam_that_first_came_in_the_lost_time_finds_another_state)
{
	const struct kit_kinds kinds = { .tee = KEY_P256,
					 .tam = KEY_P256,
					 .sp = KEY_P256,
					 .aik = KEY_P256,
					 .unattested = true };
	struct kit_answer answer;
	struct store_gap gap;
	char *old;

	kit_open(&kit, &kinds);
	stop();
	store_save();
	kit_restart(&kit);
	kit_state(&kit, &kit.tam);
	old = state_request();
	kit_send(&kit, &kit.tam, old, strlen(old), &answer);
	cr_assert_str_eq(answer.code, "pass");
	kit_answer_clear(&answer);
	stop();
	store_restore();
	cr_assert_eq(rollback_accept(kit.device, 0, true, &gap, err, sizeof(err)), 0);
	kit_restart(&kit);
	kit_state(&kit, &kit.tam);
	kit_send(&kit, &kit.tam, old, strlen(old), &answer);
	cr_expect_str_eq(answer.code, "ERR_DEV_STATE_MISMATCH");
	kit_answer_clear(&answer);
	free(old);
}

Test(otrp_tee_device, t19_rows_can_not_be_taken_away_or_changed)
{
	static const char *const attacks[] = {
		"DELETE FROM item WHERE hex(k) LIKE '53%'",
		"UPDATE item SET v = (SELECT v FROM item WHERE hex(k) LIKE '44%') "
		"WHERE hex(k) LIKE '53%'",
		"INSERT INTO item VALUES (x'53616200', x'00112233')",
	};
	char command[512];

	kit_open(&kit, NULL);
	kit_state(&kit, &kit.tam);
	kit_create(&kit, &kit.tam, "sp", "sd");
	stop();
	store_save();
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		snprintf(command, sizeof(command), "sqlite3 %s/domains.db \"%s\"", kit.device,
			 attacks[i]);
		cr_assert_eq(system(command), 0);
		cr_assert_eq(start(), BOOT_FILE, "%s", attacks[i]);
		cr_assert(strstr(err, "somebody else"), "%s", err);
		store_restore();
		cr_assert_eq(start(), BOOT_OK, "%s", err);
	}
}

static char *parser_program(void)
{
	char *path;

	cr_assert(asprintf(&path, "%s/libexec/teesim/teesim-otrp-parser",
			   getenv("TEESIM_BUILD_DIR")) > 0);
	return path;
}

Test(otrp_tee_device, the_whole_story_with_the_parser_in_its_own_process)
{
	char *program = parser_program();
	size_t size;
	uint8_t *package;
	json_t *encrypted;

	kit_open(&kit, NULL);
	kit.options.parser = program;
	kit_restart(&kit);
	kit_state(&kit, &kit.tam);
	kit_create(&kit, &kit.tam, "sp", "sd");
	package = kit_package(&kit, 1, &size);
	encrypted = kit_encrypted_ta(&kit, "sp", package, size, "{}", false);
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_INSTALL_TA,
					   .content =
						   kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID),
					   .encrypted_ta = encrypted },
		   "pass", NULL);
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_DELETE_SD,
					   .content = kit_sd_content(&kit.tam, NULL, "sd") },
		   "ERR_SD_NOT_EMPTY", NULL);
	OPENSSL_free(package);
	kit_close(&kit);
	kit.directory[0] = '\0';
	free(program);
}

static char *firmware_program(void)
{
	char *path;

	cr_assert(asprintf(&path, "%s/libexec/teesim/tee-firmware", getenv("TEESIM_BUILD_DIR")) >
		  0);
	return path;
}

Test(otrp_tee_device, the_firmware_in_its_own_process)
{
	char *program = firmware_program();
	struct firmware *firmware;
	uint8_t *octets;
	size_t size;

	kit_open(&kit, NULL);
	stop();
	kit.options.firmware = program;
	kit_restart(&kit);
	kit_state(&kit, &kit.tam);
	kit_create(&kit, &kit.tam, "sp", "sd");
	kit_state(&kit, &kit.tam);
	stop();
	/* It gives each key once, and goes on signing. */
	cr_assert_eq(firmware_open(&firmware, program, kit.device, 0, err, sizeof(err)), BOOT_OK,
		     "%s", err);
	for (int which = FIRMWARE_KEY_TEE; which <= FIRMWARE_KEY_STORE; which++) {
		cr_assert_eq(firmware_key(firmware, (enum firmware_key)which, &octets, &size), 0);
		key_der_free(octets, size);
		cr_assert_eq(firmware_key(firmware, (enum firmware_key)which, &octets, &size),
			     -EPERM);
	}
	cr_assert_eq(firmware_sign_begin(firmware, "dropped", 7), 0);
	cr_assert_eq(firmware_sign_begin(firmware, "tid", 3), 0);
	cr_assert_eq(firmware_sign_end(firmware, &octets, &size), 0);
	cr_assert_eq(size, 64);
	OPENSSL_free(octets);
	cr_assert_lt(firmware_sign_end(firmware, &octets, &size), 0);
	firmware_close(firmware);
	cr_assert_eq(firmware_open(&firmware, program, kit.device, 1, err, sizeof(err)), BOOT_FILE);
	cr_assert(strstr(err, "no TEE 1"), "%s", err);
	/* It says what does not fit, as one in this process does. */
	run("printf X | dd of=%s/boot/tfw.key.sealed bs=1 seek=45 conv=notrunc status=none%s",
	    kit.device, "");
	cr_assert_eq(firmware_open(&firmware, program, kit.device, 0, err, sizeof(err)),
		     BOOT_TFW_KEY);
	cr_assert(strstr(err, "tfw.key.sealed"), "%s", err);
	kit.options.firmware = NULL;
	free(program);
}

Test(otrp_tee_device, the_parser_survives_what_its_children_die_of)
{
	const struct otrp_options options = { 0 };
	struct parser_pending pending;
	char *program = parser_program(), *deep = malloc(1 << 20);
	struct otrp_envelope envelope;
	struct otrp_failure failure;
	struct arena arena = { 0 };
	struct parser *parser;

	memset(deep, '[', 1 << 20);
	cr_assert_eq(parser_open(&parser, program, &options), 0);
	for (int i = 0; i < 20; i++) {
		parser_envelope_begin(parser, span_of(deep, 1 << 20), &arena, &pending);
		cr_assert_neq(parser_envelope_end(&pending, &arena, &envelope, &failure), 0);
	}
	parser_close(parser);
	arena_clear(&arena);
	free(deep);
	free(program);
}

/* Ends those of the parser's children that wait which come in these places. */
static void waiting_children_kill(pid_t parser, unsigned int from, unsigned int to)
{
	char path[64], text[512];
	unsigned int count = 0, settled = 0;
	ssize_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parser, (int)parser);
	/* All are there once it has told of the last, and those that are done have ended: until
	 * then there may be as many by chance, but not for long. */
	for (int i = 0; i < 6000 && settled < 20; i++) {
		const int fd = open(path, O_RDONLY | O_CLOEXEC);

		n = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[n > 0 ? n : 0] = '\0';
		count = 0;
		for (const char *at = text; (at = strchr(at, ' ')); at++)
			count++;
		settled = count == PARSER_READY ? settled + 1 : 0;
		usleep(10000);
	}
	cr_assert_eq(count, PARSER_READY, "%u children: %s", count, text);
	for (char *save, *word = strtok_r(text, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		const pid_t child = (pid_t)strtol(word, NULL, 10);

		if (from && --from)
			continue;
		if (to-- == 0)
			break;
		cr_assert_eq(kill(child, SIGKILL), 0);
	}
}

static void state_expect(const char *code)
{
	const struct kit_request state = { .message = OTRP_GET_DEVICE_STATE };
	struct kit_answer answer;
	char *request = kit_request(&kit, &state);

	kit_send(&kit, &kit.tam, request, strlen(request), &answer);
	/* There are as many children as before. */
	tee_rest(kit.tee);
	cr_expect_str_eq(answer.code, code);
	kit_answer_clear(&answer);
	free(request);
}

/* For so many requests the child that is to read the root is killed. */
static void roots_kill(unsigned int requests)
{
	char *program = parser_program(), path[64], text[64] = "";
	ssize_t n;
	int fd;

	kit_open(&kit, NULL);
	kit.options.parser = program;
	kit_restart(&kit);
	/* The parser is the one child that this process has. */
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	cr_assert_gt(n, 0);
	while (requests--) {
		/* Envelope and request come first, then the root. */
		waiting_children_kill((pid_t)strtol(text, NULL, 10), 3, 1);
		state_expect("ERR_TAM_NOT_TRUSTED");
	}
	kit.options.parser = NULL;
	free(program);
}

/* What killed the child that was to read a root was not the root. */
Test(otrp_tee_device, a_root_that_a_killed_child_did_not_read_is_read_later)
{
	roots_kill(2);
	kit_state(&kit, &kit.tam);
}

Test(otrp_tee_device, a_root_that_no_child_survives_is_given_up)
{
	roots_kill(3);
	state_expect("ERR_TAM_NOT_TRUSTED");
}

/* Some TEEs do without: the word of the firmware is missing then, which a TAM may accept or not,
 * and nothing else. */
Test(otrp_tee_device, a_tee_without_attestation_says_nothing_of_its_firmware)
{
	const struct kit_kinds kinds = {
		KEY_P256, KEY_P256, KEY_P256, KEY_P256, 0, 0, true,
	};
	struct kit_answer answer;
	json_t *state;

	kit_open(&kit, &kinds);
	kit_expect(&kit, &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE }, "pass",
		   &answer);
	state = json_object_get(answer.content, "dsi");
	cr_assert(json_object_get(state, "tee"));
	cr_assert_null(json_object_get(state, "tfwdata"));
	kit_answer_clear(&answer);
	kit_create(&kit, &kit.tam, "sp", "sd");
	/* The images are verified all the same, and what they say cannot be taken out. */
	tee_close(kit.tee);
	kit.tee = NULL;
	run("sed -i s/attestation/attestatiom/ %s/boot/tee.img%s", kit.device, "");
	cr_assert_eq(start(), BOOT_TEE_IMAGE, "%s", err);
}

enum block {
	BLOCK_RANDOM,	    /* below the modulus, without the padding */
	BLOCK_WRONG_LENGTH, /* padded, around a key of another length */
	BLOCK_RIGHT,	    /* all of it right, but for the tag */
	BLOCK_COUNT,
};

static void block_make(enum block kind, EVP_PKEY *tee, uint8_t block[256])
{
	PKEY_CTX_AUTO context = EVP_PKEY_CTX_new(tee, NULL);
	uint8_t key[64] = { 1 };
	size_t size = 256;

	if (kind == BLOCK_RANDOM) {
		arc4random_buf(block, size);
		block[0] &= 0x3f;
		return;
	}
	cr_assert(EVP_PKEY_encrypt_init(context) > 0);
	cr_assert(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0);
	cr_assert(EVP_PKEY_encrypt(context, block, &size, key,
				   kind == BLOCK_RIGHT ? 32 : arc4random_uniform(32)) > 0);
}

/* Sends a request whose content key is in such a block. The answer, but for what is random in any
 * answer: its octets' number and what it says. */
static char *block_answer(enum block kind)
{
	json_t *content =
		json_pack("{s:s, s:[{s:{s:s}, s:o}], s:s, s:s, s:s}", "protected",
			  "eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0", "recipients", "header", "alg",
			  "RSA1_5", "encrypted_key", json_null(), "iv", "AAAAAAAAAAAAAAAAAAAAAA",
			  "ciphertext", "AAAAAAAAAAAAAAAAAAAAAA", "tag", "AAAAAAAAAAAAAAAAAAAAAA");
	struct kit_answer answer;
	uint8_t block[256];
	char *text, *shape, *dump, *whole;

	block_make(kind, X509_get0_pubkey(kit.tee_certificate), block);
	text = base64url_encode(block, sizeof(block));
	json_object_set_new(json_array_get(json_object_get(content, "recipients"), 0),
			    "encrypted_key", json_string(text));
	free(text);
	text = kit_request(
		&kit, &(struct kit_request) { .message = OTRP_DELETE_SD,
					      .content = json_object(),
					      .without_dsi = true,
					      .more = json_pack("{s:o}", "content", content) });
	kit_send(&kit, &kit.tam, text, strlen(text), &answer);
	cr_assert_str_eq(answer.code, "ERR_REQUEST_INVALID");
	whole = json_dumps(json_object_get(answer.tbs, "content"), 0);
	dump = json_dumps(answer.content, JSON_SORT_KEYS);
	cr_assert(asprintf(&shape, "%zu %s", strlen(whole), dump) > 0);
	free(whole);
	free(dump);
	free(text);
	kit_answer_clear(&answer);
	return shape;
}

/* One code, one text and one length, whatever is wrong inside the block (RFC 7516 section 11.5);
 * what differs is the signature. That it takes no other time, otrp_timing shows. */
Test(otrp_tee_device, t26_a_wrong_rsa_block_tells_nothing)
{
	const struct kit_kinds rsa = { KEY_RSA, KEY_P256, KEY_P256, KEY_P256, 0, 0, false };
#ifdef TEESIM_SANITIZE
	const int count = 99;
#else
	const int count = 1000;
#endif
	char *first;

	kit_open(&kit, &rsa);
	kit_state(&kit, &kit.tam);
	first = block_answer(BLOCK_RIGHT);
	for (int i = 0; i < count; i++) {
		char *shape = block_answer((enum block)(i % BLOCK_COUNT));

		cr_assert_str_eq(first, shape);
		free(shape);
	}
	free(first);
}
