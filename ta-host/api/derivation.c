/*
 * Internal Core API 6.8: keys derived from keys, by agreement with a peer or by a function alone.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api.h>
#include <tee_api_defines_extensions.h>

#include "api/complaint.h"
#include "api/ec_point.h"
#include "api/number.h"
#include "api/operation.h"
#include "api/sm2.h"

/* What a secret object holds at most, in octets. */
#define DERIVED_MAX		  (4096U / 8)

#define PBKDF2_ITERATIONS_DEFAULT 1U

/* All attributes that any of the algorithms takes. */
struct derivation {
	const TEE_Attribute *attribute;
	uint32_t count;
	const char *function;
};

static bool derivation_open(struct operation *operation)
{
	(void)operation;
	library_init();
	return true;
}

/* No context: nothing is kept from one derivation to the next. */
static void derivation_close(struct operation *operation)
{
	(void)operation;
}

const struct operation_methods derivation_methods = {
	.open = derivation_open,
	.close = derivation_close,
};

/* One of the numbers that an attribute goes by, or NULL; the second may be 0. */
static const TEE_Attribute *attribute_find(const struct derivation *derivation, uint32_t id,
					   uint32_t other_id)
{
	for (uint32_t i = 0; i < derivation->count; i++)
		if (derivation->attribute[i].attributeID == id ||
		    (other_id && derivation->attribute[i].attributeID == other_id))
			return &derivation->attribute[i];
	return NULL;
}

static struct octets octets_find(const struct derivation *derivation, uint32_t id,
				 uint32_t other_id)
{
	const TEE_Attribute *attribute = attribute_find(derivation, id, other_id);
	struct octets found = { NULL, 0 };

	if (attribute) {
		operation_check_buffer(attribute->content.ref.buffer, attribute->content.ref.length,
				       derivation->function);
		found.at = attribute->content.ref.buffer;
		found.size = attribute->content.ref.length;
	}
	return found;
}

static struct octets octets_need(const struct derivation *derivation, uint32_t id,
				 uint32_t other_id)
{
	if (!attribute_find(derivation, id, other_id))
		complain(derivation->function, TEE_ERROR_BAD_PARAMETERS,
			 "an attribute that the algorithm needs is missing");
	return octets_find(derivation, id, other_id);
}

static uint32_t value_find(const struct derivation *derivation, uint32_t id, uint32_t other_id,
			   uint32_t otherwise)
{
	const TEE_Attribute *attribute = attribute_find(derivation, id, other_id);

	return attribute ? attribute->content.value.a : otherwise;
}

/* The functions below write to `out`, and return how much; 0: it can't be derived. */

static size_t dh_derive(struct operation *operation, const struct derivation *derivation,
			uint8_t *out)
{
	const struct object *key = operation->key[0];
	const struct octets peer = octets_need(derivation, TEE_ATTR_DH_PUBLIC_VALUE, 0);
	BIGNUM *p = number_of(key, TEE_ATTR_DH_PRIME);
	BIGNUM *x = number_of(key, TEE_ATTR_DH_PRIVATE_VALUE);
	BIGNUM *y = peer.size <= DERIVED_MAX ? BN_bin2bn(peer.at, (int)peer.size, NULL) : NULL;
	BIGNUM *limit = p ? BN_dup(p) : NULL;
	BIGNUM *shared = BN_secure_new();
	BN_CTX *numbers = BN_CTX_secure_new();
	size_t size = 0;

	/* 1 < y < p - 1, else the secret is one that everybody knows. */
	if (p && x && y && limit && shared && numbers && BN_sub_word(limit, 1) &&
	    BN_cmp(y, BN_value_one()) > 0 && BN_cmp(y, limit) < 0 &&
	    BN_mod_exp_mont_consttime(shared, y, x, p, numbers, NULL))
		size = (size_t)BN_bn2bin(shared, out);
	BN_free(p);
	BN_clear_free(x);
	BN_free(y);
	BN_free(limit);
	BN_clear_free(shared);
	BN_CTX_free(numbers);
	return size;
}

