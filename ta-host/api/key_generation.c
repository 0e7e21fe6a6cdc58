/* RSA and EC keys are made by the library's own functions below EVP, which knows no small ones. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "api/key_generation.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>
#include <tee_api_defines.h>

#include "api/library.h"
#include "api/number.h"
#include "api/object.h"
#include "api/random.h"

/* Below this the library refuses to make RSA keys. */
#define RSA_LIBRARY_BITS     512U

#define RSA_EXPONENT_DEFAULT 65537U
#define RSA_EXPONENT_BITS    256

/* Primes are tried so often; each try fails with a chance of about 1/2. */
#define RSA_TRIES 1000

static void odd_parity_set(uint8_t *key, size_t size)
{
	for (size_t i = 0; i < size; i++)
		key[i] = (uint8_t)((key[i] & 0xFE) | !(__builtin_popcount(key[i] & 0xFE) & 1));
}

static TEE_Result secret_generate(struct object *object, uint32_t bits)
{
	const uint32_t type = object->type->type;
	uint8_t key[4096 / 8];
	size_t size = bits / 8;
	bool stored;

	if (object_size_lacks_parity(type, bits))
		size = bits / 7;
	random_fill(key, size);
	if (type == TEE_TYPE_DES || type == TEE_TYPE_DES3)
		odd_parity_set(key, size);
	stored = object_set_bytes(object, object->type->attribute[0].id, key, size);
	explicit_bzero(key, sizeof(key));
	if (!stored)
		return TEE_ERROR_OUT_OF_MEMORY;
	object_complete(object, bits);
	return TEE_SUCCESS;
}

/* n = p q of exactly `bits`, with e prime to p - 1 and q - 1, for sizes that the library refuses.
 */
static bool small_primes_find(BIGNUM *p, BIGNUM *q, BIGNUM *n, const BIGNUM *e, uint32_t bits,
			      BN_CTX *numbers)
{
	BIGNUM *one_less = BN_CTX_get(numbers);
	BIGNUM *common = BN_CTX_get(numbers);

	if (!common)
		return false;
	for (int tries = 0; tries < RSA_TRIES; tries++) {
		BIGNUM *prime = tries & 1 ? q : p;
		const int size = (int)(tries & 1 ? bits / 2 : bits - bits / 2);

		do {
			/* The two highest bits are set, so that no product falls short. */
			if (!BN_priv_rand(prime, size, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD) ||
			    !BN_sub(one_less, prime, BN_value_one()) ||
			    !BN_gcd(common, one_less, e, numbers))
				return false;
		} while (!BN_is_one(common) || BN_check_prime(prime, numbers, NULL) != 1);
		if (tries & 1 && BN_cmp(p, q) != 0 && BN_mul(n, p, q, numbers) &&
		    BN_num_bits(n) == (int)bits)
			return true;
	}
	return false;
}

static bool small_rsa_generate(RSA *rsa, uint32_t bits, const BIGNUM *e)
{
	BN_CTX *numbers = BN_CTX_secure_new();
	BIGNUM *p = BN_new(), *q = BN_new(), *n = BN_new(), *d = BN_new(), *dp = BN_new();
	BIGNUM *dq = BN_new(), *inverse = BN_new(), *e_copy = BN_dup(e);
	BIGNUM *phi = NULL, *p1 = NULL, *q1 = NULL;
	bool made = false;

	if (!numbers || !p || !q || !n || !d || !dp || !dq || !inverse || !e_copy)
		goto out;
	BN_CTX_start(numbers);
	phi = BN_CTX_get(numbers);
	p1 = BN_CTX_get(numbers);
	q1 = BN_CTX_get(numbers);
	if (!q1 || !small_primes_find(p, q, n, e, bits, numbers))
		goto end;
	made = BN_sub(p1, p, BN_value_one()) && BN_sub(q1, q, BN_value_one()) &&
	       BN_mul(phi, p1, q1, numbers) && BN_mod_inverse(d, e, phi, numbers) &&
	       BN_mod(dp, d, p1, numbers) && BN_mod(dq, d, q1, numbers) &&
	       BN_mod_inverse(inverse, q, p, numbers);
	if (made) {
		/* From here on they are the key's. */
		RSA_set0_key(rsa, n, e_copy, d);
		RSA_set0_factors(rsa, p, q);
		RSA_set0_crt_params(rsa, dp, dq, inverse);
	}
end:
	BN_CTX_end(numbers);
out:
	if (!made) {
		BN_clear_free(p);
		BN_clear_free(q);
		BN_free(n);
		BN_clear_free(d);
		BN_clear_free(dp);
		BN_clear_free(dq);
		BN_clear_free(inverse);
		BN_free(e_copy);
	}
	BN_CTX_free(numbers);
	return made;
}

