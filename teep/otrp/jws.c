#include "teep/otrp/jws.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "teep/otrp/encoding.h"
#include "teep/pki/signature.h"

static const struct member jws_members[] = {
	{ "payload", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "protected", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "header", MEMBER_OBJECT, MEMBER_OPTIONAL },
	{ "signature", MEMBER_TEXT, MEMBER_REQUIRED },
};

static const struct member protected_members[] = {
	{ "alg", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "typ", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "kid", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "x5c", MEMBER_ARRAY, MEMBER_OPTIONAL },
};

/* `signer` comes last: only the lenient look that far. */
static const struct member header_members[] = {
	{ "x5c", MEMBER_ARRAY, MEMBER_OPTIONAL },
	{ "kid", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "signer", MEMBER_TEXT, MEMBER_OPTIONAL },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int certificate_add(const json_t *text, struct arena *arena, struct span_list *list,
			   struct otrp_failure *failure)
{
	if (!json_is_string(text) || list->count == SPAN_LIST_MAX ||
	    base64_decode(json_span(text), BASE64_ANY, arena, &list->item[list->count]) < 0 ||
	    list->item[list->count].size == 0)
		return otrp_fail(failure, OTRP_REQUEST_INVALID,
				 "x5c: not a short list of certificates in base64");
	list->count++;
	return 0;
}

static int chain_parse(const json_t *header, struct arena *arena, struct span_list *list,
		       struct otrp_failure *failure)
{
	const json_t *x5c = json_object_get(header, "x5c");
	const json_t *signer = json_object_get(header, "signer");
	int rc = 0;

	if (x5c && (signer || json_array_size(x5c) == 0))
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "x5c: empty, or beside signer");
	if (signer)
		return certificate_add(signer, arena, list, failure);
	for (size_t i = 0; rc == 0 && i < json_array_size(x5c); i++)
		rc = certificate_add(json_array_get(x5c, i), arena, list, failure);
	return rc;
}

/* No parameter may stand in both headers (RFC 7515 section 4). */
static bool headers_disjoint(const json_t *a, json_t *b)
{
	const char *name;
	json_t *value;

	json_object_foreach(b, name, value) {
		if (json_object_get(a, name))
			return false;
	}
	return true;
}

static int headers_parse(const json_t *object, const json_t *protected,
			 const struct jws_options *options, struct arena *arena, struct jws *out,
			 struct otrp_failure *failure)
{
	json_t *header = json_object_get(object, "header");
	const size_t known = COUNT(header_members) - (options->lenient ? 0 : 1);
	int rc;

	rc = members_check(protected, "JWS protected header", protected_members,
			   COUNT(protected_members), EXTRA_REFUSED, failure);
	if (rc == 0 && header)
		rc = members_check(header, "JWS header", header_members, known, EXTRA_REFUSED,
				   failure);
	if (rc == 0 && header && !headers_disjoint(protected, header))
		rc = otrp_fail(failure, OTRP_REQUEST_INVALID,
			       "JWS: a parameter stands in both headers");
	if (rc == 0)
		rc = chain_parse(json_object_get(protected, "x5c") ? protected : header, arena,
				 &out->x5c, failure);
	if (rc)
		return rc;
	out->algorithm = jws_algorithm_parse(json_span(json_object_get(protected, "alg")));
	if (out->algorithm == JWS_NONE || (out->algorithm == JWS_ES384 && !options->extended))
		return otrp_fail(failure, OTRP_UNSUPPORTED_CRYPTO_ALG,
				 "JWS: the signature algorithm is not supported");
	return 0;
}

int jws_parse(const json_t *object, const struct jws_options *options, struct arena *arena,
	      struct jws *out, struct otrp_failure *failure)
{
	struct span header;
	json_t *protected = NULL;
	int rc;

	*out = (struct jws) { 0 };
	rc = members_check(object, "JWS", jws_members, COUNT(jws_members), EXTRA_REFUSED, failure);
	if (rc)
		return rc;
	if (member_text(object, "protected", arena, &out->protected_text) ||
	    member_text(object, "payload", arena, &out->payload_text))
		return otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
	if (base64_decode(out->protected_text, BASE64_JOSE, arena, &header) ||
	    (!options->payload_later &&
	     base64_decode(out->payload_text, BASE64_JOSE, arena, &out->payload)) ||
	    base64_decode(json_span(json_object_get(object, "signature")), BASE64_JOSE, arena,
			  &out->signature))
		return otrp_fail(failure, OTRP_REQUEST_INVALID,
				 "JWS: a member is not in base64url");
	if (json_object_parse(header, &protected))
		return otrp_fail(failure, OTRP_REQUEST_INVALID,
				 "JWS: the protected header is not a JSON object");
	rc = headers_parse(object, protected, options, arena, out, failure);
	json_decref(protected);
	return rc;
}

