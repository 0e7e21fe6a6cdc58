#include "teep/otrp/jwe.h"

#include <endian.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "teep/otrp/encoding.h"
#include "teep/otrp/key_numbers.h"
#include "teep/pki/fetched.h"
#include "teep/pki/openssl_auto.h"
#include "teep/pki/ready_key.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct member general_members[] = {
	{ "protected", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "recipients", MEMBER_ARRAY, MEMBER_REQUIRED },
	{ "iv", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "ciphertext", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "tag", MEMBER_TEXT, MEMBER_REQUIRED },
};

static const struct member flattened_members[] = {
	{ "protected", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "header", MEMBER_OBJECT, MEMBER_OPTIONAL },
	{ "encrypted_key", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "iv", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "ciphertext", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "tag", MEMBER_TEXT, MEMBER_REQUIRED },
};

static const struct member recipient_members[] = {
	{ "header", MEMBER_OBJECT, MEMBER_OPTIONAL },
	{ "encrypted_key", MEMBER_TEXT, MEMBER_REQUIRED },
};

/* The same for the protected and the recipient's header; each member in one of them only. */
static const struct member header_members[] = {
	{ "alg", MEMBER_TEXT, MEMBER_OPTIONAL },   { "enc", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "typ", MEMBER_TEXT, MEMBER_OPTIONAL },   { "kid", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "epk", MEMBER_OBJECT, MEMBER_OPTIONAL }, { "apu", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "apv", MEMBER_TEXT, MEMBER_OPTIONAL },
};

static const struct member epk_members[] = {
	{ "kty", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "crv", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "x", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "y", MEMBER_TEXT, MEMBER_REQUIRED },
};

static int invalid(struct otrp_failure *failure, const char *why)
{
	return otrp_fail(failure, OTRP_REQUEST_INVALID, "JWE: %s", why);
}

static bool member_decode(const json_t *object, const char *name, struct arena *arena,
			  struct span *out)
{
	return base64_decode(json_span(json_object_get(object, name)), BASE64_JOSE, arena, out) ==
	       0;
}

/* The value of a header member, wherever it stands; *twice tells that it stands in both. */
static const json_t *header_get(const json_t *protected, const json_t *header, const char *name,
				bool *twice)
{
	const json_t *a = json_object_get(protected, name);
	const json_t *b = json_object_get(header, name);

	*twice |= a && b;
	return a ? a : b;
}

/* One that can't be used is left out: unwrapping fails then as with any other wrong one. */
static void epk_take(const json_t *epk, struct arena *arena, struct key_numbers *out)
{
	const struct span curve = json_span(json_object_get(epk, "crv"));

	*out = (struct key_numbers) { .kind = KEY_OTHER };
	if (!span_is(json_span(json_object_get(epk, "kty")), "EC") ||
	    !member_decode(epk, "x", arena, &out->x) || !member_decode(epk, "y", arena, &out->y))
		return;
	if (span_is(curve, "P-256") && out->x.size == 32 && out->y.size == 32)
		out->kind = KEY_P256;
	else if (span_is(curve, "P-384") && out->x.size == 48 && out->y.size == 48)
		out->kind = KEY_P384;
	if (out->kind == KEY_OTHER)
		out->x = out->y = (struct span) { 0 };
}

static int headers_parse(const json_t *protected, const json_t *header, struct arena *arena,
			 struct jwe *out, struct otrp_failure *failure)
{
	const json_t *algorithm, *encryption, *epk, *party;
	bool twice = false;
	int rc;

	rc = members_check(protected, "JWE protected header", header_members, COUNT(header_members),
			   EXTRA_REFUSED, failure);
	if (rc == 0 && header)
		rc = members_check(header, "JWE header", header_members, COUNT(header_members),
				   EXTRA_REFUSED, failure);
	if (rc)
		return rc;
	for (size_t i = 0; i < COUNT(header_members); i++)
		(void)header_get(protected, header, header_members[i].name, &twice);
	if (twice)
		return invalid(failure, "a parameter stands in both headers");
	algorithm = header_get(protected, header, "alg", &twice);
	encryption = json_object_get(protected, "enc");
	if (!algorithm || !encryption)
		return invalid(failure, "alg is missing, or enc in the protected header");
	out->algorithm = jwe_algorithm_parse(json_span(algorithm));
	out->encryption = jwe_encryption_parse(json_span(encryption));
	epk = header_get(protected, header, "epk", &twice);
	rc = epk ? members_check(epk, "JWE epk", epk_members, COUNT(epk_members), EXTRA_REFUSED,
				 failure)
		 : 0;
	if (rc)
		return rc;
	if (epk)
		epk_take(epk, arena, &out->epk);
	party = header_get(protected, header, "apu", &twice);
	if (party && base64_decode(json_span(party), BASE64_JOSE, arena, &out->apu))
		return invalid(failure, "apu is not in base64url");
	party = header_get(protected, header, "apv", &twice);
	if (party && base64_decode(json_span(party), BASE64_JOSE, arena, &out->apv))
		return invalid(failure, "apv is not in base64url");
	return 0;
}

