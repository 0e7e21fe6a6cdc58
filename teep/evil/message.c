#include "teep/evil/message.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "teep/otrp/encoding.h"
#include "teep/otrp/jws.h"
#include "teep/pki/certificate.h"

#define STATE_RESPONSE "GetDeviceStateResponse"
#define BROKER_ERROR   "OTrPBrokerError"

void octets_clear(struct octets *octets)
{
	free(octets->data);
	*octets = (struct octets) { NULL, 0 };
}

int octets_copy(const struct octets *from, struct octets *to)
{
	*to = (struct octets) { malloc(from->size + 1), from->size };
	if (!to->data)
		return -ENOMEM;
	memcpy(to->data, from->data, from->size);
	to->data[from->size] = '\0';
	return 0;
}

int octets_of_text(const char *text, struct octets *to)
{
	const struct octets from = { (char *)text, strlen(text) };

	return octets_copy(&from, to);
}

/* A message, taken apart as far as it goes. */
struct parts {
	json_t *root;
	const char *name;
	json_t *body; /* of the envelope: the JWS, or the array */
	json_t *jws;  /* NULL: none */
};

static void parts_clear(struct parts *parts)
{
	json_decref(parts->root);
}

static json_t *first_member(json_t *object, const char **name)
{
	void *at = json_object_iter(object);

	if (!at)
		return NULL;
	*name = json_object_iter_key(at);
	return json_object_iter_value(at);
}

static int parts_of(const struct octets *message, struct parts *out)
{
	const char *ignored;

	memset(out, 0, sizeof(*out));
	out->root = json_loadb(message->data, message->size, 0, NULL);
	out->body = json_is_object(out->root) ? first_member(out->root, &out->name) : NULL;
	if (!out->body) {
		parts_clear(out);
		out->root = NULL;
		return -EBADMSG;
	}
	out->jws = json_is_array(out->body) ? first_member(json_array_get(out->body, 0), &ignored)
					    : out->body;
	return 0;
}

/* Back to octets. Takes `parts` apart in any case. */
static int parts_write(struct parts *parts, struct octets *message)
{
	char *text = json_dumps(parts->root, JSON_COMPACT);

	parts_clear(parts);
	if (!text)
		return -ENOMEM;
	octets_clear(message);
	*message = (struct octets) { text, strlen(text) };
	return 0;
}

static json_t *payload_of(const json_t *jws)
{
	const char *text = json_string_value(json_object_get(jws, "payload"));
	ARENA_AUTO arena = { 0 };
	struct span payload;

	if (!text || base64_decode(span_of_text(text), BASE64_JOSE, &arena, &payload) < 0)
		return NULL;
	return json_loadb((const char *)payload.data, payload.size, 0, NULL);
}

