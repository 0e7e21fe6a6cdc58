#include "teep/otrp/ta_delivery.h"

#include <errno.h>
#include <stdlib.h>

#include "teep/otrp/compose.h"
#include "teep/otrp/encrypted_ta.h"
#include "teep/otrp/request.h"
#include "teep/pki/fetched.h"
#include "teep/pki/openssl_auto.h"
#include "wire/uuid.h"

#define NAME	     "SPTADELIVERY"
#define AES_BLOCK    16U

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct member members[] = {
	{ "ver", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "tamid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "did", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "spid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "spaikhash", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "taid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "version", MEMBER_ANY, MEMBER_OPTIONAL },
	{ "name", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "encrypted_ta", MEMBER_OBJECT, MEMBER_REQUIRED },
};

bool ta_delivery_aik_hash(struct span aik, uint8_t hash[OTRP_HASH_SIZE])
{
	return sha256_make(aik.data, aik.size, hash);
}

static bool whole_blocks(struct span octets)
{
	return octets.size && octets.size % AES_BLOCK == 0;
}

static int encrypted_take(const json_t *object, struct arena *arena, struct ta_delivery *out,
			  struct otrp_failure *failure)
{
	static const struct otrp_options options = { 0 };
	const bool update = json_object_get(object, "ciphernewpdata");
	struct otrp_request request = { .message = update ? OTRP_UPDATE_TA : OTRP_INSTALL_TA };
	char *text;
	bool kept;
	int rc = otrp_encrypted_ta_take(object, &options, arena, &request, failure);

	if (rc)
		return rc;
	if (request.ta_key.algorithm == JWE_NONE || request.ta_key.encryption == ENC_NONE)
		return otrp_fail(failure, OTRP_UNSUPPORTED_CRYPTO_ALG,
				 "encrypted_ta: alg or enc of its key is not supported");
	if (update && request.ta_data.data)
		return otrp_fail(failure, OTRP_REQUEST_INVALID,
				 "encrypted_ta: a package has the names of InstallTA");
	if ((!update && !whole_blocks(request.ta_data)) ||
	    (request.ta_personal.data && !whole_blocks(request.ta_personal)))
		return otrp_fail(failure, OTRP_REQUEST_INVALID,
				 "encrypted_ta: what is encrypted is not in whole blocks");
	out->key_algorithm = request.ta_key.algorithm;
	out->package_size = request.ta_data.size;
	out->personalisation_size = request.ta_personal.size;
	text = json_canonical(object);
	kept = text && arena_copy(arena, text, strlen(text), &out->encrypted);
	free(text);
	return kept ? 0 : otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
}

static int numbers_take(const json_t *object, struct ta_delivery *out, struct otrp_failure *failure)
{
	const json_t *version = json_object_get(object, "version");
	char text[UUID_TEXT_SIZE];
	struct uuid uuid;

	if (version && (!json_is_integer(version) || json_integer_value(version) < 1 ||
			json_integer_value(version) > UINT32_MAX))
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "version is no version of a TA");
	out->version = json_integer_value(version);
	if (uuid_parse(span_text(out->taid), &uuid) ||
	    !span_is(out->taid, uuid_format(&uuid, text)))
		return otrp_fail(failure, OTRP_TA_INVALID, "taid is no UUID in lower case");
	if (!aik_did_valid(out->did))
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "did is not 64 hexadecimal digits");
	return 0;
}

static int delivery_take(const json_t *object, struct arena *arena, struct ta_delivery *out,
			 struct otrp_failure *failure)
{
	static const char *const names[] = { "tamid", "did", "spid", "taid", "name" };
	struct span *const spans[] = { &out->tamid, &out->did, &out->spid, &out->taid, &out->name };
	int rc = members_check(object, NAME, members, COUNT(members), EXTRA_REFUSED, failure);

	if (rc)
		return rc;
	if (!span_is(json_span(json_object_get(object, "ver")), OTRP_VERSION))
		return otrp_fail(failure, OTRP_UNSUPPORTED_MSG_VERSION, "its version is not %s",
				 OTRP_VERSION);
	for (size_t i = 0; rc == 0 && i < COUNT(names); i++)
		rc = member_name(object, names[i], arena, spans[i], failure);
	if (rc == 0)
		rc = member_hash(object, "spaikhash", arena, &out->aik_hash, failure);
	if (rc == 0)
		rc = numbers_take(object, out, failure);
	if (rc == 0)
		rc = encrypted_take(json_object_get(object, "encrypted_ta"), arena, out, failure);
	if (rc == 0 && !out->version != !out->package_size)
		rc = otrp_fail(failure, OTRP_REQUEST_INVALID,
			       "a package has a version, and data alone have none");
	return rc;
}

int ta_delivery_parse(struct span octets, struct arena *arena, struct ta_delivery *out,
		      struct otrp_failure *failure)
{
	json_t *object;
	int rc;

	*out = (struct ta_delivery) { 0 };
	if (octets.size > TA_DELIVERY_SIZE_MAX)
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "it has more than %u MiB",
				 TA_DELIVERY_SIZE_MAX >> 20);
	if (json_object_parse(octets, &object))
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "it is not one object in JSON");
	if (json_object_size(object) != 1 || !json_is_object(json_object_get(object, NAME)))
		rc = otrp_fail(failure, OTRP_REQUEST_INVALID,
			       "it is no delivery as `teesim sp encrypt` makes it");
	else
		rc = delivery_take(json_object_get(object, NAME), arena, out, failure);
	json_decref(object);
	return rc;
}

char *ta_delivery_make(const struct aik_statement *key, const char *taid, uint32_t version,
		       struct span name, struct span package, struct span personalisation)
{
	PKEY_AUTO aik = key_public_decode(key->aik.data, key->aik.size);
	uint8_t hash[OTRP_HASH_SIZE];
	json_t *object = NULL;
	ARENA_AUTO arena = { 0 };
	char *text = NULL;

	if (aik && ta_delivery_aik_hash(key->aik, hash))
		object = json_pack("{s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "ver", OTRP_VERSION,
				   "tamid", otrp_text(key->tamid), "did", otrp_text(key->did),
				   "spid", otrp_text(key->spid), "spaikhash",
				   otrp_base64(hash, sizeof(hash)), "taid", taid, "encrypted_ta",
				   encrypted_ta_make(!package.data, aik, package, personalisation,
						     &arena));
	if (object && ((version && json_object_set_new(object, "version", json_integer(version))) ||
		       (name.size && json_object_set_new(object, "name", otrp_text(name))))) {
		json_decref(object);
		object = NULL;
	}
	if (object)
		object = json_pack("{s:o}", NAME, object);
	if (object)
		text = json_canonical(object);
	json_decref(object);
	return text;
}
