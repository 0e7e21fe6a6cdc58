/* The TAM's keys: files and tokens, which is chosen, OCSP responses, what expires. */
#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "teep/otrp/jwe.h"
#include "teep/otrp/jws.h"
#include "teep/pki/authority.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tam/key.h"
#include "test_keys.h"

#define TAMID "1.3.6.1.4.1.55555.7.1"

static char directory[64], err[512];
static struct tam_keys_options options;
static struct tam_keys *keys;
static struct arena arena;
static const char *ocsp[TAM_KEYS_MAX][2];

static const char *path(const char *format, ...)
{
	static char text[32][160];
	static int turn;
	char *out = text[turn++ % 32];
	int n = snprintf(out, 160, "%s/", directory);
	va_list args;

	va_start(args, format);
	vsnprintf(out + n, 160 - (size_t)n, format, args);
	va_end(args);
	return out;
}

/* For as long as the test runs. */
static const char *keep(const char *text)
{
	struct span copy;

	cr_assert(arena_copy(&arena, text, strlen(text), &copy));
	return span_text(copy);
}

static void write_file(const char *name, const void *data, size_t size)
{
	char other[200];
	FILE *file;

	/* As an operator would: another file takes the name. */
	snprintf(other, sizeof(other), "%s.new", name);
	file = fopen(other, "w");
	cr_assert(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
	cr_assert_eq(rename(other, name), 0);
}

static void begin(void)
{
	static const enum key_kind kinds[HIERARCHY_COUNT] = { KEY_P256, KEY_P256, KEY_P256,
							      KEY_P256 };

	strcpy(directory, "/tmp/tam-key-XXXXXX");
	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(authorities_make(path("pki"), kinds, err, sizeof(err)), 0, "%s", err);
	options = (struct tam_keys_options) { 0 };
}

static void end(void)
{
	char command[100];

	tam_keys_close(keys);
	arena_clear(&arena);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_assert_eq(system(command), 0);
}

TestSuite(tam_key, .init = begin, .fini = end);

/* How long a response is good for; negative: it was. */
static void staple(const char *name, int hours)
{
	STACK_OF(X509) *chain = chain_read(path("%s.pem", name), err, sizeof(err));
	const char *const by[] = { "ca", "root" };

	cr_assert_not_null(chain, "%s", err);
	for (int i = 0; i < 2; i++) {
		struct authority authority;
		uint8_t *der;
		size_t size;

		cr_assert_eq(authority_open(&authority, path("pki"), HIERARCHY_TAM, by[i], err,
					    sizeof(err)),
			     0, "%s", err);
		cr_assert_eq(authority_ocsp(&authority, sk_X509_value(chain, i), false, hours, &der,
					    &size, err, sizeof(err)),
			     0, "%s", err);
		write_file(path("%s.%d.ocsp", name, i), der, size);
		OPENSSL_free(der);
		authority_close(&authority);
	}
	sk_X509_pop_free(chain, X509_free);
}

static EVP_PKEY *pair_make(const char *name, enum key_kind kind, int number, const char *tamid,
			   int days)
{
	struct authority authority;
	EVP_PKEY *key = test_key(kind, number);
	STACK_OF(X509) * chain;

	cr_assert_eq(authority_open(&authority, path("pki"), HIERARCHY_TAM, "ca", err, sizeof(err)),
		     0, "%s", err);
	cr_assert_eq(authority_issue(&authority, ROLE_TAM, name, key, tamid, NULL, days, &chain,
				     err, sizeof(err)),
		     0, "%s", err);
	authority_close(&authority);
	cr_assert_eq(chain_write(path("%s.pem", name), chain), 0);
	sk_X509_pop_free(chain, X509_free);
	cr_assert_eq(key_write(path("%s.key", name), key), 0);
	return key;
}

static void add(const char *name, const char *key)
{
	struct tam_key_source *source = &options.source[options.count];

	ocsp[options.count][0] = keep(path("%s.0.ocsp", name));
	ocsp[options.count][1] = keep(path("%s.1.ocsp", name));
	*source = (struct tam_key_source) {
		.key = keep(key ? key : path("%s.key", name)),
		.chain = keep(path("%s.pem", name)),
		.ocsp = ocsp[options.count],
		.ocsp_count = 2,
	};
	options.count++;
}

static void pair(const char *name, enum key_kind kind, int number)
{
	EVP_PKEY_free(pair_make(name, kind, number, TAMID, 100));
	add(name, NULL);
}

static int open_keys(void)
{
	return tam_keys_open(&keys, &options, err, sizeof(err));
}

static void opened(void)
{
	cr_assert_eq(open_keys(), 0, "%s", err);
}

/* One identifier is one holder's: the second pair is issued by other authorities of the same
 * directory, as a CA that knows the TAM would. */
static void second_pair(const char *name, enum key_kind kind, int number)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf %s/tam/identifiers", path("pki"));
	cr_assert_eq(system(command), 0);
	snprintf(command, sizeof(command), "mkdir %s/tam/identifiers", path("pki"));
	cr_assert_eq(system(command), 0);
	pair(name, kind, number);
}

