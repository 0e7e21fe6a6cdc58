#include "tam_kit.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <unistd.h>

#include "boot/manufacture.h"
#include "teep/otrp/compose.h"
#include "teep/otrp/encoding.h"
#include "teep/otrp/ta_cms.h"
#include "teep/pki/ocsp.h"
#include "teep/pki/openssl_auto.h"
#include "scratch_directory.h"
#include "test_keys.h"

static char err[512];

/* Not Criterion's: measurements use the kit too. A test that ends so is one that crashed. */
#define REQUIRE(condition, ...)                                                          \
	do {                                                                             \
		if (!(condition)) {                                                      \
			(void)fprintf(stderr, "%s:%d: not so: %s. ", __FILE__, __LINE__, \
				      #condition);                                       \
			(void)fprintf(stderr, " " __VA_ARGS__);                          \
			(void)fputc('\n', stderr);                                       \
			abort();                                                         \
		}                                                                        \
	} while (0)

static STACK_OF(X509) * ring_of(const struct authority *authority)
{
	STACK_OF(X509) *roots = sk_X509_new_null();

	sk_X509_push(roots, sk_X509_value(authority->chain, sk_X509_num(authority->chain) - 1));
	return roots;
}

static void device_make(struct kit *kit, const struct kit_kinds *kinds)
{
	struct authority firmware, tee;
	EVP_PKEY *secureboot = key_generate(KEY_P256);
	STACK_OF(X509) *roots = ring_of(&kit->tam_ca);
	struct manufacture order = {
		.tee_name = "simtee-0",
		.tee_version = "1.0",
		.tee_image = "image",
		.tee_image_size = 5,
		.secureboot_key = secureboot,
		.firmware_authority = &firmware,
		.tee_authority = &tee,
		.tam_roots = roots,
		.tfw_kind = kinds->firmware ? kinds->firmware : KEY_P256,
		.tee_kind = kinds->tee,
		.unattested = kinds->unattested,
	};

	REQUIRE(authority_open(&firmware, kit->authorities, HIERARCHY_FIRMWARE, "ca", err,
			       sizeof(err)) == 0,
		"%s", err);
	REQUIRE(authority_open(&tee, kit->authorities, HIERARCHY_TEE, "ca", err, sizeof(err)) == 0,
		"%s", err);
	order.admin = sk_X509_value(firmware.chain, 0);
	REQUIRE(manufacture_device(kit->device, &order, err, sizeof(err)) == 0, "%s", err);
	sk_X509_free(roots);
	EVP_PKEY_free(secureboot);
	authority_close(&firmware);
	authority_close(&tee);
}

void kit_restart(struct kit *kit)
{
	int store_error;

	tee_close(kit->tee);
	kit->tee = NULL;
	REQUIRE(tee_open(&kit->tee, kit->device, &kit->options, &store_error, err, sizeof(err)) ==
			BOOT_OK,
		"%s", err);
	tee_threads_start(kit->tee);
}

void kit_open(struct kit *kit, const struct kit_kinds *kinds)
{
	static const struct kit_kinds quick = {
		KEY_P256, KEY_P256, KEY_P256, KEY_P256, 0, 0, false
	};
	enum key_kind all[HIERARCHY_COUNT] = { KEY_P256, KEY_P256, KEY_P256, KEY_P256 };
	struct certificate_request sp = {
		.role = ROLE_SP,
		.name = "Sim SP",
		.not_before = time(NULL) - 60,
		.not_after = time(NULL) + 86400,
	};

	if (!kinds)
		kinds = &quick;
	for (int i = 0; kinds->authorities && i < HIERARCHY_COUNT; i++)
		all[i] = kinds->authorities;
	memset(kit, 0, sizeof(*kit));
	REQUIRE(scratch_directory_make("otrp-kit", kit->directory, sizeof(kit->directory)));
	snprintf(kit->device, sizeof(kit->device), "%s/device", kit->directory);
	snprintf(kit->authorities, sizeof(kit->authorities), "%s/authorities", kit->directory);
	REQUIRE(authorities_make(kit->authorities, all, err, sizeof(err)) == 0, "%s", err);
	REQUIRE(authority_open(&kit->tam_ca, kit->authorities, HIERARCHY_TAM, "ca", err,
			       sizeof(err)) == 0,
		"%s", err);
	device_make(kit, kinds);
	kit->options.aik_kind = kinds->aik;
	kit->options.extended = kinds->tam == KEY_P384 || kinds->tee == KEY_P384;
	kit->sp_key = test_key(kinds->sp, 2);
	sp.key = kit->sp_key;
	kit->sp_certificate = certificate_issue(&sp, NULL, NULL);
	kit_tam_make(kit, &kit->tam, KIT_TAMID, kinds->tam, NULL);
	kit_restart(kit);
}

void kit_close(struct kit *kit)
{
	tee_close(kit->tee);
	kit_tam_clear(&kit->tam);
	authority_close(&kit->tam_ca);
	EVP_PKEY_free(kit->sp_key);
	X509_free(kit->sp_certificate);
	X509_free(kit->tee_certificate);
	REQUIRE(scratch_directory_remove(kit->directory));
}

static json_t *staple(struct kit *kit, X509 *subject)
{
	struct authority root;
	json_t *array = json_array();
	uint8_t *der;
	size_t size;

	REQUIRE(authority_ocsp(&kit->tam_ca, subject, false, 1, &der, &size, err, sizeof(err)) == 0,
		"%s", err);
	json_array_append_new(array, otrp_base64(der, size));
	OPENSSL_free(der);
	REQUIRE(authority_open(&root, kit->authorities, HIERARCHY_TAM, "root", err, sizeof(err)) ==
			0,
		"%s", err);
	REQUIRE(authority_ocsp(&root, sk_X509_value(kit->tam_ca.chain, 0), false, 1, &der, &size,
			       err, sizeof(err)) == 0,
		"%s", err);
	json_array_append_new(array, otrp_base64(der, size));
	OPENSSL_free(der);
	authority_close(&root);
	return array;
}

void kit_tam_make(struct kit *kit, struct kit_tam *tam, const char *tamid, enum key_kind kind,
		  EVP_PKEY *previous)
{
	memset(tam, 0, sizeof(*tam));
	tam->key = test_key(kind, previous ? 4 : 1);
	snprintf(tam->tamid, sizeof(tam->tamid), "%s", tamid);
	REQUIRE(authority_issue(&kit->tam_ca, ROLE_TAM, "Sim TAM", tam->key, tamid, previous, 100,
				&tam->chain, err, sizeof(err)) == 0,
		"%s", err);
	tam->ocspdat = staple(kit, sk_X509_value(tam->chain, 0));
}

void kit_tam_clear(struct kit_tam *tam)
{
	EVP_PKEY_free(tam->key);
	x509_stack_free(tam->chain);
	json_decref(tam->ocspdat);
	memset(tam, 0, sizeof(*tam));
}

static json_t *encrypt_for(EVP_PKEY *recipient, json_t *plain)
{
	struct arena arena = { 0 };
	struct span cek = { 0 };
	json_t *jwe = otrp_encrypt(plain, recipient, ENC_A128CBC_HS256, &arena, &cek);

	arena_clear(&arena);
	REQUIRE(jwe);
	return jwe;
}

static void merge(json_t *tbs, json_t *more)
{
	const char *name;
	json_t *value;

	json_object_foreach(more, name, value) {
		if (json_is_null(value))
			json_object_del(tbs, name);
		else
			json_object_set(tbs, name, value);
	}
	json_decref(more);
}

char *kit_request(struct kit *kit, const struct kit_request *request)
{
	const struct kit_tam *tam = request->tam ? request->tam : &kit->tam;
	const bool query = request->message == OTRP_GET_DEVICE_STATE;
	STACK_OF(X509) *x5c = request->x5c ? request->x5c : tam->chain;
	EVP_PKEY *recipient = request->recipient;
	char rid[32], name[40], *text;
	json_t *tbs;

	snprintf(rid, sizeof(rid), "r%u", ++kit->requests);
	tbs = json_pack("{s:s, s:s, s:s}", "ver", "1.0", "rid", rid, "tid", "t1");
	if (query) {
		json_object_set(tbs, "ocspdat", tam->ocspdat);
	} else {
		if (!recipient)
			recipient = X509_get0_pubkey(kit->tee_certificate);
		json_object_set_new(tbs, "tee", json_string("simtee-0"));
		json_object_set_new(tbs, "nextdsi", json_boolean(!request->without_dsi));
		json_object_set_new(tbs, "dsihash", json_string(tam->dsihash));
		json_object_set_new(tbs, "content", encrypt_for(recipient, request->content));
	}
	if (request->encrypted_ta)
		json_object_set_new(tbs, "encrypted_ta", request->encrypted_ta);
	if (request->more)
		merge(tbs, request->more);
	snprintf(name, sizeof(name), "%s", otrp_message_name(request->message));
	if (request->tbs_name) {
		/* The payload of one message in the envelope of another. */
		char *inner = otrp_compose(request->tbs_name, "Request", tbs,
					   request->signer ? request->signer : tam->key, x5c);
		json_t *object = json_loads(inner, 0, NULL), *outer = json_object();
		char full[48];

		snprintf(full, sizeof(full), "%sRequest", name);
		json_object_set(outer, full, json_object_iter_value(json_object_iter(object)));
		text = json_canonical(outer);
		json_decref(outer);
		json_decref(object);
		free(inner);
		return text;
	}
	text = otrp_compose(name, "Request", tbs, request->signer ? request->signer : tam->key,
			    request->without_x5c ? NULL : x5c);
	REQUIRE(text);
	return text;
}

static void dsi_learn(struct kit *kit, struct kit_tam *tam, json_t *dsi)
{
	json_t *whole = json_pack("{s:O}", "dsi", dsi);
	const json_t *tee = json_object_get(dsi, "tee");
	char *text = json_canonical(whole), *encoded;
	struct arena arena = { 0 };
	struct span der;
	uint8_t hash[32];

	EVP_Digest(text, strlen(text), hash, NULL, EVP_sha256(), NULL);
	encoded = base64_encode(hash, sizeof(hash));
	snprintf(tam->dsihash, sizeof(tam->dsihash), "%s", encoded);
	free(encoded);
	free(text);
	json_decref(whole);
	REQUIRE(base64_decode(json_span(json_object_get(tee, "cert")), BASE64_ANY, &arena, &der) ==
		0);
	X509_free(kit->tee_certificate);
	kit->tee_certificate = certificate_parse(der.data, der.size);
	certificate_hash(kit->tee_certificate, hash);
	encoded = base64_encode(hash, sizeof(hash));
	snprintf(kit->did, sizeof(kit->did), "%s", encoded);
	free(encoded);
	arena_clear(&arena);
}

static json_t *decrypt(const struct kit_tam *tam, const json_t *object)
{
	struct otrp_failure failure;
	struct arena arena = { 0 };
	struct span plaintext;
	struct jwe jwe;
	json_t *value;

	REQUIRE(jwe_parse(object, &arena, &jwe, &failure) == 0, "%s", failure.why);
	REQUIRE(jwe_decrypt(&jwe, tam->key, &arena, &plaintext, NULL) == 0);
	value = json_loadb((const char *)plaintext.data, plaintext.size, 0, NULL);
	arena_clear(&arena);
	REQUIRE(value);
	return value;
}

/* The answer's signature is the TEE's, whatever it says. */
static void signature_require(struct kit *kit, const json_t *object, struct arena *arena,
			      json_t **payload)
{
	const struct jws_options options = { .extended = true };
	struct otrp_failure failure;
	struct jws jws;

	REQUIRE(jws_parse(object, &options, arena, &jws, &failure) == 0, "%s", failure.why);
	REQUIRE(!json_object_get(object, "header"));
	*payload = json_loadb((const char *)jws.payload.data, jws.payload.size, 0, NULL);
	REQUIRE(*payload);
	if (kit->tee_certificate)
		REQUIRE(jws_verify(&jws, X509_get0_pubkey(kit->tee_certificate)));
}

void kit_send(struct kit *kit, struct kit_tam *tam, const void *octets, size_t size,
	      struct kit_answer *answer)
{
	struct arena arena = { 0 };
	json_t *object, *payload, *inner, *reason;
	char *text;

	memset(answer, 0, sizeof(*answer));
	REQUIRE(tee_process(kit->tee, octets, size, &text) == 0);
	object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	REQUIRE(object);
	free(text);
	signature_require(kit, json_object_iter_value(json_object_iter(object)), &arena, &payload);
	answer->tbs = json_incref(json_object_iter_value(json_object_iter(payload)));
	inner = json_object_get(answer->tbs, "content");
	if (!inner)
		inner = json_object_get(answer->tbs, "edsi");
	if (inner)
		answer->content = decrypt(tam, inner);
	reason = json_object_get(answer->tbs, "reason");
	if (!reason && answer->content)
		reason = json_object_get(answer->content, "reason");
	snprintf(answer->code, sizeof(answer->code), "%s",
		 reason ? json_string_value(json_object_get(reason, "error-code")) : "pass");
	REQUIRE(strcmp(json_string_value(json_object_get(answer->tbs, "status")),
		       reason ? "fail" : "pass") == 0);
	if (answer->content && json_object_get(answer->content, "dsi"))
		dsi_learn(kit, tam, json_object_get(answer->content, "dsi"));
	json_decref(payload);
	json_decref(object);
	arena_clear(&arena);
}

void kit_answer_clear(struct kit_answer *answer)
{
	json_decref(answer->tbs);
	json_decref(answer->content);
	memset(answer, 0, sizeof(*answer));
}

void kit_expect(struct kit *kit, const struct kit_request *request, const char *code,
		struct kit_answer *answer)
{
	struct kit_tam *tam = request->tam ? (struct kit_tam *)request->tam : &kit->tam;
	char *text = kit_request(kit, request);
	struct kit_answer own;
	struct kit_answer *out = answer ? answer : &own;
	char *dump;

	kit_send(kit, tam, text, strlen(text), out);
	dump = json_dumps(out->content ? out->content : out->tbs, 0);
	REQUIRE(strcmp(out->code, code) == 0, "%s: %s, not %s: %.600s",
		otrp_message_name(request->message), out->code, code, dump);
	free(dump);
	free(text);
	if (!answer)
		kit_answer_clear(&own);
}

void kit_state(struct kit *kit, struct kit_tam *tam)
{
	kit_expect(kit, &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE, .tam = tam },
		   "pass", NULL);
}