static TEE_Result rsa_store(struct object *object, const RSA *rsa, uint32_t bits)
{
	const struct {
		uint32_t id;
		const BIGNUM *number;
	} parts[] = {
		{ TEE_ATTR_RSA_MODULUS, RSA_get0_n(rsa) },
		{ TEE_ATTR_RSA_PUBLIC_EXPONENT, RSA_get0_e(rsa) },
		{ TEE_ATTR_RSA_PRIVATE_EXPONENT, RSA_get0_d(rsa) },
		{ TEE_ATTR_RSA_PRIME1, RSA_get0_p(rsa) },
		{ TEE_ATTR_RSA_PRIME2, RSA_get0_q(rsa) },
		{ TEE_ATTR_RSA_EXPONENT1, RSA_get0_dmp1(rsa) },
		{ TEE_ATTR_RSA_EXPONENT2, RSA_get0_dmq1(rsa) },
		{ TEE_ATTR_RSA_COEFFICIENT, RSA_get0_iqmp(rsa) },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!number_store(object, parts[i].id, parts[i].number, 0))
			return TEE_ERROR_OUT_OF_MEMORY;
	object_complete(object, bits);
	return TEE_SUCCESS;
}

static TEE_Result rsa_generate(struct object *object, uint32_t bits)
{
	BIGNUM *e = number_of(object, TEE_ATTR_RSA_PUBLIC_EXPONENT);
	RSA *rsa = RSA_new();
	TEE_Result result = TEE_ERROR_OUT_OF_MEMORY;

	if (!e) {
		e = BN_new();
		if (!e || !BN_set_word(e, RSA_EXPONENT_DEFAULT))
			goto out;
	}
	if (!rsa)
		goto out;
	/* From 65537 to below 2^256, as NIST SP 800-56B has it; and below the modulus. */
	result = TEE_ERROR_BAD_PARAMETERS;
	if (!BN_is_odd(e) || BN_num_bits(e) < 17 || BN_num_bits(e) > RSA_EXPONENT_BITS ||
	    BN_num_bits(e) >= (int)bits)
		goto out;
	if (bits < RSA_LIBRARY_BITS ? !small_rsa_generate(rsa, bits, e)
				    : !RSA_generate_key_ex(rsa, (int)bits, e, NULL))
		goto out;
	result = rsa_store(object, rsa, bits);
out:
	RSA_free(rsa);
	BN_free(e);
	return result;
}

/* y = g^x mod p, for DSA and DH. */
static TEE_Result power_store(struct object *object, uint32_t private_id, uint32_t public_id,
			      const BIGNUM *x, const BIGNUM *g, const BIGNUM *p, uint32_t bits)
{
	BN_CTX *numbers = BN_CTX_secure_new();
	BIGNUM *y = BN_new();
	TEE_Result result = TEE_ERROR_OUT_OF_MEMORY;

	if (numbers && y && BN_mod_exp_mont_consttime(y, g, x, p, numbers, NULL) &&
	    number_store(object, private_id, x, 0) && number_store(object, public_id, y, 0)) {
		object_complete(object, bits);
		result = TEE_SUCCESS;
	}
	BN_free(y);
	BN_CTX_free(numbers);
	return result;
}

/* Is 1 < g < p - 1, and p odd? */
static bool base_is_sound(const BIGNUM *g, const BIGNUM *p)
{
	BIGNUM *limit = BN_dup(p);
	bool sound = limit && BN_is_odd(p) && BN_sub_word(limit, 1) &&
		     BN_cmp(g, BN_value_one()) > 0 && BN_cmp(g, limit) < 0;

	BN_free(limit);
	return sound;
}

static TEE_Result dsa_generate(struct object *object, uint32_t bits)
{
	BIGNUM *p = number_of(object, TEE_ATTR_DSA_PRIME);
	BIGNUM *q = number_of(object, TEE_ATTR_DSA_SUBPRIME);
	BIGNUM *g = number_of(object, TEE_ATTR_DSA_BASE);
	BIGNUM *x = BN_new();
	TEE_Result result = TEE_ERROR_OUT_OF_MEMORY;

	if (!p || !q || !g || !x)
		goto out;
	result = TEE_ERROR_BAD_PARAMETERS;
	if ((BN_num_bits(p) + 7) / 8 != (int)((bits + 7) / 8) || !base_is_sound(g, p) ||
	    BN_num_bits(q) < 128 || BN_cmp(q, p) >= 0)
		goto out;
	do {
		if (!BN_priv_rand_range(x, q))
			goto out;
	} while (BN_is_zero(x));
	result = power_store(object, TEE_ATTR_DSA_PRIVATE_VALUE, TEE_ATTR_DSA_PUBLIC_VALUE, x, g, p,
			     bits);
out:
	BN_free(p);
	BN_free(q);
	BN_free(g);
	BN_clear_free(x);
	return result;
}

static bool dh_private_make(BIGNUM *x, const BIGNUM *p, const BIGNUM *q,
			    const struct attribute *x_bits)
{
	BIGNUM *limit = BN_dup(q ? q : p);
	bool made = false;

	if (!limit)
		return false;
	if (x_bits && x_bits->a) {
		made = BN_priv_rand(x, (int)x_bits->a, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY);
		goto out;
	}
	/* 1 < x < limit - 1 */
	if (!BN_sub_word(limit, 3) || BN_is_negative(limit) || BN_is_zero(limit))
		goto out;
	made = BN_priv_rand_range(x, limit) && BN_add_word(x, 2);
out:
	BN_free(limit);
	return made;
}

