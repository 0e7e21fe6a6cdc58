#include "api/ed448.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <string.h>

#include "api/keccak.h"
#include "api/library.h"

#define FIELD_OCTETS   56U
#define FIELD_WORDS    (FIELD_OCTETS / sizeof(BN_ULONG))
#define SCALAR_BITS    447
#define PREHASHED_SIZE 64U
/* What an element of the field must have room for, to be exchanged with another. */
#define ROOM_BIT 511

/* The field's prime, the order of the group, and its base, big-endian. */
static const uint8_t prime_octets[FIELD_OCTETS] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};
static const uint8_t order_octets[FIELD_OCTETS] = {
	0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0x7c, 0xca, 0x23, 0xe9, 0xc4, 0x4e, 0xdb, 0x49, 0xae, 0xd6, 0x36, 0x90, 0x21, 0x6c,
	0xc2, 0x72, 0x8d, 0xc5, 0x8f, 0x55, 0x23, 0x78, 0xc2, 0x92, 0xab, 0x58, 0x44, 0xf3,
};
static const uint8_t base_x_octets[FIELD_OCTETS] = {
	0x4f, 0x19, 0x70, 0xc6, 0x6b, 0xed, 0x0d, 0xed, 0x22, 0x1d, 0x15, 0xa6, 0x22, 0xbf,
	0x36, 0xda, 0x9e, 0x14, 0x65, 0x70, 0x47, 0x0f, 0x17, 0x67, 0xea, 0x6d, 0xe3, 0x24,
	0xa3, 0xd3, 0xa4, 0x64, 0x12, 0xae, 0x1a, 0xf7, 0x2a, 0xb6, 0x65, 0x11, 0x43, 0x3b,
	0x80, 0xe1, 0x8b, 0x00, 0x93, 0x8e, 0x26, 0x26, 0xa8, 0x2b, 0xc7, 0x0c, 0xc0, 0x5e,
};
static const uint8_t base_y_octets[FIELD_OCTETS] = {
	0x69, 0x3f, 0x46, 0x71, 0x6e, 0xb6, 0xbc, 0x24, 0x88, 0x76, 0x20, 0x37, 0x56, 0xc9,
	0xc7, 0x62, 0x4b, 0xea, 0x73, 0x73, 0x6c, 0xa3, 0x98, 0x40, 0x87, 0x78, 0x9c, 0x1e,
	0x05, 0xa0, 0xc2, 0xd7, 0x3a, 0xd3, 0xff, 0x1c, 0xe6, 0x7c, 0x39, 0xc4, 0xfd, 0xbd,
	0x13, 0x2c, 0x4e, 0xd7, 0xc8, 0xad, 0x98, 0x08, 0x79, 0x5b, 0xf2, 0x30, 0xfa, 0x14,
};

/* x and y are X / Z and Y / Z, all of them in the form of Montgomery. */
struct point {
	BIGNUM *x, *y, *z;
};

struct curve448 {
	BN_CTX *numbers;
	BN_MONT_CTX *form;
	BIGNUM *p, *order, *d, *one;
	/* For point_add(). */
	BIGNUM *a, *b, *c, *e, *f, *g, *h;
};

static BIGNUM *element_new(BN_CTX *numbers)
{
	BIGNUM *element = BN_CTX_get(numbers);

	if (!element)
		return NULL;
	BN_set_flags(element, BN_FLG_CONSTTIME);
	return BN_set_bit(element, ROOM_BIT) && BN_set_word(element, 0) ? element : NULL;
}

static bool point_new(struct curve448 *curve, struct point *point)
{
	point->x = element_new(curve->numbers);
	point->y = element_new(curve->numbers);
	point->z = element_new(curve->numbers);
	return point->z;
}

static bool into_form(struct curve448 *curve, BIGNUM *result, const BIGNUM *number)
{
	return BN_to_montgomery(result, number, curve->form, curve->numbers);
}

static bool out_of_form(struct curve448 *curve, BIGNUM *result, const BIGNUM *number)
{
	return BN_from_montgomery(result, number, curve->form, curve->numbers);
}

