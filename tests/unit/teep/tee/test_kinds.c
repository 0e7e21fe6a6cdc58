/* Every kind of key in every role. */
#include "tam_kit.h"

#include <criterion/criterion.h>

#include "teep/otrp/encoding.h"
#include "teep/pki/openssl_auto.h"
#include "teep/pki/signature.h"

static struct kit kit;

/* The firmware's word on the transaction holds by the certificate that comes with it. */
static void firmware_check(const json_t *data, enum key_kind kind)
{
	static const char *const names[] = { NULL, "RS256", "ES256", "ES384" };
	struct arena arena = { 0 };
	struct span der, tbs, signature;
	X509 *certificate;

	cr_assert_str_eq(json_string_value(json_object_get(data, "sigalg")), names[kind]);
	cr_assert_eq(base64_decode(json_span(json_object_get(data, "cert")), BASE64_ANY, &arena,
				   &der),
		     0);
	cr_assert_eq(base64_decode(json_span(json_object_get(data, "tbs")), BASE64_ANY, &arena,
				   &tbs),
		     0);
	cr_assert_eq(base64_decode(json_span(json_object_get(data, "sig")), BASE64_ANY, &arena,
				   &signature),
		     0);
	cr_assert(span_is(tbs, "t1"));
	certificate = certificate_parse(der.data, der.size);
	cr_assert_eq(key_kind(X509_get0_pubkey(certificate)), kind);
	cr_assert(signature_holds(X509_get0_pubkey(certificate), SIGNATURE_JOSE, tbs.data, tbs.size,
				  signature.data, signature.size));
	X509_free(certificate);
	arena_clear(&arena);
}

static void story(const struct kit_kinds *kinds)
{
	struct kit_answer answer;
	size_t size;
	uint8_t *package;
	json_t *encrypted;

	kit_open(&kit, kinds);
	kit_expect(&kit, &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE }, "pass",
		   &answer);
	firmware_check(json_object_get(json_object_get(answer.content, "dsi"), "tfwdata"),
		       kinds->firmware);
	kit_answer_clear(&answer);
	kit_create(&kit, &kit.tam, "sp", "sd");
	package = kit_package(&kit, 1, &size);
	encrypted = kit_encrypted_ta(&kit, "sp", package, size, "{}", false);
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_INSTALL_TA,
					   .content =
						   kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID),
					   .encrypted_ta = encrypted },
		   "pass", NULL);
	OPENSSL_free(package);
	kit_close(&kit);
}

/* TEE, TAM and service provider in every combination; firmware and authorities of each kind in
 * some of them, since RSA pairs take long to make. */
Test(otrp_tee_kinds, every_kind_of_key_in_every_role)
{
	static const enum key_kind kinds[] = { KEY_RSA, KEY_P256, KEY_P384 };

	for (int tee = 0; tee < 3; tee++)
		for (int tam = 0; tam < 3; tam++)
			for (int sp = 0; sp < 3; sp++) {
				const struct kit_kinds matrix = {
					.tee = kinds[tee],
					.tam = kinds[tam],
					.sp = kinds[sp],
					.aik = tee == 0 && sp == 0 ? KEY_RSA : KEY_P256,
					.firmware = tee == tam ? kinds[sp] : KEY_P256,
					.authorities = tee == tam && tam == sp
							       ? kinds[(tee + 1) % 3]
							       : KEY_P256,
				};

#ifdef TEESIM_SANITIZE
				if ((tee + tam + sp) % 3)
					continue;
#endif
				story(&matrix);
			}
}