static int parts_parse(const json_t *object, const json_t *recipient, struct arena *arena,
		       struct jwe *out, struct otrp_failure *failure)
{
	json_t *protected = NULL;
	struct span decoded;
	int rc;

	if (member_text(object, "protected", arena, &out->protected_text))
		return otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
	if (!member_decode(recipient, "encrypted_key", arena, &out->encrypted_key) ||
	    !member_decode(object, "iv", arena, &out->iv) ||
	    !member_decode(object, "ciphertext", arena, &out->ciphertext) ||
	    !member_decode(object, "tag", arena, &out->tag) ||
	    base64_decode(out->protected_text, BASE64_JOSE, arena, &decoded) ||
	    json_object_parse(decoded, &protected))
		return invalid(failure, "a member is not in base64url");
	rc = headers_parse(protected, json_object_get(recipient, "header"), arena, out, failure);
	json_decref(protected);
	return rc;
}

int jwe_parse(const json_t *object, struct arena *arena, struct jwe *out,
	      struct otrp_failure *failure)
{
	const json_t *recipients = json_object_get(object, "recipients");
	const json_t *recipient = object;
	int rc;

	*out = (struct jwe) { 0 };
	if (recipients) {
		rc = members_check(object, "JWE", general_members, COUNT(general_members),
				   EXTRA_REFUSED, failure);
		recipient = json_array_get(recipients, 0);
		if (rc == 0 && (json_array_size(recipients) != 1 || !json_is_object(recipient)))
			rc = invalid(failure, "there is not exactly one recipient");
		if (rc == 0)
			rc = members_check(recipient, "JWE recipient", recipient_members,
					   COUNT(recipient_members), EXTRA_REFUSED, failure);
	} else {
		rc = members_check(object, "JWE", flattened_members, COUNT(flattened_members),
				   EXTRA_REFUSED, failure);
	}
	return rc ? rc : parts_parse(object, recipient, arena, out, failure);
}

/* RSA keys have up to 8192 bits. */
#define BLOCK_MAX 1024U

/* All ones when the octet is zero, else none. */
static uint8_t zero_mask(uint8_t octet)
{
	return (uint8_t)(((unsigned)octet - 1U) >> 8);
}

/* The padding of RFC 8017 section 7.2.2, read by ourselves: OpenSSL 3.0 tells a wrong one by an
 * error of its own, which takes time of its own. */
int jwe_rsa_unwrap(EVP_PKEY *rsa, struct span block, uint8_t *key, size_t size)
{
	EVP_PKEY_CTX *context = ready_key_take(rsa, READY_DECRYPT);
	uint8_t padded[BLOCK_MAX], good = 0xff;
	size_t whole = sizeof(padded);
	bool fits;

	if (!context)
		return -ENOMEM;
	/* What fails here is not below the modulus, as everybody can see. */
	fits = EVP_PKEY_decrypt(context, padded, &whole, block.data, block.size) > 0 &&
	       whole >= size + 11;
	ready_key_give(rsa, READY_DECRYPT, context);
	if (!fits) {
		ERR_clear_error();
		return 0;
	}
	good &= zero_mask(padded[0]) & zero_mask(padded[1] ^ 2);
	for (size_t i = 2; i < whole - size - 1; i++)
		good &= (uint8_t)~zero_mask(padded[i]);
	good &= zero_mask(padded[whole - size - 1]);
	for (size_t i = 0; i < size; i++)
		key[i] = (uint8_t)((padded[whole - size + i] & good) | (key[i] & ~good));
	OPENSSL_cleanse(padded, sizeof(padded));
	return 0;
}

