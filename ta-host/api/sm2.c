/*
 * SM2 signatures, encryption and key exchange, on the library's curve arithmetic. A signature is r
 * and s; a ciphertext is C1 (uncompressed), C2 and C3, in the order that OP-TEE has.
 */
#include "api/sm2.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api_defines.h>

#include "api/ec_point.h"
#include "api/operation.h"

#define POINT_SIZE (1 + 2 * SM2_SIZE)

static bool sm2_open(struct operation *operation)
{
	(void)operation;
	library_init();
	return true;
}

/* No context: what is computed from the key is little beside the operation itself. */
static void sm2_close(struct operation *operation)
{
	(void)operation;
}

const struct operation_methods sm2_methods = {
	.open = sm2_open,
	.close = sm2_close,
};

static const struct curve *sm2_curve(void)
{
	return library_curve_find(TEE_ECC_CURVE_SM2);
}

static const EC_GROUP *sm2_group(void)
{
	return library_curve_group(sm2_curve());
}

bool sm3(uint8_t out[SM3_SIZE], const struct octets *pieces, size_t count)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	bool made = hash && EVP_DigestInit_ex(hash, library_digest(DIGEST_SM3), NULL);

	for (size_t i = 0; made && i < count; i++)
		made = !pieces[i].size || EVP_DigestUpdate(hash, pieces[i].at, pieces[i].size);
	made = made && EVP_DigestFinal_ex(hash, out, NULL);
	EVP_MD_CTX_free(hash);
	return made;
}

/* The derivation function of part 4: SM3 over the input and a counter. */
static bool sm2_expand(struct octets in, uint8_t *out, size_t size)
{
	uint8_t hash[SM3_SIZE], counter[4];
	bool made = true;

	for (uint32_t i = 1; size && made; i++) {
		const struct octets pieces[] = { in, { counter, sizeof(counter) } };
		const size_t piece = size < sizeof(hash) ? size : sizeof(hash);

		counter[0] = (uint8_t)(i >> 24);
		counter[1] = (uint8_t)(i >> 16);
		counter[2] = (uint8_t)(i >> 8);
		counter[3] = (uint8_t)i;
		made = sm3(hash, pieces, 2);
		memcpy(out, hash, piece);
		out += piece;
		size -= piece;
	}
	explicit_bzero(hash, sizeof(hash));
	return made;
}

/* From 1 to the order less one. */
static bool random_scalar(BIGNUM *number)
{
	const BIGNUM *order = EC_GROUP_get0_order(sm2_group());

	do {
		if (!BN_priv_rand_range(number, order))
			return false;
	} while (BN_is_zero(number));
	BN_set_flags(number, BN_FLG_CONSTTIME);
	return true;
}

/* r and s of the digest e under d; false only when there is no memory. */
static bool signature_make(const BIGNUM *e, const BIGNUM *d, uint8_t out[2 * SM2_SIZE])
{
	const EC_GROUP *group = sm2_group();
	const BIGNUM *order = EC_GROUP_get0_order(group);
	BN_CTX *numbers = BN_CTX_secure_new();
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *k = BN_secure_new();
	BIGNUM *r, *s, *x, *t;
	bool made = false;

	if (!numbers || !point || !k)
		goto out;
	BN_CTX_start(numbers);
	r = BN_CTX_get(numbers);
	s = BN_CTX_get(numbers);
	x = BN_CTX_get(numbers);
	t = BN_CTX_get(numbers);
	if (!t)
		goto end;
	do {
		if (!random_scalar(k) || !EC_POINT_mul(group, point, k, NULL, NULL, numbers) ||
		    !EC_POINT_get_affine_coordinates(group, point, x, NULL, numbers) ||
		    !BN_mod_add(r, e, x, order, numbers) || !BN_add(t, r, k))
			goto end;
		if (BN_is_zero(r) || BN_cmp(t, order) == 0)
			continue;
		/* s = (k - r d) / (1 + d) */
		if (!BN_copy(t, d) || !BN_add_word(t, 1))
			goto end;
		BN_set_flags(t, BN_FLG_CONSTTIME);
		if (!BN_mod_inverse(t, t, order, numbers) || !BN_mod_mul(s, r, d, order, numbers) ||
		    !BN_mod_sub(s, k, s, order, numbers) || !BN_mod_mul(s, s, t, order, numbers))
			goto end;
		made = !BN_is_zero(s);
	} while (!made);
	(void)BN_bn2binpad(r, out, SM2_SIZE);
	(void)BN_bn2binpad(s, out + SM2_SIZE, SM2_SIZE);
end:
	BN_CTX_end(numbers);
out:
	BN_CTX_free(numbers);
	EC_POINT_free(point);
	BN_clear_free(k);
	return made;
}