Test(tam_key, the_pair_is_chosen_by_what_the_tee_can_do)
{
	pair("p384", KEY_P384, 1);
	second_pair("p256", KEY_P256, 1);
	second_pair("rsa", KEY_RSA, 1);
	opened();
	cr_assert_str_eq(tam_keys_tamid(keys), TAMID);
	cr_assert_eq(tam_keys_count(keys), 3);
	cr_assert_eq(tam_keys_choose(keys, 0)->kind, KEY_RSA);
	cr_assert_eq(tam_keys_choose(keys, 1 << JWS_RS256 | 1 << JWS_ES256)->kind, KEY_RSA);
	cr_assert_eq(tam_keys_choose(keys, 1 << JWS_ES256)->kind, KEY_P256);
	cr_assert_eq(tam_keys_choose(keys, 1 << JWS_ES384)->kind, KEY_P384);
	cr_assert_null(tam_keys_choose(keys, 1 << JWS_NONE));
	cr_assert_str_eq(tam_keys_choose(keys, 1 << JWS_ES256)->name, "p256");
	cr_assert_null(tam_keys_at(keys, 3));
}

Test(tam_key, a_key_that_others_can_read_is_refused)
{
	pair("tam", KEY_P256, 1);
	cr_assert_eq(chmod(path("tam.key"), 0640), 0);
	cr_assert_lt(open_keys(), 0);
	cr_assert_not_null(strstr(err, "tam.key"), "%s", err);
	cr_assert_null(keys);
	cr_assert_eq(chmod(path("tam.key"), 0600), 0);
	opened();
}

Test(tam_key, what_does_not_fit_together_is_refused)
{
	pair("tam", KEY_P256, 1);
	EVP_PKEY_free(pair_make("other", KEY_P256, 2, "1.2.3", 100));
	options.source[0].key = keep(path("other.key"));
	cr_assert_lt(open_keys(), 0);
	cr_assert_not_null(strstr(err, "is not for the key"), "%s", err);
	options.source[0].key = keep(path("tam.key"));
	add("other", NULL);
	cr_assert_lt(open_keys(), 0);
	cr_assert_not_null(strstr(err, "one TAM has one identifier"), "%s", err);
	options.count = 1;
	options.source[0].chain = keep(path("pki/tam/ca.pem"));
	cr_assert_lt(open_keys(), 0);
	options.source[0].chain = keep(path("nowhere.pem"));
	cr_assert_lt(open_keys(), 0);
	cr_assert_not_null(strstr(err, "nowhere.pem"), "%s", err);
	options.count = 0;
	cr_assert_lt(open_keys(), 0);
	options.count = TAM_KEYS_MAX + 1;
	cr_assert_lt(open_keys(), 0);
}

Test(tam_key, a_chain_without_its_root_is_refused)
{
	STACK_OF(X509) * chain;

	pair("tam", KEY_P256, 1);
	chain = chain_read(path("tam.pem"), err, sizeof(err));
	while (sk_X509_num(chain) > 1)
		X509_free(sk_X509_pop(chain));
	cr_assert_eq(unlink(path("tam.pem")), 0);
	cr_assert_eq(chain_write(path("tam.pem"), chain), 0);
	sk_X509_pop_free(chain, X509_free);
	cr_assert_lt(open_keys(), 0);
	cr_assert_not_null(strstr(err, "up to the root"), "%s", err);
}

static struct span_list stapled(void)
{
	struct span_list list;

	cr_assert_eq(tam_key_ocsp(keys, tam_keys_at(keys, 0), &arena, &list), 0);
	return list;
}