static uint8_t *number_put(uint8_t *at, size_t number)
{
	const uint32_t value = htobe32((uint32_t)number);

	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static uint8_t *field_put(uint8_t *at, const void *data, size_t size)
{
	at = number_put(at, size);
	if (size)
		memcpy(at, data, size);
	return at + size;
}

/* The key that wraps, by Concat KDF (RFC 7518 section 4.6.2), of which no key here takes more than
 * one round. */
static bool wrapping_key_derive(const struct jwe *jwe, const uint8_t *secret, size_t secret_size,
				uint8_t *out, size_t size)
{
	const char *name = jwe_algorithm_name((enum jwe_algorithm)jwe->algorithm);
	const size_t room =
		5 * sizeof(uint32_t) + secret_size + strlen(name) + jwe->apu.size + jwe->apv.size;
	uint8_t *input = malloc(room), *at = input, digest[32];
	bool derived;

	if (!input || size > sizeof(digest)) {
		free(input);
		return false;
	}
	at = mempcpy(number_put(at, 1), secret, secret_size);
	at = field_put(at, name, strlen(name));
	at = field_put(at, jwe->apu.data, jwe->apu.size);
	at = field_put(at, jwe->apv.data, jwe->apv.size);
	(void)number_put(at, size * 8);
	derived = sha256_make(input, room, digest);
	memcpy(out, digest, size);
	OPENSSL_cleanse(digest, sizeof(digest));
	OPENSSL_cleanse(input, room);
	free(input);
	return derived;
}

/* The peer's point lies on its curve, or there would be no key; these curves are of prime order, so
 * there is nothing else to check about it. */
static bool secret_agree(EVP_PKEY *key, EVP_PKEY *peer, uint8_t *out, size_t *size)
{
	EVP_PKEY_CTX *context = ready_key_take(key, READY_DERIVE);
	const bool agreed = context && peer && EVP_PKEY_derive_set_peer_ex(context, peer, 0) > 0 &&
			    EVP_PKEY_derive(context, out, size) > 0;

	ready_key_give(key, READY_DERIVE, context);
	return agreed;
}

/* Whether the wrapped key is of that size and whole: the wrapping has a check of its own, so there
 * is nothing to hide about it. */
static bool ecdh_unwrap(const struct jwe *jwe, EVP_PKEY *own, uint8_t *key, size_t size)
{
	const bool longer = jwe->algorithm == JWE_ECDH_ES_A256KW;
	CIPHER_CTX_AUTO context = EVP_CIPHER_CTX_new();
	PKEY_AUTO peer = jwe->epk.kind == key_kind(own) ? key_numbers_load(&jwe->epk) : NULL;
	uint8_t secret[KEY_NUMBERS_POINT_MAX], wrapping[32], found[80];
	size_t secret_size = sizeof(secret);
	bool whole;
	int n = 0;

	if (!context || jwe->encrypted_key.size != size + 8 ||
	    !secret_agree(own, peer, secret, &secret_size) ||
	    !wrapping_key_derive(jwe, secret, secret_size, wrapping, longer ? 32 : 16))
		return false;
	EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	whole = EVP_DecryptInit_ex(context,
				   fetched_cipher(longer ? FETCHED_AES_256_WRAP
							 : FETCHED_AES_128_WRAP),
				   NULL, wrapping, NULL) == 1 &&
		EVP_DecryptUpdate(context, found, &n, jwe->encrypted_key.data,
				  (int)jwe->encrypted_key.size) == 1 &&
		n == (int)size;
	if (whole)
		memcpy(key, found, size);
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(wrapping, sizeof(wrapping));
	OPENSSL_cleanse(found, sizeof(found));
	return whole;
}

/* The content key: the unwrapped one when there is one of the right length, else a random one. */
static int cek_unwrap(const struct jwe *jwe, EVP_PKEY *key, size_t size, struct arena *arena,
		      struct span *cek)
{
	uint8_t *chosen = arena_take(arena, size);
	int rc = 0;

	if (!chosen)
		return -ENOMEM;
	if (jwe->algorithm == JWE_RSA1_5)
		rc = RAND_priv_bytes(chosen, (int)size) == 1
			     ? jwe_rsa_unwrap(key, jwe->encrypted_key, chosen, size)
			     : -ENOMEM;
	else if (!ecdh_unwrap(jwe, key, chosen, size) && RAND_priv_bytes(chosen, (int)size) != 1)
		rc = -ENOMEM;
	ERR_clear_error();
	*cek = span_of(chosen, size);
	return rc;
}

/* RFC 7518 section 5.2: half of the key is for the tag, half for AES. The tag is half of the code,
 * which has room for EVP_MAX_MD_SIZE. */
static bool tag_make(struct span protected_text, struct span iv, struct span ciphertext,
		     const uint8_t *key, size_t half, uint8_t *code)
{
	const uint64_t bits = htobe64((uint64_t)protected_text.size * 8);
	EVP_MAC *hmac = fetched_hmac();
	EVP_MAC_CTX *context;
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
						 (char *)(half == 16 ? "SHA256" : "SHA512"), 0),
		OSSL_PARAM_construct_end(),
	};
	size_t size = 0;
	bool made;

	context = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
	made = context && EVP_MAC_init(context, key, half, parameters) == 1 &&
	       EVP_MAC_update(context, protected_text.data, protected_text.size) == 1 &&
	       EVP_MAC_update(context, iv.data, iv.size) == 1 &&
	       EVP_MAC_update(context, ciphertext.data, ciphertext.size) == 1 &&
	       EVP_MAC_update(context, (const uint8_t *)&bits, sizeof(bits)) == 1 &&
	       EVP_MAC_final(context, code, &size, EVP_MAX_MD_SIZE) == 1;
	EVP_MAC_CTX_free(context);
	return made;
}