static json_t *certificate_text(X509 *certificate)
{
	size_t size;
	uint8_t *der = certificate_encode(certificate, &size);
	json_t *value = otrp_base64(der, size);

	OPENSSL_free(der);
	return value;
}

json_t *kit_create_content(struct kit *kit, const struct kit_tam *tam, const char *spid,
			   const char *sdname)
{
	return json_pack("{s:s, s:s, s:o, s:s, s:s}", "spid", spid, "sdname", sdname, "spcert",
			 certificate_text(kit->sp_certificate), "tamid", tam->tamid, "did",
			 kit->did);
}

json_t *kit_sd_content(const struct kit_tam *tam, const char *spid, const char *sdname)
{
	json_t *content = json_pack("{s:s, s:s}", "tamid", tam->tamid, "sdname", sdname);

	if (spid)
		json_object_set_new(content, "spid", json_string(spid));
	return content;
}

json_t *kit_ta_content(const struct kit_tam *tam, const char *spid, const char *sdname,
		       const char *taid)
{
	json_t *content = kit_sd_content(tam, spid, sdname);

	json_object_set_new(content, "taid", json_string(taid));
	return content;
}

void kit_create(struct kit *kit, struct kit_tam *tam, const char *spid, const char *sdname)
{
	kit_expect(kit,
		   &(struct kit_request) { .message = OTRP_CREATE_SD,
					   .tam = tam,
					   .content = kit_create_content(kit, tam, spid, sdname) },
		   "pass", NULL);
}