static bool curve_open(struct curve448 *curve)
{
	BIGNUM **const elements[] = { &curve->a, &curve->b, &curve->c, &curve->e,
				      &curve->f, &curve->g, &curve->h };

	library_init();
	curve->numbers = BN_CTX_new();
	if (!curve->numbers)
		return false;
	BN_CTX_start(curve->numbers);
	curve->p = BN_CTX_get(curve->numbers);
	curve->order = BN_CTX_get(curve->numbers);
	curve->d = BN_CTX_get(curve->numbers);
	curve->one = BN_CTX_get(curve->numbers);
	curve->form = BN_MONT_CTX_new();
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
		*elements[i] = element_new(curve->numbers);
	/* d = -39081 */
	return curve->h && curve->form && BN_bin2bn(prime_octets, FIELD_OCTETS, curve->p) &&
	       BN_bin2bn(order_octets, FIELD_OCTETS, curve->order) &&
	       BN_MONT_CTX_set(curve->form, curve->p, curve->numbers) &&
	       BN_copy(curve->d, curve->p) && BN_sub_word(curve->d, 39081) &&
	       into_form(curve, curve->d, curve->d) && into_form(curve, curve->one, BN_value_one());
}

static void curve_close(struct curve448 *curve)
{
	if (!curve->numbers)
		return;
	BN_MONT_CTX_free(curve->form);
	BN_CTX_end(curve->numbers);
	BN_CTX_free(curve->numbers);
}

static bool times(struct curve448 *curve, BIGNUM *result, const BIGNUM *a, const BIGNUM *b)
{
	return BN_mod_mul_montgomery(result, a, b, curve->form, curve->numbers);
}

static bool plus(struct curve448 *curve, BIGNUM *result, const BIGNUM *a, const BIGNUM *b)
{
	return BN_mod_add(result, a, b, curve->p, curve->numbers);
}

static bool minus(struct curve448 *curve, BIGNUM *result, const BIGNUM *a, const BIGNUM *b)
{
	return BN_mod_sub(result, a, b, curve->p, curve->numbers);
}

/* RFC 8032, 5.2.4: holds for any two points, equal ones included. `sum` may be one of them. */
static bool point_add(struct curve448 *curve, struct point *sum, const struct point *p,
		      const struct point *q)
{
	return times(curve, curve->c, p->x, q->x) && times(curve, curve->e, p->y, q->y) &&
	       plus(curve, curve->f, p->x, p->y) && plus(curve, curve->g, q->x, q->y) &&
	       times(curve, curve->h, curve->f, curve->g) && times(curve, curve->a, p->z, q->z) &&
	       times(curve, curve->b, curve->a, curve->a) &&
	       /* The cross terms: h = (x1 + y1)(x2 + y2) - x1 x2 - y1 y2. */
	       minus(curve, curve->h, curve->h, curve->c) &&
	       minus(curve, curve->h, curve->h, curve->e) &&
	       times(curve, curve->g, curve->c, curve->e) &&
	       times(curve, curve->g, curve->g, curve->d) &&
	       minus(curve, curve->f, curve->b, curve->g) &&
	       plus(curve, curve->g, curve->b, curve->g) &&
	       times(curve, sum->z, curve->f, curve->g) &&
	       times(curve, curve->f, curve->f, curve->a) &&
	       times(curve, sum->x, curve->f, curve->h) &&
	       minus(curve, curve->e, curve->e, curve->c) &&
	       times(curve, curve->g, curve->g, curve->a) &&
	       times(curve, sum->y, curve->g, curve->e);
}

static void points_exchange(unsigned int condition, struct point *p, struct point *q)
{
	BN_consttime_swap(condition, p->x, q->x, FIELD_WORDS);
	BN_consttime_swap(condition, p->y, q->y, FIELD_WORDS);
	BN_consttime_swap(condition, p->z, q->z, FIELD_WORDS);
}

/* `result` = `scalar` times `point`, which is used up. */
static bool point_multiply(struct curve448 *curve, struct point *result, struct point *point,
			   const BIGNUM *scalar)
{
	/* The neutral one. */
	if (!BN_set_word(result->x, 0) || !BN_copy(result->y, curve->one) ||
	    !BN_copy(result->z, curve->one))
		return false;
	for (int bit = SCALAR_BITS; bit >= 0; bit--) {
		const unsigned int set = (unsigned int)BN_is_bit_set(scalar, bit);

		points_exchange(set, result, point);
		if (!point_add(curve, point, result, point) ||
		    !point_add(curve, result, result, result))
			return false;
		points_exchange(set, result, point);
	}
	return true;
}

static bool base_multiply(struct curve448 *curve, struct point *result, const BIGNUM *scalar)
{
	struct point base;

	return point_new(curve, &base) && BN_bin2bn(base_x_octets, FIELD_OCTETS, base.x) &&
	       BN_bin2bn(base_y_octets, FIELD_OCTETS, base.y) && into_form(curve, base.x, base.x) &&
	       into_form(curve, base.y, base.y) && BN_copy(base.z, curve->one) &&
	       point_multiply(curve, result, &base, scalar);
}