Test(tam_key, responses_are_read_again_when_they_change)
{
	struct span_list before, after;

	pair("tam", KEY_P256, 1);
	opened();
	cr_assert_eq(stapled().count, 0, "a TAM without responses opens");
	staple("tam", 2);
	cr_assert_eq(tam_keys_refresh(keys, time(NULL)), TAM_KEYS_CHANGED);
	before = stapled();
	cr_assert_eq(before.count, 2);
	cr_assert_eq(tam_keys_refresh(keys, time(NULL)), 0);
	staple("tam", 5);
	cr_assert_eq(tam_keys_refresh(keys, time(NULL)), TAM_KEYS_CHANGED);
	after = stapled();
	cr_assert_eq(after.count, 2);
	cr_assert(!span_equal(before.item[0], after.item[0]));
	/* What is no response, or no file any more, does not push out the last one. */
	write_file(path("tam.0.ocsp"), "rubbish", 7);
	cr_assert_eq(unlink(path("tam.1.ocsp")), 0);
	cr_assert_eq(tam_keys_refresh(keys, time(NULL)), 0);
	before = stapled();
	cr_assert(before.count == 2 && span_equal(before.item[0], after.item[0]));
}

static struct tam_expiry *expiry_of(const char *what, const char *subject, time_t now)
{
	struct tam_expiry *list;
	size_t count;

	cr_assert_eq(tam_keys_expiry(keys, now, &arena, &list, &count), 0);
	for (size_t i = 1; i < count; i++)
		cr_assert_leq(list[i - 1].not_after, list[i].not_after);
	for (size_t i = 0; i < count; i++)
		if (!strcmp(list[i].what, what) && !strcmp(list[i].subject, subject))
			return &list[i];
	cr_assert(false, "%s of %s is not in the list", what, subject);
	return NULL;
}

Test(tam_key, what_expires_is_told_in_time)
{
	const time_t now = time(NULL);
	struct tam_expiry *list;
	size_t count;

	pair("tam", KEY_P256, 1);
	second_pair("spare", KEY_P256, 2);
	staple("tam", 8);
	opened();
	cr_assert_eq(expiry_of("tam", "tam", now)->state, EXPIRY_GOOD);
	cr_assert_eq(expiry_of("tam", "tam", now + 80L * 86400)->state, EXPIRY_SOON);
	cr_assert_eq(expiry_of("tam", "tam", now + 101L * 86400)->state, EXPIRY_EXPIRED);
	cr_assert_eq(expiry_of("ocsp", "tam", now)->state, EXPIRY_GOOD);
	cr_assert_eq(expiry_of("ocsp", "tam", now + 7 * 3600)->state, EXPIRY_SOON);
	cr_assert_eq(expiry_of("ocsp", "tam", now + 9 * 3600)->state, EXPIRY_EXPIRED);
	cr_assert_neq(strlen(expiry_of("ocsp", "tam", now + 9 * 3600)->why), 0);
	cr_assert_eq(expiry_of("ocsp", "tam", now + 9 * 3600)->not_after,
		     expiry_of("ocsp", "tam", now)->not_after);
	cr_assert_gt(expiry_of("ocsp", "tam", now + 9 * 3600)->not_before, now - 3600);
	cr_assert_eq(expiry_of("ocsp", "spare", now)->state, EXPIRY_MISSING);
	cr_assert_not_null(strstr(expiry_of("tam", "spare", now)->file, "spare.pem"));
	cr_assert_eq(tam_keys_expiry(keys, now, &arena, &list, &count), 0);
	/* Two leaves, one authority, one root; responses for the leaves and the authority. */
	cr_assert_eq(count, 7, "%zu", count);
}

static void wait_for(const char *name)
{
	for (int i = 0; i < 2400 && access(name, F_OK) < 0; i++)
		usleep(25000);
	cr_assert_eq(access(name, F_OK), 0, "%s was never made", name);
}

static void runs_are(size_t expected)
{
	struct stat st;

	cr_assert_eq(stat(path("runs"), &st), 0);
	cr_assert_eq(st.st_size, (off_t)expected, "%ld", (long)st.st_size);
}

Test(tam_key, the_refresh_command_runs_when_it_is_time_and_no_oftener)
{
	const time_t now = time(NULL);
	char command[400];

	pair("tam", KEY_P256, 1);
	staple("tam", 8);
	snprintf(command, sizeof(command), "printf x >>%s; touch ran", path("runs"));
	options.directory = path(".");
	options.refresh_command = command;
	opened();
	(void)tam_keys_refresh(keys, now);
	cr_assert_lt(access(path("ran"), F_OK), 0, "it is fresh");
	(void)tam_keys_refresh(keys, now + 5 * 3600);
	wait_for(path("ran"));
	(void)tam_keys_refresh(keys, now + 5 * 3600 + 10);
	(void)tam_keys_refresh(keys, now + 5 * 3600 + 20);
	runs_are(1);
	cr_assert_eq(unlink(path("ran")), 0);
	/* The child is reaped here, and a minute is over. */
	for (int i = 0; i < 2400 && access(path("ran"), F_OK) < 0; i++) {
		(void)tam_keys_refresh(keys, now + 5 * 3600 + 70);
		usleep(25000);
	}
	runs_are(2);
}