static bool tag_holds(const struct jwe *jwe, const uint8_t *key, size_t half)
{
	uint8_t code[EVP_MAX_MD_SIZE];

	return tag_make(jwe->protected_text, jwe->iv, jwe->ciphertext, key, half, code) &&
	       jwe->tag.size == half && CRYPTO_memcmp(code, jwe->tag.data, half) == 0;
}

int jwe_decrypt_by(const struct jwe *jwe, struct span cek, struct arena *arena,
		   struct span *plaintext)
{
	CIPHER_CTX_AUTO context = EVP_CIPHER_CTX_new();
	const size_t half = cek.size / 2;
	uint8_t *out;
	int size = 0, last = 0;

	if (!context)
		return -ENOMEM;
	if (jwe->iv.size != 16 || jwe->ciphertext.size > INT32_MAX - 16 ||
	    !tag_holds(jwe, cek.data, half))
		return -EBADMSG;
	out = arena_take(arena, jwe->ciphertext.size + 16);
	if (!out)
		return -ENOMEM;
	if (EVP_DecryptInit_ex(
		    context, fetched_cipher(half == 16 ? FETCHED_AES_128_CBC : FETCHED_AES_256_CBC),
		    NULL, cek.data + half, jwe->iv.data) != 1 ||
	    EVP_DecryptUpdate(context, out, &size, jwe->ciphertext.data,
			      (int)jwe->ciphertext.size) != 1 ||
	    EVP_DecryptFinal_ex(context, out + size, &last) != 1) {
		ERR_clear_error();
		return -EBADMSG;
	}
	out[size + last] = 0;
	*plaintext = span_of(out, (size_t)size + (size_t)last);
	return 0;
}

int jwe_unwrap(const struct jwe *jwe, EVP_PKEY *key, struct arena *arena, struct span *cek)
{
	if (jwe->encryption == ENC_NONE ||
	    !jwe_algorithm_fits((enum jwe_algorithm)jwe->algorithm, key_kind(key)))
		return -ENOTSUP;
	return cek_unwrap(jwe, key, jwe_encryption_key_size((enum jwe_encryption)jwe->encryption),
			  arena, cek);
}

int jwe_decrypt(const struct jwe *jwe, EVP_PKEY *key, struct arena *arena, struct span *plaintext,
		struct span *cek)
{
	struct span found;
	int rc = jwe_unwrap(jwe, key, arena, &found);

	if (rc == 0)
		rc = jwe_decrypt_by(jwe, found, arena, plaintext);
	if (rc == 0 && cek)
		*cek = found;
	return rc;
}

/* The content key for the holder of an RSA key; the caller's text in base64url. */
static char *rsa_wrap(EVP_PKEY *recipient, struct span cek)
{
	EVP_PKEY_CTX *context = ready_key_take(recipient, READY_ENCRYPT);
	uint8_t wrapped[BLOCK_MAX];
	size_t size = sizeof(wrapped);
	const bool done =
		context && EVP_PKEY_encrypt(context, wrapped, &size, cek.data, cek.size) > 0;

	ready_key_give(recipient, READY_ENCRYPT, context);
	return done ? base64url_encode(wrapped, size) : NULL;
}