static bool point_encode(struct curve448 *curve, const struct point *point,
			 uint8_t encoded[ED448_SIZE])
{
	BIGNUM *x = element_new(curve->numbers), *y = element_new(curve->numbers);
	BIGNUM *inverse = element_new(curve->numbers);

	/* Of two factors, one has the form: the product has not. */
	if (!inverse || !out_of_form(curve, inverse, point->z) ||
	    !BN_mod_inverse(inverse, inverse, curve->p, curve->numbers) ||
	    !times(curve, x, point->x, inverse) || !times(curve, y, point->y, inverse) ||
	    BN_bn2lebinpad(y, encoded, FIELD_OCTETS) < 0)
		return false;
	encoded[FIELD_OCTETS] = BN_is_odd(x) ? 0x80 : 0;
	return true;
}

/* RFC 8032, 5.2.3. False: it is the encoding of no point. */
static bool point_decode(struct curve448 *curve, const uint8_t encoded[ED448_SIZE],
			 struct point *point)
{
	BIGNUM *u = element_new(curve->numbers), *v = element_new(curve->numbers);
	BIGNUM *power = element_new(curve->numbers), *exponent = element_new(curve->numbers);
	const int sign = encoded[FIELD_OCTETS] >> 7;

	if (!exponent || encoded[FIELD_OCTETS] & 0x7F ||
	    !BN_lebin2bn(encoded, FIELD_OCTETS, point->y) || BN_cmp(point->y, curve->p) >= 0 ||
	    !into_form(curve, point->y, point->y) || !BN_copy(point->z, curve->one))
		return false;
	/* x² = u / v with u = y² - 1 and v = d y² - 1. */
	if (!times(curve, u, point->y, point->y) || !times(curve, v, u, curve->d) ||
	    !minus(curve, u, u, point->z) || !minus(curve, v, v, point->z))
		return false;
	/* x = u³ v (u⁵ v³)^((p - 3) / 4), if there is one. */
	if (!BN_copy(exponent, curve->p) || !BN_sub_word(exponent, 3) ||
	    !BN_rshift(exponent, exponent, 2) || !times(curve, curve->a, u, v) ||
	    !times(curve, curve->b, u, u) || !times(curve, curve->c, curve->a, curve->b) ||
	    !times(curve, power, curve->c, curve->b) || !times(curve, power, power, v) ||
	    !times(curve, power, power, v) || !out_of_form(curve, power, power) ||
	    !BN_mod_exp_mont_consttime(power, power, exponent, curve->p, curve->numbers, NULL) ||
	    !into_form(curve, power, power) || !times(curve, point->x, curve->c, power))
		return false;
	if (!times(curve, curve->a, point->x, point->x) || !times(curve, curve->a, curve->a, v) ||
	    BN_cmp(curve->a, u) != 0 || (BN_is_zero(point->x) && sign))
		return false;
	return out_of_form(curve, power, point->x) &&
	       (BN_is_odd(power) == sign || BN_sub(point->x, curve->p, point->x));
}

/* SHAKE256 of the prefix that keeps the forms apart, and what follows. */
static void hash_start(struct keccak *hash, const struct ed448_message *message)
{
	const uint8_t flags[] = { message->prehash, (uint8_t)message->context.size };

	keccak_init(hash, 256);
	keccak_absorb(hash, "SigEd448", 8);
	keccak_absorb(hash, flags, sizeof(flags));
	if (message->context.size)
		keccak_absorb(hash, message->context.at, message->context.size);
}

static BIGNUM *hash_end(struct curve448 *curve, struct keccak *hash,
			const struct ed448_message *message)
{
	BIGNUM *scalar = element_new(curve->numbers);
	uint8_t octets[ED448_SIGNATURE_SIZE];
	bool made;

	if (message->prehash) {
		uint8_t prehashed[PREHASHED_SIZE];
		struct keccak inner;

		keccak_init(&inner, 256);
		keccak_absorb(&inner, message->text.at, message->text.size);
		keccak_squeeze(&inner, prehashed, sizeof(prehashed));
		keccak_absorb(hash, prehashed, sizeof(prehashed));
	} else {
		keccak_absorb(hash, message->text.at, message->text.size);
	}
	keccak_squeeze(hash, octets, sizeof(octets));
	made = scalar && BN_lebin2bn(octets, sizeof(octets), scalar) &&
	       BN_nnmod(scalar, scalar, curve->order, curve->numbers);
	explicit_bzero(octets, sizeof(octets));
	explicit_bzero(hash, sizeof(*hash));
	return made ? scalar : NULL;
}