static size_t ecdh_derive(struct operation *operation, const struct derivation *derivation,
			  uint8_t *out)
{
	const struct object *key = operation->key[0];
	const struct curve *curve = ec_object_curve(key);
	const struct octets x = octets_need(derivation, TEE_ATTR_ECC_PUBLIC_VALUE_X, 0);
	const struct octets y = octets_need(derivation, TEE_ATTR_ECC_PUBLIC_VALUE_Y, 0);
	const EC_GROUP *group = library_curve_group(curve);
	EC_POINT *peer = ec_point_parse(curve, x.at, x.size, y.at, y.size);
	uint8_t unused[EC_FIELD_MAX];
	EC_POINT *shared;
	BIGNUM *number;
	size_t size = 0;

	if (!peer)
		complain(derivation->function, TEE_ERROR_BAD_PARAMETERS,
			 "the peer's public value is not on the curve");
	shared = EC_POINT_new(group);
	number = ec_object_private(key);
	if (number && shared && EC_POINT_mul(group, shared, NULL, peer, number, NULL) &&
	    ec_point_write(curve, shared, out, unused))
		size = ec_field_size(curve->bits);
	explicit_bzero(unused, sizeof(unused));
	BN_clear_free(number);
	EC_POINT_free(peer);
	EC_POINT_clear_free(shared);
	return size;
}

static size_t xdh_derive(struct operation *operation, const struct derivation *derivation,
			 uint8_t *out)
{
	const struct object *key = operation->key[0];
	const struct octets peer_octets =
		octets_need(derivation, TEE_ATTR_X25519_PUBLIC_VALUE, TEE_ATTR_X448_PUBLIC_VALUE);
	EVP_PKEY *own = EVP_PKEY_new_raw_private_key(key->type->nid, NULL, key->attribute[1].bytes,
						     key->attribute[1].size);
	EVP_PKEY *peer = NULL;
	EVP_PKEY_CTX *context = NULL;
	size_t size = DERIVED_MAX;

	if (peer_octets.size == key->type->octets)
		peer = EVP_PKEY_new_raw_public_key(key->type->nid, NULL, peer_octets.at,
						   peer_octets.size);
	if (own && peer)
		context = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
	/* A peer of small order would make the secret all zeros, and is refused here. */
	if (!context || EVP_PKEY_derive_init(context) <= 0 ||
	    EVP_PKEY_derive_set_peer(context, peer) <= 0 ||
	    EVP_PKEY_derive(context, out, &size) <= 0)
		size = 0;
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(own);
	EVP_PKEY_free(peer);
	return size;
}

static const EVP_MD *hash_of(const struct operation *operation, const struct derivation *derivation,
			     size_t *size)
{
	enum digest digest = (enum digest)operation->algorithm->digest;

	if (operation->algorithm->variant == HKDF_CHOSEN &&
	    attribute_find(derivation, TEE_ATTR_HKDF_HASH_ALGORITHM, 0))
		digest = library_digest_of(
			value_find(derivation, TEE_ATTR_HKDF_HASH_ALGORITHM, 0, 0));
	if (digest == DIGEST_NONE)
		complain(derivation->function, TEE_ERROR_BAD_PARAMETERS,
			 "TEE_ATTR_HKDF_HASH_ALGORITHM names no digest");
	*size = library_digest_size(digest);
	return library_digest(digest);
}

static size_t length_of(const struct derivation *derivation, uint32_t id,
			const struct object *target)
{
	const uint32_t size =
		value_find(derivation, id, TEE_ATTR_KDF_KEY_SIZE, target->max_size / 8);

	if (!size || size > DERIVED_MAX)
		complain(derivation->function, TEE_ERROR_BAD_PARAMETERS,
			 "the length of the derived key is 0, or more than an object can hold");
	return size;
}

static bool hmac(const EVP_MD *hash, struct octets key, const struct octets *pieces, size_t count,
		 uint8_t out[DIGEST_SIZE_MAX])
{
	HMAC_CTX *context = HMAC_CTX_new();
	bool made = context && HMAC_Init_ex(context, key.size ? key.at : (const uint8_t *)"",
					    (int)key.size, hash, NULL);

	for (size_t i = 0; made && i < count; i++)
		made = !pieces[i].size || HMAC_Update(context, pieces[i].at, pieces[i].size);
	made = made && HMAC_Final(context, out, NULL);
	HMAC_CTX_free(context);
	return made;
}

/* RFC 5869. */
static size_t hkdf_derive(struct operation *operation, const struct derivation *derivation,
			  uint8_t *out, const struct object *target)
{
	const struct attribute *secret = operation_secret(operation, 0);
	const struct octets material = { secret->bytes, secret->size };
	const struct octets salt =
		octets_find(derivation, TEE_ATTR_HKDF_SALT, __OPTEE_TEE_ATTR_HKDF_SALT);
	const struct octets info =
		octets_find(derivation, TEE_ATTR_HKDF_INFO, __OPTEE_TEE_ATTR_HKDF_INFO);
	const size_t size = length_of(derivation, TEE_ATTR_HKDF_OKM_LENGTH, target);
	uint8_t extracted[DIGEST_SIZE_MAX], block[DIGEST_SIZE_MAX], counter = 0;
	size_t hash_size, block_size = 0;
	const EVP_MD *hash = hash_of(operation, derivation, &hash_size);
	const struct octets key = { extracted, hash_size };
	bool made = size <= 255 * hash_size && hmac(hash, salt, &material, 1, extracted);

	for (size_t at = 0; made && at < size; at += hash_size) {
		const size_t piece = size - at < hash_size ? size - at : hash_size;
		const struct octets pieces[] = { { block, block_size }, info, { &counter, 1 } };

		counter++;
		made = hmac(hash, key, pieces, 3, block);
		block_size = hash_size;
		memcpy(out + at, block, piece);
	}
	explicit_bzero(extracted, sizeof(extracted));
	explicit_bzero(block, sizeof(block));
	return made ? size : 0;
}