/* {"crv":…,"kty":"EC","x":…,"y":…} */
static json_t *epk_make(EVP_PKEY *key, struct arena *arena)
{
	struct key_numbers numbers;
	json_t *epk = NULL;
	char *x, *y;

	if (key_numbers_of(key, arena, &numbers) || !numbers.x.data || !numbers.y.data)
		return NULL;
	x = base64url_encode(numbers.x.data, numbers.x.size);
	y = base64url_encode(numbers.y.data, numbers.y.size);
	if (x && y)
		epk = json_pack("{s:s, s:s, s:s, s:s}", "crv",
				numbers.kind == KEY_P384 ? "P-384" : "P-256", "kty", "EC", "x", x,
				"y", y);
	free(x);
	free(y);
	return epk;
}

static bool key_wrap(const uint8_t *wrapping, bool longer, struct span cek, uint8_t *out, int *n)
{
	CIPHER_CTX_AUTO context = EVP_CIPHER_CTX_new();

	if (!context)
		return false;
	EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	return EVP_EncryptInit_ex(context,
				  fetched_cipher(longer ? FETCHED_AES_256_WRAP
							: FETCHED_AES_128_WRAP),
				  NULL, wrapping, NULL) == 1 &&
	       EVP_EncryptUpdate(context, out, n, cek.data, (int)cek.size) == 1;
}

/* The same for the holder of a key on a curve, with a fresh pair, whose public half goes into
 * *epk. */
static char *ecdh_wrap(EVP_PKEY *recipient, enum jwe_algorithm algorithm, struct span cek,
		       struct arena *arena, json_t **epk)
{
	const struct jwe agreement = { .algorithm = algorithm };
	const bool longer = algorithm == JWE_ECDH_ES_A256KW;
	PKEY_AUTO fresh = key_numbers_pair(key_kind(recipient));
	uint8_t secret[KEY_NUMBERS_POINT_MAX], wrapping[32], wrapped[80];
	size_t secret_size = sizeof(secret);
	char *text = NULL;
	int n = 0;

	if (fresh && cek.size + 8 <= sizeof(wrapped) &&
	    secret_agree(fresh, recipient, secret, &secret_size) &&
	    wrapping_key_derive(&agreement, secret, secret_size, wrapping, longer ? 32 : 16) &&
	    key_wrap(wrapping, longer, cek, wrapped, &n))
		*epk = epk_make(fresh, arena);
	if (*epk)
		text = base64url_encode(wrapped, (size_t)n);
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(wrapping, sizeof(wrapping));
	return text;
}

static bool content_encrypt(struct span plaintext, struct span cek, const uint8_t *iv, uint8_t *out,
			    size_t *size)
{
	CIPHER_CTX_AUTO context = EVP_CIPHER_CTX_new();
	const size_t half = cek.size / 2;
	int n = 0, last = 0;

	if (!context || plaintext.size > INT32_MAX - 16 ||
	    EVP_EncryptInit_ex(
		    context, fetched_cipher(half == 16 ? FETCHED_AES_128_CBC : FETCHED_AES_256_CBC),
		    NULL, cek.data + half, iv) != 1 ||
	    EVP_EncryptUpdate(context, out, &n, plaintext.data, (int)plaintext.size) != 1 ||
	    EVP_EncryptFinal_ex(context, out + n, &last) != 1)
		return false;
	*size = (size_t)n + (size_t)last;
	return true;
}

/* The recipient's entry: for whom the content key is wrapped, and how. */
static json_t *recipient_make(EVP_PKEY *recipient, enum jwe_algorithm algorithm, struct span cek,
			      struct arena *arena)
{
	json_t *epk = NULL, *entry = NULL;
	char *wrapped = algorithm == JWE_RSA1_5 ? rsa_wrap(recipient, cek)
						: ecdh_wrap(recipient, algorithm, cek, arena, &epk);

	if (wrapped)
		entry = json_pack("{s:{s:s, s:O*}, s:s}", "header", "alg",
				  jwe_algorithm_name(algorithm), "epk", epk, "encrypted_key",
				  wrapped);
	json_decref(epk);
	free(wrapped);
	return entry;
}

/* A content key, fresh where there is none. */
static int cek_ensure(enum jwe_encryption encryption, struct arena *arena, struct span *cek)
{
	const size_t size = jwe_encryption_key_size(encryption);
	uint8_t *key;

	if (cek->data)
		return 0;
	key = arena_take(arena, size);
	if (!key || RAND_priv_bytes(key, (int)size) != 1)
		return -ENOMEM;
	*cek = span_of(key, size);
	return 0;
}

/* What is encrypted, before it is text. */
struct sealed {
	char header[64];
	uint8_t iv[16], code[EVP_MAX_MD_SIZE];
	struct span ciphertext, tag;
};