/* From the seed: the scalar, and what makes nonces. */
static BIGNUM *secret_expand(struct curve448 *curve, const uint8_t secret[ED448_SIZE],
			     uint8_t prefix[ED448_SIZE])
{
	BIGNUM *scalar = element_new(curve->numbers);
	uint8_t expanded[2 * ED448_SIZE];
	struct keccak hash;
	bool made;

	keccak_init(&hash, 256);
	keccak_absorb(&hash, secret, ED448_SIZE);
	keccak_squeeze(&hash, expanded, sizeof(expanded));
	memcpy(prefix, expanded + ED448_SIZE, ED448_SIZE);
	expanded[0] &= 0xFC;
	expanded[55] |= 0x80;
	expanded[56] = 0;
	made = scalar && BN_lebin2bn(expanded, ED448_SIZE, scalar);
	explicit_bzero(expanded, sizeof(expanded));
	explicit_bzero(&hash, sizeof(hash));
	return made ? scalar : NULL;
}

/* Of what a signature commits to: the challenge. */
static BIGNUM *challenge_of(struct curve448 *curve, const struct ed448_message *message,
			    const uint8_t commitment[ED448_SIZE],
			    const uint8_t identity[ED448_SIZE])
{
	struct keccak hash;

	hash_start(&hash, message);
	keccak_absorb(&hash, commitment, ED448_SIZE);
	keccak_absorb(&hash, identity, ED448_SIZE);
	return hash_end(curve, &hash, message);
}

bool ed448_sign(const uint8_t secret[ED448_SIZE], const struct ed448_message *message,
		uint8_t signature[ED448_SIGNATURE_SIZE])
{
	uint8_t prefix[ED448_SIZE], identity[ED448_SIZE];
	struct curve448 curve = { 0 };
	BIGNUM *scalar, *nonce, *challenge;
	struct point point;
	struct keccak hash;
	bool made = false;

	if (!curve_open(&curve))
		goto out;
	scalar = secret_expand(&curve, secret, prefix);
	hash_start(&hash, message);
	keccak_absorb(&hash, prefix, sizeof(prefix));
	nonce = hash_end(&curve, &hash, message);
	/* The public half is what belongs to the seed, whatever the object says. */
	if (!scalar || !nonce || !point_new(&curve, &point) ||
	    !base_multiply(&curve, &point, scalar) || !point_encode(&curve, &point, identity) ||
	    !base_multiply(&curve, &point, nonce) || !point_encode(&curve, &point, signature))
		goto out;
	challenge = challenge_of(&curve, message, signature, identity);
	made = challenge && BN_mod_mul(challenge, challenge, scalar, curve.order, curve.numbers) &&
	       BN_mod_add(nonce, nonce, challenge, curve.order, curve.numbers) &&
	       BN_bn2lebinpad(nonce, signature + ED448_SIZE, ED448_SIZE) >= 0;
out:
	explicit_bzero(prefix, sizeof(prefix));
	curve_close(&curve);
	return made;
}

bool ed448_verify(const uint8_t identity[ED448_SIZE], const struct ed448_message *message,
		  const uint8_t signature[ED448_SIGNATURE_SIZE])
{
	struct point key, left, right;
	struct curve448 curve = { 0 };
	BIGNUM *scalar, *challenge;
	uint8_t expected[ED448_SIZE];
	bool right_one = false;

	if (!curve_open(&curve) || !point_new(&curve, &key) || !point_new(&curve, &left) ||
	    !point_new(&curve, &right))
		goto out;
	scalar = element_new(curve.numbers);
	/* A larger one would be a second form of the same signature. */
	if (!scalar || !BN_lebin2bn(signature + ED448_SIZE, ED448_SIZE, scalar) ||
	    BN_cmp(scalar, curve.order) >= 0 || !point_decode(&curve, identity, &key))
		goto out;
	challenge = challenge_of(&curve, message, signature, identity);
	/* R = S B - k A */
	right_one = challenge && BN_sub(key.x, curve.p, key.x) &&
		    base_multiply(&curve, &left, scalar) &&
		    point_multiply(&curve, &right, &key, challenge) &&
		    point_add(&curve, &left, &left, &right) &&
		    point_encode(&curve, &left, expected) &&
		    CRYPTO_memcmp(expected, signature, ED448_SIZE) == 0;
out:
	curve_close(&curve);
	return right_one;
}
