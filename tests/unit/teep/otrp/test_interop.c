/*
 * Our JOSE against the `jose` command line and python3-jwcrypto, each way. interop.py reads and
 * writes with the latter.
 */
#include "teep/otrp/jwe.h"
#include "teep/otrp/jws.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "teep/otrp/jose_key.h"
#include "test_keys.h"

#define TEXT "{\"text\":\"what is told\"}"

static const enum key_kind kinds[] = { KEY_RSA, KEY_P256, KEY_P384 };
static const struct jws_options options = { .extended = true };
static char directory[] = "/tmp/teesim-interop-XXXXXX";
static struct arena arena;
static struct otrp_failure failure;

static void set_up(void)
{
	cr_assert(mkdtemp(directory));
	cr_assert_eq(chdir(directory), 0);
}

static void tear_down(void)
{
	char command[64];

	arena_clear(&arena);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_assert_eq(system(command), 0);
}

TestSuite(otrp_interop, .init = set_up, .fini = tear_down);

static void put(const char *name, const json_t *value)
{
	cr_assert_eq(json_dump_file(value, name, 0), 0);
}

static json_t *get(const char *name)
{
	json_t *value = json_load_file(name, 0, NULL);

	cr_assert(value, "%s", name);
	return value;
}

static EVP_PKEY *key_put(enum key_kind kind)
{
	EVP_PKEY *key = test_key(kind, 1);
	json_t *jwk = jose_key_of(key), *public = jose_key_public_of(key);

	put("key.jwk", jwk);
	put("public.jwk", public);
	jose_key_free(jwk);
	json_decref(public);
	return key;
}

static void run(const char *command)
{
	cr_assert_eq(system(command), 0, "%s", command);
}

static void python(const char *what, const char *more)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "/usr/bin/python3 %s/tests/unit/teep/otrp/interop.py %s %s",
		 getenv("TEESIM_SOURCE_DIR"), what, more);
	run(command);
}

static void text_put(const char *name)
{
	FILE *file = fopen(name, "w");

	cr_assert(file);
	fputs(TEXT, file);
	fclose(file);
}

static void text_is(const char *name)
{
	char text[64] = "";
	FILE *file = fopen(name, "r");

	cr_assert(file);
	cr_assert(fgets(text, sizeof(text), file));
	fclose(file);
	cr_assert_str_eq(text, TEXT);
}

Test(otrp_interop, others_verify_what_we_sign)
{
	for (int i = 0; i < 3; i++) {
		EVP_PKEY *key = key_put(kinds[i]);
		json_t *jws = jws_sign(span_of_text(TEXT), key, NULL);

		put("jws", jws);
		run("jose jws ver -i jws -k public.jwk -O out");
		text_is("out");
		python("verify", "out2");
		text_is("out2");
		json_decref(jws);
		EVP_PKEY_free(key);
	}
}

static void jws_holds(EVP_PKEY *key)
{
	json_t *object = get("jws");
	struct jws jws;

	cr_assert_eq(jws_parse(object, &options, &arena, &jws, &failure), 0, "%s", failure.why);
	cr_assert(span_is(jws.payload, TEXT));
	cr_assert(jws_verify(&jws, key));
	json_decref(object);
}

Test(otrp_interop, we_verify_what_others_sign)
{
	for (int i = 0; i < 3; i++) {
		EVP_PKEY *key = key_put(kinds[i]);
		const char *algorithm = jws_algorithm_name(jws_algorithm_of(kinds[i]));
		char command[256];

		text_put("in");
		snprintf(command, sizeof(command),
			 "jose jws sig -I in -k key.jwk -o jws -s "
			 "'{\"protected\":{\"alg\":\"%s\"}}'",
			 algorithm);
		run(command);
		jws_holds(key);
		python("sign", algorithm);
		jws_holds(key);
		EVP_PKEY_free(key);
	}
}

Test(otrp_interop, others_decrypt_what_we_encrypt)
{
	for (int i = 0; i < 3; i++)
		for (int e = ENC_A128CBC_HS256; e <= ENC_A256CBC_HS512; e++) {
			EVP_PKEY *key = key_put(kinds[i]);
			struct span cek = { 0 };
			json_t *jwe = jwe_encrypt(span_of_text(TEXT), key, (enum jwe_encryption)e,
						  &arena, &cek);

			put("jwe", jwe);
			run("jose jwe dec -i jwe -k key.jwk -O out");
			text_is("out");
			python("decrypt", "out2");
			text_is("out2");
			json_decref(jwe);
			EVP_PKEY_free(key);
		}
}

static void jwe_opens(EVP_PKEY *key)
{
	json_t *object = get("jwe");
	struct span plaintext;
	struct jwe jwe;

	cr_assert_eq(jwe_parse(object, &arena, &jwe, &failure), 0, "%s", failure.why);
	cr_assert_eq(jwe_decrypt(&jwe, key, &arena, &plaintext, NULL), 0);
	cr_assert(span_is(plaintext, TEXT));
	json_decref(object);
}

Test(otrp_interop, we_decrypt_what_others_encrypt)
{
	static const enum jwe_algorithm algorithms[] = { JWE_RSA1_5, JWE_ECDH_ES_A128KW,
							 JWE_ECDH_ES_A256KW };

	for (int i = 0; i < 3; i++)
		for (int a = 0; a < 3; a++)
			for (int e = ENC_A128CBC_HS256; e <= ENC_A256CBC_HS512; e++) {
				const char *algorithm = jwe_algorithm_name(algorithms[a]);
				const char *encryption = jwe_encryption_name(e);
				char command[256];
				EVP_PKEY *key;

				if (!jwe_algorithm_fits(algorithms[a], kinds[i]))
					continue;
				key = key_put(kinds[i]);
				text_put("in");
				snprintf(command, sizeof(command),
					 "jose jwe enc -I in -k public.jwk -o jwe "
					 "-i '{\"protected\":{\"enc\":\"%s\"}}' "
					 "-r '{\"header\":{\"alg\":\"%s\"}}'",
					 encryption, algorithm);
				run(command);
				jwe_opens(key);
				snprintf(command, sizeof(command), "%s %s", algorithm, encryption);
				python("encrypt", command);
				jwe_opens(key);
				EVP_PKEY_free(key);
			}
}