TEE_Result sm2_sign(struct operation *operation, const struct asymmetric_parameters *parameters,
		    struct octets in, uint8_t *out, size_t *out_size)
{
	uint8_t signature[2 * SM2_SIZE];
	BIGNUM *e, *d, *limit;
	bool made;

	(void)parameters;
	if (in.size != SM3_SIZE)
		return TEE_ERROR_BAD_PARAMETERS;
	if (!asymmetric_has_room(out, out_size, sizeof(signature)))
		return TEE_ERROR_SHORT_BUFFER;
	d = ec_object_private(operation->key[0]);
	e = BN_bin2bn(in.at, (int)in.size, NULL);
	/* 1 + d must have an inverse. */
	limit = BN_dup(EC_GROUP_get0_order(sm2_group()));
	made = d && e && limit && BN_sub_word(limit, 1) && BN_cmp(d, limit) != 0 &&
	       signature_make(e, d, signature);
	BN_free(e);
	BN_free(limit);
	BN_clear_free(d);
	if (!made)
		return TEE_ERROR_GENERIC;
	memcpy(out, signature, sizeof(signature));
	return TEE_SUCCESS;
}

TEE_Result sm2_verify(struct operation *operation, const struct asymmetric_parameters *parameters,
		      struct octets digest, struct octets signature)
{
	const EC_GROUP *group = sm2_group();
	const BIGNUM *order = EC_GROUP_get0_order(group);
	EC_POINT *key = ec_object_point(operation->key[0]), *point = EC_POINT_new(group);
	BIGNUM *r = NULL, *s = NULL, *e = NULL, *t = BN_new(), *x = BN_new();
	BN_CTX *numbers = BN_CTX_new();
	TEE_Result result = TEE_ERROR_SIGNATURE_INVALID;

	(void)parameters;
	if (digest.size != SM3_SIZE) {
		result = TEE_ERROR_BAD_PARAMETERS;
		goto out;
	}
	if (!key || signature.size != 2 * SM2_SIZE)
		goto out;
	r = BN_bin2bn(signature.at, SM2_SIZE, NULL);
	s = BN_bin2bn(signature.at + SM2_SIZE, SM2_SIZE, NULL);
	e = BN_bin2bn(digest.at, SM3_SIZE, NULL);
	if (!point || !r || !s || !e || !t || !x || !numbers) {
		result = TEE_ERROR_OUT_OF_MEMORY;
		goto out;
	}
	if (BN_is_zero(r) || BN_is_zero(s) || BN_cmp(r, order) >= 0 || BN_cmp(s, order) >= 0 ||
	    !BN_mod_add(t, r, s, order, numbers) || BN_is_zero(t))
		goto out;
	/* (x, y) = s G + t P, and r = e + x. */
	if (EC_POINT_mul(group, point, s, key, t, numbers) &&
	    EC_POINT_get_affine_coordinates(group, point, x, NULL, numbers) &&
	    BN_mod_add(t, e, x, order, numbers) && BN_cmp(t, r) == 0)
		result = TEE_SUCCESS;
out:
	EC_POINT_free(key);
	EC_POINT_free(point);
	BN_free(r);
	BN_free(s);
	BN_free(e);
	BN_free(t);
	BN_free(x);
	BN_CTX_free(numbers);
	return result;
}

/* Masks the message with what the shared point gives, and hashes it: `hidden` and its C3. False: no
 * memory, or the mask is all zeros, which an encryption must not have. */
static bool message_mask(const uint8_t shared[2 * SM2_SIZE], struct octets message, uint8_t *masked,
			 uint8_t hash[SM3_SIZE], bool encrypt)
{
	const struct octets secret = { shared, 2 * SM2_SIZE };
	const uint8_t *plain = encrypt ? message.at : masked;
	const struct octets hashed[] = { { shared, SM2_SIZE },
					 { plain, message.size },
					 { shared + SM2_SIZE, SM2_SIZE } };
	uint8_t *mask = malloc(message.size), any = 0;
	bool made = mask && sm2_expand(secret, mask, message.size);

	for (size_t i = 0; made && i < message.size; i++)
		any |= mask[i];
	made = made && any;
	/* In place, the plain text is gone after the masking: hash it on the right side of that. */
	if (made && encrypt)
		made = sm3(hash, hashed, 3);
	for (size_t i = 0; made && i < message.size; i++)
		masked[i] = message.at[i] ^ mask[i];
	if (made && !encrypt)
		made = sm3(hash, hashed, 3);
	if (mask)
		explicit_bzero(mask, message.size);
	free(mask);
	return made;
}