static uint8_t *fixture_image(size_t *size)
{
	FILE *file = fopen(KIT_TA_IMAGE, "r");
	uint8_t *image;
	long end;

	REQUIRE(file, "%s", KIT_TA_IMAGE);
	fseek(file, 0, SEEK_END);
	end = ftell(file);
	rewind(file);
	image = malloc((size_t)end);
	REQUIRE(fread(image, 1, (size_t)end, file) == (size_t)end);
	fclose(file);
	*size = (size_t)end;
	return image;
}

uint8_t *kit_package(struct kit *kit, uint32_t version, size_t *size)
{
	uint8_t header[TA_CMS_HEADER_SIZE], *image, *package;
	struct uuid uuid;
	size_t image_size;

	REQUIRE(uuid_parse(KIT_TAID, &uuid) == 0);
	image = fixture_image(&image_size);
	REQUIRE(ta_cms_header(&uuid, version, "fixture", image_size, header));
	package = ta_cms_sign(header, image, image_size, kit->sp_certificate, kit->sp_key, size);
	REQUIRE(package);
	free(image);
	return package;
}

static EVP_PKEY *aik_public(struct kit *kit, const char *spid)
{
	struct kit_answer answer;
	struct arena arena = { 0 };
	EVP_PKEY *key = NULL;
	json_t *aik;
	size_t i;

	kit_expect(kit, &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE }, "pass",
		   &answer);
	json_array_foreach(
		json_object_get(json_object_get(json_object_get(answer.content, "dsi"), "tee"),
				"teeaiklist"),
		i, aik) {
		struct span der;
		const uint8_t *at;

		if (strcmp(json_string_value(json_object_get(aik, "spid")), spid) != 0)
			continue;
		REQUIRE(base64_decode(json_span(json_object_get(aik, "spaik")), BASE64_ANY, &arena,
				      &der) == 0);
		at = der.data;
		if (!strcmp(json_string_value(json_object_get(aik, "spaiktype")), "RSA"))
			key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)der.size);
		else
			key = d2i_PUBKEY(NULL, &at, (long)der.size);
	}
	kit_answer_clear(&answer);
	arena_clear(&arena);
	return key;
}