/* NIST SP 800-56A: the hash of a counter, the secret, and what both sides know. */
static size_t concat_derive(struct operation *operation, const struct derivation *derivation,
			    uint8_t *out, const struct object *target)
{
	const struct attribute *secret = operation_secret(operation, 0);
	const struct octets info = octets_find(derivation, TEE_ATTR_CONCAT_KDF_OTHER_INFO, 0);
	const size_t size = length_of(derivation, TEE_ATTR_CONCAT_KDF_DKM_LENGTH, target);
	uint8_t block[DIGEST_SIZE_MAX], counter[4] = { 0 };
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t hash_size;
	const EVP_MD *hash = hash_of(operation, derivation, &hash_size);
	bool made = context;

	for (size_t at = 0; made && at < size; at += hash_size) {
		const size_t piece = size - at < hash_size ? size - at : hash_size;
		const size_t round = at / hash_size + 1;

		counter[2] = (uint8_t)(round >> 8);
		counter[3] = (uint8_t)round;
		made = EVP_DigestInit_ex(context, hash, NULL) &&
		       EVP_DigestUpdate(context, counter, sizeof(counter)) &&
		       (!secret->size || EVP_DigestUpdate(context, secret->bytes, secret->size)) &&
		       (!info.size || EVP_DigestUpdate(context, info.at, info.size)) &&
		       EVP_DigestFinal_ex(context, block, NULL);
		if (made)
			memcpy(out + at, block, piece);
	}
	explicit_bzero(block, sizeof(block));
	EVP_MD_CTX_free(context);
	return made ? size : 0;
}

static size_t pbkdf2_derive(struct operation *operation, const struct derivation *derivation,
			    uint8_t *out, const struct object *target)
{
	const struct attribute *secret = operation_secret(operation, 0);
	const struct octets salt = octets_find(derivation, TEE_ATTR_PBKDF2_SALT, 0);
	const size_t size = length_of(derivation, TEE_ATTR_PBKDF2_DKM_LENGTH, target);
	const uint32_t iterations = value_find(derivation, TEE_ATTR_PBKDF2_ITERATION_COUNT, 0,
					       PBKDF2_ITERATIONS_DEFAULT);
	size_t hash_size;
	const EVP_MD *hash = hash_of(operation, derivation, &hash_size);

	if (!iterations || iterations > INT32_MAX)
		complain(derivation->function, TEE_ERROR_BAD_PARAMETERS,
			 "TEE_ATTR_PBKDF2_ITERATION_COUNT is 0, or too much");
	return PKCS5_PBKDF2_HMAC(secret->size ? (const char *)secret->bytes : "", (int)secret->size,
				 salt.size ? salt.at : (const uint8_t *)"", (int)salt.size,
				 (int)iterations, hash, (int)size, out)
		       ? size
		       : 0;
}