/* What is signed: both texts, and a point between them. The caller's. */
static char *signing_input(struct span protected_text, struct span payload_text, size_t *size)
{
	char *input = malloc(protected_text.size + payload_text.size + 2), *at = input;

	if (!input)
		return NULL;
	at = mempcpy(at, protected_text.data, protected_text.size);
	*at++ = '.';
	at = mempcpy(at, payload_text.data, payload_text.size);
	*size = (size_t)(at - input);
	return input;
}

bool jws_verify(const struct jws *jws, EVP_PKEY *key)
{
	size_t size;
	char *input;
	bool holds;

	if (jws->algorithm == JWS_NONE || jws_algorithm_of(key_kind(key)) != jws->algorithm)
		return false;
	input = signing_input(jws->protected_text, jws->payload_text, &size);
	holds = input && signature_holds(key, SIGNATURE_JOSE, input, size, jws->signature.data,
					 jws->signature.size);
	free(input);
	return holds;
}

static json_t *chain_encode(STACK_OF(X509) * chain)
{
	json_t *array = json_array();

	for (int i = 0; array && i < sk_X509_num(chain); i++) {
		uint8_t *der = NULL;
		const int size = i2d_X509(sk_X509_value(chain, i), &der);
		char *text = size > 0 ? base64_encode(der, (size_t)size) : NULL;

		OPENSSL_free(der);
		if (!text || json_array_append_new(array, json_string_nocheck(text))) {
			json_decref(array);
			array = NULL;
		}
		free(text);
	}
	return array;
}

/* By OpenSSL itself: a private key stays where it is, with what OpenSSL has worked out for it, and
 * does not become a JSON object for each signature. */
static char *signature_of(EVP_PKEY *key, const char *protected_text, const char *payload_text)
{
	char *input, *text = NULL;
	uint8_t *signature;
	size_t size;

	input = signing_input(span_of_text(protected_text), span_of_text(payload_text), &size);
	if (!input)
		return NULL;
	signature = signature_make(key, SIGNATURE_JOSE, input, size, &size);
	if (signature)
		text = base64url_encode(signature, size);
	OPENSSL_free(signature);
	free(input);
	return text;
}

json_t *jws_sign(struct span payload, EVP_PKEY *key, STACK_OF(X509) * chain)
{
	const enum jws_algorithm algorithm = jws_algorithm_of(key_kind(key));
	char *protected_text = NULL, *payload_text, *signature_text = NULL;
	json_t *object = NULL, *certificates;
	char header[32];

	if (algorithm == JWS_NONE)
		return NULL;
	snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", jws_algorithm_name(algorithm));
	protected_text = base64url_encode(header, strlen(header));
	payload_text = base64url_encode(payload.data, payload.size);
	if (protected_text && payload_text)
		signature_text = signature_of(key, protected_text, payload_text);
	if (signature_text)
		object = json_pack("{s:o, s:o, s:o}", "payload", json_string_nocheck(payload_text),
				   "protected", json_string_nocheck(protected_text), "signature",
				   json_string_nocheck(signature_text));
	if (object && chain) {
		certificates = chain_encode(chain);
		if (!certificates || json_object_set_new(object, "header",
							 json_pack("{s:o}", "x5c", certificates))) {
			json_decref(object);
			object = NULL;
		}
	}
	free(protected_text);
	free(payload_text);
	free(signature_text);
	return object;
}

#define PROTECTED_ROOM 32U

char *jws_text(const char *name, struct span payload, EVP_PKEY *key)
{
	const enum jws_algorithm algorithm = jws_algorithm_of(key_kind(key));
	const size_t prefix = strlen("{\"\":{\"payload\":\"") + strlen(name);
	char header[PROTECTED_ROOM / 4 * 3], protected_text[PROTECTED_ROOM + 1], *text, *end,
		*input;
	uint8_t *signature = NULL;
	size_t size;

	if (algorithm == JWS_NONE || strlen(name) < JWS_NAME_MIN)
		return NULL;
	snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", jws_algorithm_name(algorithm));
	*base64url_put(protected_text, header, strlen(header)) = '\0';
	text = malloc(prefix + BASE64_ROOM(payload.size) + BASE64_ROOM(SIGNATURE_SIZE_MAX) + 96);
	if (!text)
		return NULL;
	/* What is signed comes first, with the payload where it will be in the message. */
	end = base64url_put(text + prefix, payload.data, payload.size);
	input = text + prefix - strlen(protected_text) - 1;
	*(char *)mempcpy(input, protected_text, strlen(protected_text)) = '.';
	signature = signature_make(key, SIGNATURE_JOSE, input, (size_t)(end - input), &size);
	if (!signature || size > SIGNATURE_SIZE_MAX) {
		OPENSSL_free(signature);
		free(text);
		return NULL;
	}
	end = stpcpy(stpcpy(stpcpy(end, "\",\"protected\":\""), protected_text),
		     "\",\"signature\":\"");
	end = base64url_put(end, signature, size);
	strcpy(end, "\"}}");
	OPENSSL_free(signature);
	/* Then its beginning. */
	*stpcpy(stpcpy(stpcpy(text, "{\""), name), "\":{\"payload\":") = '"';
	return text;
}