/* With a command that never ends; "pid" has its process. */
static void hanging_open(char *command, size_t size)
{
	pair("tam", KEY_P256, 1);
	snprintf(command, size, "echo $$ >%s.new; mv %s.new %s; sleep 1000 & wait", path("pid"),
		 path("pid"), path("pid"));
	options.refresh_command = command;
	opened();
}

Test(tam_key, a_refresh_command_that_hangs_ends_with_the_tam)
{
	char command[300];

	hanging_open(command, sizeof(command));
	(void)tam_keys_refresh(keys, time(NULL));
	wait_for(path("pid"));
	tam_keys_close(keys);
	keys = NULL;
	snprintf(command, sizeof(command), "! kill -0 $(cat %s) 2>/dev/null", path("pid"));
	cr_assert_eq(system(command), 0);
}

/* Those of one that is ended all end, and the next is a new one. */
Test(tam_key, a_refresh_command_that_hangs_is_not_the_last)
{
	const time_t now = time(NULL);
	char command[300];

	hanging_open(command, sizeof(command));
	cr_assert_eq(tam_keys_refresh(keys, now), TAM_KEYS_COMMAND_RUNS);
	wait_for(path("pid"));
	cr_assert_eq(tam_keys_refresh(keys, now + 50), TAM_KEYS_COMMAND_RUNS, "it has a minute");
	snprintf(command, sizeof(command), "mv %s %s.first && kill -0 $(cat %s.first)", path("pid"),
		 path("pid"), path("pid"));
	cr_assert_eq(system(command), 0);
	cr_assert(tam_keys_refresh(keys, now + 60) & TAM_KEYS_COMMAND_HUNG);
	/* Reaped here, and begun anew. */
	for (int i = 0; i < 2400 && access(path("pid"), F_OK) < 0; i++) {
		cr_assert_eq(tam_keys_refresh(keys, now + 61), TAM_KEYS_COMMAND_RUNS,
			     "it is told once");
		usleep(25000);
	}
	cr_assert_eq(access(path("pid"), F_OK), 0);
	snprintf(command, sizeof(command), "! kill -0 $(cat %s.first) 2>/dev/null", path("pid"));
	cr_assert_eq(system(command), 0);
}

/* ---- Tokens ---------------------------------------------------------------------------------- */

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"

static void shell(const char *format, ...)
{
	char command[800];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	cr_assert_eq(system(command), 0, "%s", command);
}

static void token_make(void)
{
	shell("mkdir %s && printf 'directories.tokendir = %s\\nobjectstore.backend = file\\n' >%s",
	      path("tokens"), path("tokens"), path("softhsm.conf"));
	setenv("SOFTHSM2_CONF", path("softhsm.conf"), 1);
	shell("softhsm2-util --init-token --free --label tam --pin 1234 --so-pin 5678 >/dev/null");
	options.pkcs11_module = MODULE;
}

#define TOOL "pkcs11-tool --module " MODULE " --token-label tam --login --pin 1234 "

/* One that is made in the token and never leaves it. */
static EVP_PKEY *token_generate(const char *name, const char *type, int id, const char *usage)
{
	EVP_PKEY *public;
	FILE *file;

	shell(TOOL
	      "--keypairgen --key-type %s --label %s --id %02x --usage-sign %s >/dev/null 2>&1",
	      type, name, id, usage);
	shell(TOOL "--read-object --type pubkey --id %02x -o %s >/dev/null 2>&1", id,
	      path("%s.pub", name));
	file = fopen(path("%s.pub", name), "r");
	public = file ? d2i_PUBKEY_fp(file, NULL) : NULL;
	cr_assert_not_null(public);
	fclose(file);
	return public;
}

/* One that comes from elsewhere: this version of pkcs11-tool gives out no public key on P-384. */
static EVP_PKEY *token_import(const char *name, int id)
{
	EVP_PKEY *key = test_key(KEY_P384, 1);
	FILE *private = fopen(path("%s.p8", name), "w"), *public = fopen(path("%s.pub", name), "w");

	cr_assert(private && i2d_PrivateKey_fp(private, key) == 1);
	cr_assert(public && i2d_PUBKEY_fp(public, key) == 1);
	fclose(private);
	fclose(public);
	shell(TOOL "--write-object %s --type privkey --label %s --id %02x --usage-sign "
		   "--usage-derive >/dev/null 2>&1",
	      path("%s.p8", name), name, id);
	shell(TOOL "--write-object %s --type pubkey --label %s --id %02x >/dev/null 2>&1",
	      path("%s.pub", name), name, id);
	return key;
}

