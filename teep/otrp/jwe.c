#include "teep/otrp/jwe.h"

#include <errno.h>
#include <jose/jwe.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "teep/otrp/encoding.h"
#include "teep/otrp/jose_key.h"
#include "teep/pki/openssl_auto.h"

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

static bool is_base64url(struct span text, struct arena *arena)
{
	struct span unused;

	return base64_decode(text, BASE64_JOSE, arena, &unused) == 0;
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

static int headers_parse(const json_t *protected, const json_t *header, struct jwe *out,
			 struct otrp_failure *failure)
{
	const json_t *algorithm, *encryption, *epk;
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
	return epk ? members_check(epk, "JWE epk", epk_members, COUNT(epk_members), EXTRA_REFUSED,
				   failure)
		   : 0;
}

static int parts_parse(const json_t *object, const json_t *recipient, struct arena *arena,
		       struct jwe *out, struct otrp_failure *failure)
{
	const json_t *header = json_object_get(recipient, "header");
	json_t *protected = NULL;
	struct span decoded;
	char *text = NULL;
	int rc;

	if (member_text(object, "protected", arena, &out->protected_text) ||
	    member_text(recipient, "encrypted_key", arena, &out->encrypted_key) ||
	    member_text(object, "iv", arena, &out->iv) ||
	    member_text(object, "ciphertext", arena, &out->ciphertext) ||
	    member_text(object, "tag", arena, &out->tag))
		return otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
	if (!is_base64url(out->encrypted_key, arena) || !is_base64url(out->iv, arena) ||
	    !is_base64url(out->ciphertext, arena) || !is_base64url(out->tag, arena) ||
	    base64_decode(out->protected_text, BASE64_JOSE, arena, &decoded) ||
	    json_object_parse(decoded, &protected))
		return invalid(failure, "a member is not in base64url");
	rc = headers_parse(protected, header, out, failure);
	json_decref(protected);
	if (rc || !header)
		return rc;
	text = json_canonical(header);
	if (!text || !arena_copy(arena, text, strlen(text), &out->header))
		rc = otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
	free(text);
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

/* The flattened form, which libjose reads without more ado. */
static json_t *object_make(const struct jwe *jwe)
{
	json_t *object =
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "protected", span_text(jwe->protected_text),
			  "encrypted_key", span_text(jwe->encrypted_key), "iv", span_text(jwe->iv),
			  "ciphertext", span_text(jwe->ciphertext), "tag", span_text(jwe->tag));
	json_t *header = NULL;

	if (object && jwe->header.data &&
	    (json_object_parse(jwe->header, &header) ||
	     json_object_set_new(object, "header", header))) {
		json_decref(object);
		object = NULL;
	}
	return object;
}

static json_t *cek_make(struct span key)
{
	char *text = base64url_encode(key.data, key.size);
	json_t *cek = text ? json_pack("{s:s, s:s}", "kty", "oct", "k", text) : NULL;

	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	return cek;
}

/* By OpenSSL itself, as signatures are (jws.c). `found` takes room octets, of which *size are the
 * key. */
static bool rsa_unwrap(const struct jwe *jwe, EVP_PKEY *key, struct arena *arena, uint8_t *found,
		       size_t room, size_t *size)
{
	PKEY_CTX_AUTO context = EVP_PKEY_CTX_new(key, NULL);
	struct span block;

	*size = room;
	return context && base64_decode(jwe->encrypted_key, BASE64_JOSE, arena, &block) == 0 &&
	       EVP_PKEY_decrypt_init(context) > 0 &&
	       EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0 &&
	       EVP_PKEY_decrypt(context, found, size, block.data, block.size) > 0;
}

static bool ecdh_unwrap(const json_t *object, EVP_PKEY *key, struct arena *arena, uint8_t *found,
			size_t room, size_t *size)
{
	JOSE_KEY_AUTO jwk = jose_key_of(key);
	JOSE_KEY_AUTO content_key = jwk ? jose_jwe_dec_jwk(jose_quiet(), object, NULL, jwk) : NULL;
	const json_t *text = json_object_get(content_key, "k");
	struct span octets;

	if (!json_is_string(text) || base64_decode(json_span(text), BASE64_JOSE, arena, &octets) ||
	    octets.size > room)
		return false;
	memcpy(found, octets.data, octets.size);
	*size = octets.size;
	return true;
}

/* RSA keys have up to 8192 bits. */
#define UNWRAPPED_MAX 1024U

/*
 * The content key: the unwrapped one when it has the right length, else a random one; chosen
 * without a branch, so that what follows is the same for both.
 */
static int cek_unwrap(const struct jwe *jwe, const json_t *object, EVP_PKEY *key, size_t size,
		      struct arena *arena, struct span *cek)
{
	uint8_t *chosen = arena_take(arena, size), *found = arena_take(arena, UNWRAPPED_MAX), mask;
	size_t found_size = 0;
	bool unwrapped;

	if (!chosen || !found || RAND_priv_bytes(chosen, (int)size) != 1)
		return -ENOMEM;
	memset(found, 0, UNWRAPPED_MAX);
	unwrapped = jwe->algorithm == JWE_RSA1_5
			    ? rsa_unwrap(jwe, key, arena, found, UNWRAPPED_MAX, &found_size)
			    : ecdh_unwrap(object, key, arena, found, UNWRAPPED_MAX, &found_size);
	ERR_clear_error();
	mask = (uint8_t) - (int)(unwrapped & (found_size == size));
	for (size_t i = 0; i < size; i++)
		chosen[i] = (uint8_t)((found[i] & mask) | (chosen[i] & ~mask));
	*cek = span_of(chosen, size);
	return 0;
}

int jwe_decrypt(const struct jwe *jwe, EVP_PKEY *key, struct arena *arena, struct span *plaintext,
		struct span *cek)
{
	JOSE_KEY_AUTO content_key = NULL;
	json_t *object;
	struct span found;
	size_t size = 0;
	void *octets = NULL;
	int rc;

	if (jwe->encryption == ENC_NONE ||
	    !jwe_algorithm_fits((enum jwe_algorithm)jwe->algorithm, key_kind(key)))
		return -ENOTSUP;
	object = object_make(jwe);
	rc = object ? 0 : -ENOMEM;
	if (rc == 0)
		rc = cek_unwrap(jwe, object, key,
				jwe_encryption_key_size((enum jwe_encryption)jwe->encryption),
				arena, &found);
	if (rc == 0) {
		content_key = cek_make(found);
		octets = content_key ? jose_jwe_dec_cek(jose_quiet(), object, content_key, &size)
				     : NULL;
		rc = octets ? 0 : content_key ? -EBADMSG : -ENOMEM;
	}
	if (rc == 0 && !arena_copy(arena, octets, size, plaintext))
		rc = -ENOMEM;
	if (rc == 0 && cek)
		*cek = found;
	if (octets)
		explicit_bzero(octets, size);
	free(octets);
	json_decref(object);
	return rc;
}

/* libjose writes the flattened form: move the recipient where OTrP wants it. */
static int generalise(json_t *object)
{
	json_t *recipient = json_object(), *recipients = json_pack("[o]", recipient);
	static const char *const moved[] = { "header", "encrypted_key" };

	if (!recipients || json_object_set_new(object, "recipients", recipients))
		return -ENOMEM;
	for (size_t i = 0; i < COUNT(moved); i++) {
		if (json_object_set(recipient, moved[i], json_object_get(object, moved[i])))
			return -ENOMEM;
		json_object_del(object, moved[i]);
	}
	return 0;
}

json_t *jwe_encrypt(struct span plaintext, EVP_PKEY *recipient, enum jwe_encryption encryption,
		    struct arena *arena, struct span *cek)
{
	const enum jwe_algorithm algorithm = jwe_algorithm_of(key_kind(recipient));
	JOSE_KEY_AUTO jwk = NULL;
	JOSE_KEY_AUTO content_key = NULL;
	json_t *object = NULL, *header = NULL;
	bool done = false;

	if (algorithm == JWE_NONE || encryption == ENC_NONE)
		return NULL;
	if (!cek->data) {
		const size_t size = jwe_encryption_key_size(encryption);
		uint8_t *key = arena_take(arena, size);

		if (!key || RAND_priv_bytes(key, (int)size) != 1)
			return NULL;
		*cek = span_of(key, size);
	}
	jwk = jose_key_public_of(recipient);
	content_key = cek_make(*cek);
	object = json_pack("{s:{s:s}}", "protected", "enc", jwe_encryption_name(encryption));
	header = json_pack("{s:{s:s}}", "header", "alg", jwe_algorithm_name(algorithm));
	if (jwk && content_key && object && header)
		done = jose_jwe_enc_jwk(jose_quiet(), object, header, jwk, content_key) &&
		       jose_jwe_enc_cek(jose_quiet(), object, content_key, plaintext.data,
					plaintext.size) &&
		       generalise(object) == 0;
	json_decref(header);
	if (!done) {
		json_decref(object);
		object = NULL;
	}
	return object;
}