TEE_Result sm2_encrypt(struct operation *operation, const struct asymmetric_parameters *parameters,
		       struct octets in, uint8_t *out, size_t *out_size)
{
	const EC_GROUP *group = sm2_group();
	EC_POINT *key = ec_object_point(operation->key[0]);
	EC_POINT *ephemeral = EC_POINT_new(group), *secret = EC_POINT_new(group);
	uint8_t shared[2 * SM2_SIZE], point[POINT_SIZE] = { POINT_CONVERSION_UNCOMPRESSED };
	uint8_t hash[SM3_SIZE];
	uint8_t *masked = malloc(in.size);
	BIGNUM *k = BN_secure_new();
	TEE_Result result = TEE_ERROR_BAD_PARAMETERS;

	(void)parameters;
	if (!in.size || !key)
		goto out;
	result = TEE_ERROR_SHORT_BUFFER;
	if (!asymmetric_has_room(out, out_size, POINT_SIZE + in.size + SM3_SIZE))
		goto out;
	result = TEE_ERROR_OUT_OF_MEMORY;
	if (!ephemeral || !secret || !k || !masked)
		goto out;
	do {
		if (!random_scalar(k) || !EC_POINT_mul(group, ephemeral, k, NULL, NULL, NULL) ||
		    !EC_POINT_mul(group, secret, NULL, key, k, NULL) ||
		    !ec_point_write(sm2_curve(), ephemeral, point + 1, point + 1 + SM2_SIZE) ||
		    !ec_point_write(sm2_curve(), secret, shared, shared + SM2_SIZE))
			goto out;
	} while (!message_mask(shared, in, masked, hash, true));
	memcpy(out, point, sizeof(point));
	memcpy(out + sizeof(point), masked, in.size);
	memcpy(out + sizeof(point) + in.size, hash, sizeof(hash));
	result = TEE_SUCCESS;
out:
	explicit_bzero(shared, sizeof(shared));
	BN_clear_free(k);
	EC_POINT_free(key);
	EC_POINT_free(ephemeral);
	EC_POINT_clear_free(secret);
	free(masked);
	return result;
}

TEE_Result sm2_decrypt(struct operation *operation, const struct asymmetric_parameters *parameters,
		       struct octets in, uint8_t *out, size_t *out_size)
{
	const EC_GROUP *group = sm2_group();
	EC_POINT *ephemeral, *secret = EC_POINT_new(group);
	uint8_t shared[2 * SM2_SIZE], hash[SM3_SIZE];
	struct octets sealed;
	uint8_t *plain = NULL;
	BIGNUM *d;
	TEE_Result result = TEE_ERROR_CIPHERTEXT_INVALID;

	(void)parameters;
	if (in.size <= POINT_SIZE + SM3_SIZE || in.at[0] != POINT_CONVERSION_UNCOMPRESSED) {
		EC_POINT_free(secret);
		return TEE_ERROR_BAD_PARAMETERS;
	}
	sealed.at = in.at + POINT_SIZE;
	sealed.size = in.size - POINT_SIZE - SM3_SIZE;
	ephemeral =
		ec_point_parse(sm2_curve(), in.at + 1, SM2_SIZE, in.at + 1 + SM2_SIZE, SM2_SIZE);
	d = ec_object_private(operation->key[0]);
	plain = malloc(sealed.size);
	if (!d || !plain || !secret) {
		result = TEE_ERROR_GENERIC;
		goto out;
	}
	if (!ephemeral)
		goto out;
	if (!EC_POINT_mul(group, secret, NULL, ephemeral, d, NULL) ||
	    !ec_point_write(sm2_curve(), secret, shared, shared + SM2_SIZE) ||
	    !message_mask(shared, sealed, plain, hash, false) ||
	    CRYPTO_memcmp(hash, sealed.at + sealed.size, SM3_SIZE) != 0)
		goto out;
	result = TEE_ERROR_SHORT_BUFFER;
	if (!asymmetric_has_room(out, out_size, sealed.size))
		goto out;
	memcpy(out, plain, sealed.size);
	result = TEE_SUCCESS;
out:
	explicit_bzero(shared, sizeof(shared));
	BN_clear_free(d);
	EC_POINT_free(ephemeral);
	EC_POINT_clear_free(secret);
	if (plain)
		explicit_bzero(plain, sealed.size);
	free(plain);
	return result;
}

/* Z: the hash of a user's identity, of the curve, and of the user's public key. */
static bool identity_hash(struct octets id, const EC_POINT *key, uint8_t z[SM3_SIZE])
{
	const EC_GROUP *group = sm2_group();
	const uint8_t bits[2] = { (uint8_t)(id.size * 8 >> 8), (uint8_t)(id.size * 8) };
	uint8_t numbers[6][SM2_SIZE];
	const struct octets pieces[] = { { bits, 2 }, id, { numbers[0], sizeof(numbers) } };
	BIGNUM *a = BN_new(), *b = BN_new();
	bool made = a && b && EC_GROUP_get_curve(group, NULL, a, b, NULL) &&
		    BN_bn2binpad(a, numbers[0], SM2_SIZE) >= 0 &&
		    BN_bn2binpad(b, numbers[1], SM2_SIZE) >= 0 &&
		    ec_point_write(sm2_curve(), EC_GROUP_get0_generator(group), numbers[2],
				   numbers[3]) &&
		    ec_point_write(sm2_curve(), key, numbers[4], numbers[5]) && sm3(z, pieces, 3);

	BN_free(a);
	BN_free(b);
	return made;
}