static void text_of(const json_t *value, char *out, size_t size)
{
	const char *text = json_string_value(value);

	(void)snprintf(out, size, "%s", text ? text : "");
	for (char *c = out; *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
			*c = '?';
}

void message_look(const struct octets *message, struct message_look *out)
{
	const char *ignored;
	struct parts parts;
	json_t *payload, *tbs;

	memset(out, 0, sizeof(*out));
	if (!message->data || parts_of(message, &parts) < 0)
		return;
	(void)snprintf(out->name, sizeof(out->name), "%s", parts.name);
	out->entries = (unsigned)json_array_size(parts.body);
	if (strcmp(parts.name, BROKER_ERROR) == 0)
		text_of(json_object_get(parts.body, "errcode"), out->reason, sizeof(out->reason));
	payload = payload_of(parts.jws);
	tbs = json_is_object(payload) ? first_member(payload, &ignored) : NULL;
	text_of(json_object_get(tbs, "status"), out->status, sizeof(out->status));
	text_of(json_object_get(tbs, "tid"), out->tid, sizeof(out->tid));
	if (json_object_get(tbs, "reason"))
		text_of(json_object_get(json_object_get(tbs, "reason"), "error-code"), out->reason,
			sizeof(out->reason));
	json_decref(payload);
	parts_clear(&parts);
}

bool message_is(const struct message_look *look, const char *name)
{
	const size_t length = strlen(name);
	const char *rest = look->name + length;

	return strncmp(look->name, name, length) == 0 &&
	       (!*rest || strcmp(rest, "Request") == 0 || strcmp(rest, "Response") == 0);
}

static void bit_flip(char *data, size_t bit)
{
	data[bit / 8] = (char)(data[bit / 8] ^ (0x80 >> bit % 8));
}

int message_flip(struct octets *message, const char *part, size_t bit)
{
	ARENA_AUTO arena = { 0 };
	struct parts parts;
	struct span octets;
	json_t *value;
	char *encoded;
	bool x5c;
	int rc;

	if (!part) {
		if (bit / 8 >= message->size)
			return -ERANGE;
		bit_flip(message->data, bit);
		return 0;
	}
	x5c = strcmp(part, "x5c") == 0;
	rc = parts_of(message, &parts);
	if (rc < 0)
		return rc;
	value = x5c ? json_array_get(json_object_get(json_object_get(parts.jws, "header"), "x5c"),
				     0)
		    : json_object_get(parts.jws, part);
	rc = json_is_string(value) ? base64_decode(span_of_text(json_string_value(value)),
						   BASE64_ANY, &arena, &octets)
				   : -EBADMSG;
	if (rc == 0 && bit / 8 >= octets.size)
		rc = -ERANGE;
	if (rc < 0) {
		parts_clear(&parts);
		return rc;
	}
	bit_flip((char *)octets.data, bit);
	encoded = x5c ? base64_encode(octets.data, octets.size)
		      : base64url_encode(octets.data, octets.size);
	(void)json_string_set(value, encoded ? encoded : "");
	free(encoded);
	return parts_write(&parts, message);
}

int message_truncate(struct octets *message, long size)
{
	const size_t keep = size >= 0			    ? (size_t)size
			    : (size_t)-size < message->size ? message->size - (size_t)-size
							    : 0;

	if (keep < message->size) {
		message->size = keep;
		message->data[keep] = '\0';
	}
	return 0;
}

int message_rename(struct octets *message, const char *name)
{
	struct parts parts;
	json_t *renamed;
	int rc = parts_of(message, &parts);

	if (rc < 0)
		return rc;
	renamed = json_pack("{s:O}", name, parts.body);
	parts_clear(&parts);
	parts.root = renamed;
	return parts_write(&parts, message);
}

int message_remove(struct octets *message, const char *member)
{
	struct parts parts;
	int rc = parts_of(message, &parts);

	if (rc < 0)
		return rc;
	if (json_object_del(parts.jws, member) < 0) {
		parts_clear(&parts);
		return -EBADMSG;
	}
	return parts_write(&parts, message);
}

static int payload_set(json_t *jws, const json_t *payload)
{
	char *text = json_dumps(payload, JSON_COMPACT | JSON_SORT_KEYS);
	char *encoded = text ? base64url_encode(text, strlen(text)) : NULL;
	const int rc = encoded && json_object_set_new(jws, "payload", json_string(encoded)) == 0
			       ? 0
			       : -ENOMEM;

	free(text);
	free(encoded);
	return rc;
}

int message_set(struct octets *message, const char *member, const char *json)
{
	json_t *value = json_loads(json, JSON_DECODE_ANY, NULL), *payload, *tbs;
	const char *ignored;
	struct parts parts;
	int rc = value ? parts_of(message, &parts) : -EBADMSG;

	if (rc < 0) {
		json_decref(value);
		return rc;
	}
	payload = payload_of(parts.jws);
	tbs = json_is_object(payload) ? first_member(payload, &ignored) : NULL;
	rc = json_is_object(tbs) && json_object_set(tbs, member, value) == 0
		     ? payload_set(parts.jws, payload)
		     : -EBADMSG;
	json_decref(payload);
	json_decref(value);
	if (rc < 0) {
		parts_clear(&parts);
		return rc;
	}
	return parts_write(&parts, message);
}

int message_resign(struct octets *message, EVP_PKEY *key, STACK_OF(X509) * chain)
{
	ARENA_AUTO arena = { 0 };
	struct parts parts;
	struct span payload;
	const char *text;
	json_t *made;
	int rc = parts_of(message, &parts);

	if (rc < 0)
		return rc;
	text = json_string_value(json_object_get(parts.jws, "payload"));
	rc = text ? base64_decode(span_of_text(text), BASE64_JOSE, &arena, &payload) : -EBADMSG;
	made = rc == 0 ? jws_sign(payload, key, chain) : NULL;
	if (!made) {
		parts_clear(&parts);
		return rc ? rc : -EIO;
	}
	(void)json_object_update(parts.jws, made);
	json_decref(made);
	return parts_write(&parts, message);
}

/* The leaf's public key as PEM, which is what a careless verifier takes for the secret. */
static char *leaf_pem(const json_t *jws, size_t *size)
{
	const char *text = json_string_value(
		json_array_get(json_object_get(json_object_get(jws, "header"), "x5c"), 0));
	BIO *bio = BIO_new(BIO_s_mem());
	ARENA_AUTO arena = { 0 };
	char *pem = NULL, *data;
	struct span der;
	X509 *leaf = NULL;
	long length;

	if (text && base64_decode(span_of_text(text), BASE64_ANY, &arena, &der) == 0)
		leaf = certificate_parse(der.data, der.size);
	if (bio && leaf && PEM_write_bio_PUBKEY(bio, X509_get0_pubkey(leaf))) {
		length = BIO_get_mem_data(bio, &data);
		pem = malloc((size_t)length);
		if (pem)
			memcpy(pem, data, (size_t)length);
		*size = (size_t)length;
	}
	X509_free(leaf);
	BIO_free(bio);
	return pem;
}

static char *hmac_sign(const json_t *jws, const char *protected)
{
	const char *payload = json_string_value(json_object_get(jws, "payload"));
	unsigned char mac[EVP_MAX_MD_SIZE];
	char *input = NULL, *secret, *signature = NULL;
	unsigned int length;
	size_t size = 0;

	secret = leaf_pem(jws, &size);
	if (secret && asprintf(&input, "%s.%s", protected, payload ? payload : "") >= 0 &&
	    HMAC(EVP_sha256(), secret, (int)size, (unsigned char *)input, strlen(input), mac,
		 &length))
		signature = base64url_encode(mac, length);
	free(secret);
	free(input);
	return signature;
}

static char *text_copy(const json_t *value)
{
	return strdup(json_is_string(value) ? json_string_value(value) : "");
}

int message_alg(struct octets *message, const char *algorithm)
{
	char header[64], *protected, *signature = NULL;
	struct parts parts;
	int rc = parts_of(message, &parts);

	if (rc < 0)
		return rc;
	(void)snprintf(header, sizeof(header), "{\"alg\":\"%.32s\"}", algorithm);
	protected = base64url_encode(header, strlen(header));
	if (protected && strcmp(algorithm, "none") == 0)
		signature = strdup("");
	else if (protected && strcmp(algorithm, "HS256") == 0)
		signature = hmac_sign(parts.jws, protected);
	else if (protected)
		signature = text_copy(json_object_get(parts.jws, "signature"));
	if (!protected || !signature ||
	    json_object_set_new(parts.jws, "protected", json_string(protected)) < 0 ||
	    json_object_set_new(parts.jws, "signature", json_string(signature)) < 0)
		rc = -EBADMSG;
	free(protected);
	free(signature);
	if (rc < 0) {
		parts_clear(&parts);
		return rc;
	}
	return parts_write(&parts, message);
}

static void reverse(json_t *array)
{
	const size_t count = json_array_size(array);

	for (size_t i = 0; i < count / 2; i++) {
		json_t *one = json_incref(json_array_get(array, i));

		(void)json_array_set(array, i, json_array_get(array, count - 1 - i));
		(void)json_array_set_new(array, count - 1 - i, one);
	}
}

int message_entries(struct octets *message, const char *what, const struct octets *other)
{
	struct parts parts, others = { NULL, NULL, NULL, NULL };
	int rc = parts_of(message, &parts);

	if (rc == 0 && !json_is_array(parts.body)) {
		parts_clear(&parts);
		rc = -EBADMSG;
	}
	if (rc < 0)
		return rc;
	if (strcmp(what, "empty") == 0)
		(void)json_array_clear(parts.body);
	else if (strcmp(what, "reverse") == 0)
		reverse(parts.body);
	else if (strcmp(what, "duplicate") == 0)
		rc = json_array_extend(parts.body, parts.body);
	else if (strcmp(what, "add") == 0 && other && parts_of(other, &others) == 0)
		rc = json_array_extend(parts.body, others.body);
	else
		rc = -EINVAL;
	parts_clear(&others);
	if (rc < 0) {
		parts_clear(&parts);
		return rc == -1 ? -EBADMSG : rc;
	}
	return parts_write(&parts, message);
}