static json_t *cbc(const uint8_t *key, const uint8_t *iv, const void *data, size_t size)
{
	CIPHER_CTX_AUTO context = EVP_CIPHER_CTX_new();
	uint8_t *out = malloc(size + 16);
	int n, last;
	json_t *value;

	EVP_EncryptInit_ex(context, EVP_aes_256_cbc(), NULL, key, iv);
	EVP_EncryptUpdate(context, out, &n, data, (int)size);
	EVP_EncryptFinal_ex(context, out + n, &last);
	value = otrp_base64(out, (size_t)n + (size_t)last);
	free(out);
	return value;
}

json_t *kit_encrypted_ta(struct kit *kit, const char *spid, const void *package, size_t size,
			 const char *personal, bool update)
{
	EVP_PKEY *aik = aik_public(kit, spid);
	struct arena arena = { 0 };
	struct span cek = { 0 };
	uint8_t key[32], iv[16];
	char iv_text[33];
	json_t *object;

	REQUIRE(aik, "the state has no key of %s", spid);
	RAND_bytes(key, sizeof(key));
	RAND_bytes(iv, sizeof(iv));
	object = json_pack("{s:o, s:s, s:s}", "key",
			   jwe_encrypt(span_of(key, sizeof(key)), aik, ENC_A128CBC_HS256, &arena,
				       &cek),
			   "iv", hex_encode(iv, sizeof(iv), iv_text), "alg", "AESCBC");
	if (package)
		json_object_set_new(object, update ? "ciphernewtadata" : "ciphertadata",
				    cbc(key, iv, package, size));
	if (personal)
		json_object_set_new(object, update ? "ciphernewpdata" : "cipherpdata",
				    cbc(key, iv, personal, strlen(personal)));
	arena_clear(&arena);
	EVP_PKEY_free(aik);
	return object;
}

char *kit_dsi(struct kit *kit, struct kit_tam *tam)
{
	struct kit_answer answer;
	char *text;

	kit_expect(kit, &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE, .tam = tam },
		   "pass", &answer);
	/* The firmware's signature differs each time, and is not state. */
	json_object_del(json_object_get(answer.content, "dsi"), "tfwdata");
	text = json_canonical(answer.content);
	kit_answer_clear(&answer);
	return text;
}
