#include "teep/otrp/encrypted_ta.h"

#include <openssl/rand.h>

#include "teep/otrp/compose.h"
#include "teep/otrp/encoding.h"
#include "teep/pki/fetched.h"
#include "teep/pki/openssl_auto.h"

#define TA_KEY_SIZE  32
#define TA_IV_SIZE   16

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What differs between the two commands. */
static const struct {
	const char *install, *update;
} names[] = {
	{ "ciphertadata", "ciphernewtadata" },
	{ "cipherpdata", "ciphernewpdata" },
};

/* AES-256-CBC with PKCS #7 padding, in base64. */
static json_t *cipher_text(const uint8_t key[TA_KEY_SIZE], const uint8_t iv[TA_IV_SIZE],
			   struct span plain, struct arena *arena)
{
	CIPHER_CTX_AUTO context = EVP_CIPHER_CTX_new();
	uint8_t *out = arena_take(arena, plain.size + TA_IV_SIZE);
	int size = 0, last = 0;

	if (!context || !out || plain.size > INT32_MAX ||
	    EVP_EncryptInit_ex(context, fetched_cipher(FETCHED_AES_256_CBC), NULL, key, iv) != 1 ||
	    EVP_EncryptUpdate(context, out, &size, plain.data, (int)plain.size) != 1 ||
	    EVP_EncryptFinal_ex(context, out + size, &last) != 1)
		return NULL;
	return otrp_base64(out, (size_t)size + (size_t)last);
}

/* A fresh key for this delivery alone, wrapped for the SP's key in the TEE. */
json_t *encrypted_ta_make(bool update, EVP_PKEY *aik, struct span package,
			  struct span personalisation, struct arena *arena)
{
	const struct span goods[COUNT(names)] = { package, personalisation };
	uint8_t *key = arena_take(arena, TA_KEY_SIZE), iv[TA_IV_SIZE];
	char iv_text[2 * TA_IV_SIZE + 1];
	struct span cek = { 0 };
	json_t *object;

	if (!key || RAND_priv_bytes(key, TA_KEY_SIZE) != 1 || RAND_bytes(iv, sizeof(iv)) != 1)
		return NULL;
	object = json_pack("{s:o, s:s, s:s}", "key",
			   jwe_encrypt(span_of(key, TA_KEY_SIZE), aik, ENC_A128CBC_HS256, arena,
				       &cek),
			   "iv", hex_encode(iv, sizeof(iv), iv_text), "alg", "AESCBC");
	for (size_t i = 0; object && i < COUNT(names); i++)
		if (goods[i].data &&
		    json_object_set_new(object, update ? names[i].update : names[i].install,
					cipher_text(key, iv, goods[i], arena))) {
			json_decref(object);
			object = NULL;
		}
	return object;
}

json_t *encrypted_ta_take(struct span text, bool update)
{
	json_t *object;

	if (json_object_parse(text, &object))
		return NULL;
	for (size_t i = 0; update && i < COUNT(names); i++) {
		json_t *value = json_object_get(object, names[i].install);

		if (value && (json_object_set(object, names[i].update, value) ||
			      json_object_del(object, names[i].install))) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}