static void token_pair(const char *name, const char *type, int id, const char *usage)
{
	EVP_PKEY *public = type ? token_generate(name, type, id, usage) : token_import(name, id);
	struct authority authority;
	char uri[300];
	STACK_OF(X509) * chain;

	cr_assert_eq(authority_open(&authority, path("pki"), HIERARCHY_TAM, "ca", err, sizeof(err)),
		     0, "%s", err);
	cr_assert_eq(authority_issue(&authority, ROLE_TAM, name, public, TAMID, NULL, 100, &chain,
				     err, sizeof(err)),
		     0, "%s", err);
	authority_close(&authority);
	cr_assert_eq(chain_write(path("%s.pem", name), chain), 0);
	sk_X509_pop_free(chain, X509_free);
	EVP_PKEY_free(public);
	shell("rm -rf %s/tam/identifiers && mkdir %s/tam/identifiers", path("pki"), path("pki"));
	snprintf(uri, sizeof(uri), "pkcs11:token=tam;object=%s;type=private?pin-source=file:%s",
		 name, path("pin"));
	add(name, uri);
}

static void pin_write(const char *pin, mode_t mode)
{
	write_file(path("pin"), pin, strlen(pin));
	cr_assert_eq(chmod(path("pin"), mode), 0);
}

Test(tam_key, keys_in_a_token_sign_and_unwrap_like_those_in_files)
{
	static const enum key_kind kinds[] = { KEY_RSA, KEY_P256, KEY_P384 };
	static const struct jws_options extended = { .extended = true };

	token_make();
	pin_write("1234\n", 0600);
	token_pair("rsa", "rsa:2048", 1, "--usage-decrypt");
	token_pair("p256", "EC:prime256v1", 2, "--usage-derive");
	token_pair("p384", NULL, 3, "");
	opened();
	for (size_t i = 0; i < 3; i++) {
		const struct tam_key *key = tam_keys_at(keys, i);
		EVP_PKEY *public = X509_get0_pubkey(sk_X509_value(key->chain, 0));
		const struct span text = span_of_text("{\"x\":1}");
		struct otrp_failure failure;
		struct span plain, cek = { 0 };
		struct jws jws;
		struct jwe jwe;
		json_t *message;

		cr_assert(key->in_token);
		cr_assert_eq(key->kind, kinds[i]);
		message = jws_sign(text, key->key, key->chain);
		cr_assert_not_null(message, "%s signs nothing", key->name);
		cr_assert_eq(jws_parse(message, &extended, &arena, &jws, &failure), 0, "%s",
			     failure.why);
		cr_assert(jws_verify(&jws, public), "%s", key->name);
		json_decref(message);
		message = jwe_encrypt(text, public, ENC_A128CBC_HS256, &arena, &cek);
		cr_assert_not_null(message);
		cr_assert_eq(jwe_parse(message, &arena, &jwe, &failure), 0, "%s", failure.why);
		cr_assert_eq(jwe_decrypt(&jwe, key->key, &arena, &plain, NULL), 0, "%s", key->name);
		cr_assert(span_equal(plain, text));
		json_decref(message);
	}
}

Test(tam_key, a_key_that_may_not_be_used_is_noticed_at_once)
{
	token_make();
	pin_write("1234", 0600);
	token_pair("p256", "EC:prime256v1", 1, "");
	cr_assert_lt(open_keys(), 0);
	cr_assert_not_null(strstr(err, "CKA_DERIVE"), "%s", err);
}

Test(tam_key, a_token_that_gives_no_key_says_why)
{
	token_make();
	pin_write("1234", 0644);
	token_pair("p256", "EC:prime256v1", 1, "--usage-derive");
	cr_assert_lt(open_keys(), 0);
	cr_assert_not_null(strstr(err, "pin"), "the PIN's file is open to others: %s", err);
	pin_write("9999", 0600);
	cr_assert_lt(open_keys(), 0);
	cr_assert_not_null(strstr(err, "\"p256\""), "%s", err);
	cr_assert_null(strstr(err, "9999"));
	options.source[0].key = "pkcs11:token=tam;object=nobody;type=private?pin-value=1234";
	cr_assert_lt(open_keys(), 0);
	cr_assert_not_null(strstr(err, "\"nobody\""), "%s", err);
	cr_assert_null(strstr(err, "1234"), "a PIN is never told");
	options.pkcs11_module = "/nonexistent.so";
	cr_assert_lt(open_keys(), 0);
	cr_assert_not_null(strstr(err, "/nonexistent.so"), "%s", err);
}