static TEE_Result dh_generate(struct object *object, uint32_t bits)
{
	const struct attribute *x_bits = object_attribute(object, TEE_ATTR_DH_X_BITS);
	BIGNUM *p = number_of(object, TEE_ATTR_DH_PRIME);
	BIGNUM *q = number_of(object, TEE_ATTR_DH_SUBPRIME);
	BIGNUM *g = number_of(object, TEE_ATTR_DH_BASE);
	BIGNUM *x = BN_new();
	TEE_Result result = TEE_ERROR_OUT_OF_MEMORY;

	if (!p || !g || !x)
		goto out;
	result = TEE_ERROR_BAD_PARAMETERS;
	if ((BN_num_bits(p) + 7) / 8 != (int)((bits + 7) / 8) || !base_is_sound(g, p) ||
	    (x_bits && (x_bits->a >= (uint32_t)BN_num_bits(p) || x_bits->a == 1)) ||
	    (q && BN_cmp(q, p) >= 0) || !dh_private_make(x, p, q, x_bits))
		goto out;
	result = power_store(object, TEE_ATTR_DH_PRIVATE_VALUE, TEE_ATTR_DH_PUBLIC_VALUE, x, g, p,
			     bits);
out:
	BN_free(p);
	BN_free(q);
	BN_free(g);
	BN_clear_free(x);
	return result;
}

static TEE_Result ec_generate(struct object *object, uint32_t bits)
{
	const struct attribute *id = object_attribute(object, TEE_ATTR_ECC_CURVE);
	const struct curve *curve = library_curve_find(id ? id->a : TEE_ECC_CURVE_SM2);
	const size_t size = (curve->bits + 7) / 8;
	const EC_GROUP *group = library_curve_group(curve);
	EC_KEY *key = EC_KEY_new();
	BIGNUM *x = BN_new(), *y = BN_new();
	TEE_Result result = TEE_ERROR_OUT_OF_MEMORY;

	if (curve->bits != bits) {
		result = TEE_ERROR_BAD_PARAMETERS;
		goto out;
	}
	if (!id)
		object_set_value(object, TEE_ATTR_ECC_CURVE, curve->id, 0);
	if (!key || !x || !y || !EC_KEY_set_group(key, group) || !EC_KEY_generate_key(key) ||
	    !EC_POINT_get_affine_coordinates(group, EC_KEY_get0_public_key(key), x, y, NULL))
		goto out;
	if (!number_store(object, TEE_ATTR_ECC_PUBLIC_VALUE_X, x, size) ||
	    !number_store(object, TEE_ATTR_ECC_PUBLIC_VALUE_Y, y, size) ||
	    !number_store(object, TEE_ATTR_ECC_PRIVATE_VALUE, EC_KEY_get0_private_key(key), size))
		goto out;
	object_complete(object, bits);
	result = TEE_SUCCESS;
out:
	EC_KEY_free(key);
	BN_free(x);
	BN_free(y);
	return result;
}

static TEE_Result octets_generate(struct object *object, uint32_t bits)
{
	const struct object_type *type = object->type;
	uint8_t public_half[57], private_half[57];
	size_t public_size = sizeof(public_half);
	EVP_PKEY *key;
	TEE_Result result = TEE_ERROR_GENERIC;

	random_fill(private_half, type->octets);
	key = EVP_PKEY_new_raw_private_key(type->nid, NULL, private_half, type->octets);
	if (key && EVP_PKEY_get_raw_public_key(key, public_half, &public_size)) {
		result = TEE_ERROR_OUT_OF_MEMORY;
		if (object_set_bytes(object, type->attribute[0].id, public_half, public_size) &&
		    object_set_bytes(object, type->attribute[1].id, private_half, type->octets)) {
			object_complete(object, bits);
			result = TEE_SUCCESS;
		}
	}
	EVP_PKEY_free(key);
	explicit_bzero(private_half, sizeof(private_half));
	return result;
}

TEE_Result key_generate(struct object *object, uint32_t bits)
{
	/* A public half alone can't be made; its attributes are not any that are taken here. */
	if (object->type->family != OBJECT_SECRET && !object->type->public_type &&
	    object->type->family != OBJECT_DH)
		return TEE_ERROR_NOT_SUPPORTED;
	library_init();
	switch (object->type->family) {
	case OBJECT_SECRET:
		return secret_generate(object, bits);
	case OBJECT_RSA:
		return rsa_generate(object, bits);
	case OBJECT_DSA:
		return dsa_generate(object, bits);
	case OBJECT_DH:
		return dh_generate(object, bits);
	case OBJECT_EC:
		return ec_generate(object, bits);
	case OBJECT_OCTETS:
		return octets_generate(object, bits);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