/* 2^127 and the low 127 bits of x. */
static BIGNUM *half_coordinate(const EC_POINT *point)
{
	uint8_t x[SM2_SIZE], y[SM2_SIZE];

	if (!ec_point_write(sm2_curve(), point, x, y))
		return NULL;
	x[SM2_SIZE / 2] |= 0x80;
	return BN_bin2bn(x + SM2_SIZE / 2, SM2_SIZE / 2, NULL);
}

/* U = (d + half(own ephemeral) r) (P + half(peer's ephemeral) R) */
static bool exchange_point(const struct sm2_exchange *exchange, uint8_t *x, uint8_t *y)
{
	const EC_GROUP *group = sm2_group();
	const BIGNUM *order = EC_GROUP_get0_order(group);
	BIGNUM *own = half_coordinate(exchange->own_ephemeral);
	BIGNUM *peer = half_coordinate(exchange->peer_ephemeral);
	BN_CTX *numbers = BN_CTX_secure_new();
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *t = BN_secure_new();
	bool made = own && peer && numbers && point && t &&
		    BN_mod_mul(t, own, exchange->own_ephemeral_private, order, numbers) &&
		    BN_mod_add(t, t, exchange->own_private, order, numbers) &&
		    EC_POINT_mul(group, point, NULL, exchange->peer_ephemeral, peer, numbers) &&
		    EC_POINT_add(group, point, point, exchange->peer, numbers) &&
		    EC_POINT_mul(group, point, NULL, point, t, numbers) &&
		    !EC_POINT_is_at_infinity(group, point) &&
		    ec_point_write(sm2_curve(), point, x, y);

	BN_clear_free(t);
	BN_free(own);
	BN_free(peer);
	BN_CTX_free(numbers);
	EC_POINT_clear_free(point);
	return made;
}

bool sm2_exchange(const struct sm2_exchange *exchange, uint8_t *key, size_t size)
{
	const EC_POINT *initiator = exchange->initiator ? exchange->own : exchange->peer;
	const EC_POINT *responder = exchange->initiator ? exchange->peer : exchange->own;
	const EC_POINT *first =
		exchange->initiator ? exchange->own_ephemeral : exchange->peer_ephemeral;
	const EC_POINT *second =
		exchange->initiator ? exchange->peer_ephemeral : exchange->own_ephemeral;
	/* U, then both identities. */
	uint8_t seed[4][SM2_SIZE], ephemerals[4][SM2_SIZE], inner[SM3_SIZE], tag;
	uint8_t expected[SM3_SIZE];
	const struct octets whole = { seed[0], sizeof(seed) };
	const struct octets inner_pieces[] = { { seed[0], SM2_SIZE },
					       { seed[2], 2 * SM3_SIZE },
					       { ephemerals[0], sizeof(ephemerals) } };
	const struct octets outer_pieces[] = { { &tag, 1 },
					       { seed[1], SM2_SIZE },
					       { inner, sizeof(inner) } };
	bool made = exchange->initiator_id.size <= SM2_ID_LIMIT &&
		    exchange->responder_id.size <= SM2_ID_LIMIT &&
		    exchange_point(exchange, seed[0], seed[1]) &&
		    identity_hash(exchange->initiator_id, initiator, seed[2]) &&
		    identity_hash(exchange->responder_id, responder, seed[3]) &&
		    ec_point_write(sm2_curve(), first, ephemerals[0], ephemerals[1]) &&
		    ec_point_write(sm2_curve(), second, ephemerals[2], ephemerals[3]) &&
		    sm2_expand(whole, key, size) && sm3(inner, inner_pieces, 3);

	if (made && exchange->confirmation_in.at) {
		tag = exchange->initiator ? 0x02 : 0x03;
		made = exchange->confirmation_in.size == SM3_SIZE &&
		       sm3(expected, outer_pieces, 3) &&
		       CRYPTO_memcmp(expected, exchange->confirmation_in.at, SM3_SIZE) == 0;
	}
	if (made && exchange->confirmation_out) {
		tag = exchange->initiator ? 0x03 : 0x02;
		made = sm3(exchange->confirmation_out, outer_pieces, 3);
	}
	explicit_bzero(seed, sizeof(seed));
	explicit_bzero(inner, sizeof(inner));
	return made;
}