/* By OpenSSL alone: by way of libjose, copies of the plaintext and of the keys as JSON cost more
 * than what is unavoidable. */
static int seal(struct span plaintext, enum jwe_encryption encryption, struct span cek,
		struct arena *arena, struct sealed *out)
{
	uint8_t *octets = arena_take(arena, plaintext.size + 16);
	char name[64];
	size_t size = 0;

	if (!octets)
		return -ENOMEM;
	snprintf(name, sizeof(name), "{\"enc\":\"%s\"}", jwe_encryption_name(encryption));
	*base64url_put(out->header, name, strlen(name)) = '\0';
	if (RAND_bytes(out->iv, sizeof(out->iv)) != 1 ||
	    !content_encrypt(plaintext, cek, out->iv, octets, &size) ||
	    !tag_make(span_of_text(out->header), span_of(out->iv, sizeof(out->iv)),
		      span_of(octets, size), cek.data, cek.size / 2, out->code))
		return -ENOMEM;
	out->ciphertext = span_of(octets, size);
	out->tag = span_of(out->code, cek.size / 2);
	return 0;
}

json_t *jwe_encrypt(struct span plaintext, EVP_PKEY *recipient, enum jwe_encryption encryption,
		    struct arena *arena, struct span *cek)
{
	const enum jwe_algorithm algorithm = jwe_algorithm_of(key_kind(recipient));
	char *texts[3] = { NULL };
	json_t *object = NULL, *entry;
	struct sealed sealed;

	if (algorithm == JWE_NONE || encryption == ENC_NONE || cek_ensure(encryption, arena, cek) ||
	    seal(plaintext, encryption, *cek, arena, &sealed))
		return NULL;
	texts[0] = base64url_encode(sealed.iv, sizeof(sealed.iv));
	texts[1] = base64url_encode(sealed.ciphertext.data, sealed.ciphertext.size);
	texts[2] = base64url_encode(sealed.tag.data, sealed.tag.size);
	entry = recipient_make(recipient, algorithm, *cek, arena);
	if (entry && texts[0] && texts[1] && texts[2])
		object = json_pack("{s:s, s:[O], s:s, s:o, s:s}", "protected", sealed.header,
				   "recipients", entry, "iv", texts[0], "ciphertext",
				   json_string_nocheck(texts[1]), "tag", texts[2]);
	json_decref(entry);
	for (size_t i = 0; i < COUNT(texts); i++)
		free(texts[i]);
	return object;
}

int jwe_wrap(EVP_PKEY *recipient, enum jwe_encryption encryption, struct arena *arena,
	     struct span *cek, struct span *entry)
{
	const enum jwe_algorithm algorithm = jwe_algorithm_of(key_kind(recipient));
	json_t *object;
	char *text;
	bool kept;

	if (algorithm == JWE_NONE || encryption == ENC_NONE || cek_ensure(encryption, arena, cek))
		return -ENOMEM;
	object = recipient_make(recipient, algorithm, *cek, arena);
	text = object ? json_canonical(object) : NULL;
	kept = text && arena_copy(arena, text, strlen(text), entry);
	free(text);
	json_decref(object);
	return kept ? 0 : -ENOMEM;
}

int jwe_text(struct span plaintext, enum jwe_encryption encryption, struct span cek,
	     struct span entry, struct arena *arena, struct span *out)
{
	struct sealed sealed;
	char *text, *at;

	if (seal(plaintext, encryption, cek, arena, &sealed))
		return -ENOMEM;
	text = at = arena_take(arena, BASE64_ROOM(sealed.ciphertext.size) + entry.size + 512);
	if (!text)
		return -ENOMEM;
	at = stpcpy(at, "{\"ciphertext\":\"");
	at = base64url_put(at, sealed.ciphertext.data, sealed.ciphertext.size);
	at = stpcpy(at, "\",\"iv\":\"");
	at = base64url_put(at, sealed.iv, sizeof(sealed.iv));
	at = stpcpy(at, "\",\"protected\":\"");
	at = stpcpy(at, sealed.header);
	at = stpcpy(at, "\",\"recipients\":[");
	at = mempcpy(at, entry.data, entry.size);
	at = stpcpy(at, "],\"tag\":\"");
	at = base64url_put(at, sealed.tag.data, sealed.tag.size);
	at = stpcpy(at, "\"}");
	*out = span_of(text, (size_t)(at - text));
	return 0;
}