static size_t sm2_derive(struct operation *operation, const struct derivation *derivation,
			 uint8_t *out, const struct object *target)
{
	const struct curve *curve = library_curve_find(TEE_ECC_CURVE_SM2);
	const struct octets x = octets_need(derivation, TEE_ATTR_ECC_PUBLIC_VALUE_X, 0);
	const struct octets y = octets_need(derivation, TEE_ATTR_ECC_PUBLIC_VALUE_Y, 0);
	const struct octets ephemeral_x =
		octets_need(derivation, TEE_ATTR_ECC_EPHEMERAL_PUBLIC_VALUE_X,
			    __OPTEE_SM2_KEP_ATTR_ECC_EPHEMERAL_PUBLIC_VALUE_X);
	const struct octets ephemeral_y =
		octets_need(derivation, TEE_ATTR_ECC_EPHEMERAL_PUBLIC_VALUE_Y,
			    __OPTEE_SM2_KEP_ATTR_ECC_EPHEMERAL_PUBLIC_VALUE_Y);
	const struct octets confirmation =
		octets_find(derivation, TEE_ATTR_SM2_KEP_CONFIRMATION_OUT, 0);
	struct sm2_exchange exchange = {
		.initiator = !value_find(derivation, TEE_ATTR_SM2_KEP_USER, 0, 0),
		.initiator_id = octets_need(derivation, TEE_ATTR_SM2_ID_INITIATOR, 0),
		.responder_id = octets_need(derivation, TEE_ATTR_SM2_ID_RESPONDER, 0),
		.confirmation_in = octets_find(derivation, TEE_ATTR_SM2_KEP_CONFIRMATION_IN, 0),
		.confirmation_out = (uint8_t *)(uintptr_t)confirmation.at,
	};
	EC_POINT *own, *own_ephemeral, *peer, *peer_ephemeral;
	BIGNUM *own_private, *own_ephemeral_private;
	size_t size = target->max_size / 8;

	if (!attribute_find(derivation, TEE_ATTR_SM2_KEP_USER, 0))
		complain(derivation->function, TEE_ERROR_BAD_PARAMETERS,
			 "an attribute that the algorithm needs is missing");
	if (confirmation.at && confirmation.size < SM3_SIZE)
		complain(derivation->function, TEE_ERROR_BAD_PARAMETERS,
			 "there is no room for the confirmation");
	exchange.own = own = ec_object_point(operation->key[0]);
	exchange.own_ephemeral = own_ephemeral = ec_object_point(operation->key[1]);
	exchange.peer = peer = ec_point_parse(curve, x.at, x.size, y.at, y.size);
	exchange.peer_ephemeral = peer_ephemeral = ec_point_parse(
		curve, ephemeral_x.at, ephemeral_x.size, ephemeral_y.at, ephemeral_y.size);
	exchange.own_private = own_private = ec_object_private(operation->key[0]);
	exchange.own_ephemeral_private = own_ephemeral_private =
		ec_object_private(operation->key[1]);
	if (!own || !own_ephemeral || !peer || !peer_ephemeral || !own_private ||
	    !own_ephemeral_private || !sm2_exchange(&exchange, out, size))
		size = 0;
	EC_POINT_free(own);
	EC_POINT_free(own_ephemeral);
	EC_POINT_free(peer);
	EC_POINT_free(peer_ephemeral);
	BN_clear_free(own_private);
	BN_clear_free(own_ephemeral_private);
	return size;
}

static size_t derive(struct operation *operation, const struct derivation *derivation, uint8_t *out,
		     const struct object *target)
{
	switch (operation->algorithm->family) {
	case FAMILY_DH:
		return dh_derive(operation, derivation, out);
	case FAMILY_ECDH:
		return ecdh_derive(operation, derivation, out);
	case FAMILY_XDH:
		return xdh_derive(operation, derivation, out);
	case FAMILY_HKDF:
		return hkdf_derive(operation, derivation, out, target);
	case FAMILY_CONCAT_KDF:
		return concat_derive(operation, derivation, out, target);
	case FAMILY_PBKDF2:
		return pbkdf2_derive(operation, derivation, out, target);
	default:
		return sm2_derive(operation, derivation, out, target);
	}
}

void TEE_DeriveKey(TEE_OperationHandle operation, const TEE_Attribute *params, uint32_t paramCount,
		   TEE_ObjectHandle derivedKey)
{
	struct operation *op = operation_with_key(operation, TEE_OPERATION_KEY_DERIVATION,
						  TEE_MODE_DERIVE, __func__);
	const struct derivation derivation = { params, paramCount, __func__ };
	struct object *target = object_of(derivedKey, __func__);
	uint8_t derived[DERIVED_MAX];
	uint32_t bits;
	size_t size;

	if (!params && paramCount)
		PANIC_PARAMETER("params is NULL");
	if (target->storage || !target->type || target->type->family != OBJECT_SECRET)
		PANIC_PARAMETER("derivedKey is no transient object for a secret");
	if (target->flags & TEE_HANDLE_FLAG_INITIALIZED)
		PANIC_STATE("derivedKey holds a key already");
	size = derive(op, &derivation, derived, target);
	if (!size)
		PANIC_PARAMETER("the peer's values or the parameters give no key");
	bits = (uint32_t)size * 8;
	if (bits > target->max_size)
		PANIC_PARAMETER("the derived key is bigger than derivedKey's maximum size");
	if (target->type->step != 8 && !object_type_has_size(target->type, bits))
		PANIC_PARAMETER("derivedKey's type has no keys of the derived size");
	if (!object_set_bytes(target, target->type->attribute[0].id, derived, size))
		complain(__func__, TEE_ERROR_OUT_OF_MEMORY, "no memory for the derived key");
	explicit_bzero(derived, sizeof(derived));
	object_complete(target, bits);
}
