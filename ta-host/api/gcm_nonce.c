#include "api/gcm_nonce.h"

#include <endian.h>
#include <string.h>

/* An element of GCM's field; the coefficient of 1 is the uppermost bit of `high`. */
struct element {
	uint64_t high, low;
};

static struct element element_of(const uint8_t octets[GCM_BLOCK])
{
	struct element element;

	memcpy(&element.high, octets, 8);
	memcpy(&element.low, octets + 8, 8);
	return (struct element) { be64toh(element.high), be64toh(element.low) };
}

static struct element sum(struct element a, struct element b)
{
	return (struct element) { a.high ^ b.high, a.low ^ b.low };
}

/* Takes the same time whatever the elements are: one of them comes of the key. */
static struct element product(struct element a, struct element b)
{
	struct element result = { 0, 0 };

	for (unsigned int i = 0; i < 128; i++) {
		const uint64_t bit = (i < 64 ? a.high >> (63 - i) : a.low >> (127 - i)) & 1;
		const uint64_t carry = b.low & 1;

		result.high ^= b.high & (0 - bit);
		result.low ^= b.low & (0 - bit);
		b.low = b.low >> 1 | b.high << 63;
		b.high = b.high >> 1 ^ (UINT64_C(0xE1) << 56 & (0 - carry));
	}
	return result;
}

/* To the power of 2^128 - 2. */
static struct element inverse(struct element element)
{
	struct element result = { UINT64_C(1) << 63, 0 };

	for (unsigned int i = 1; i < 128; i++) {
		element = product(element, element);
		result = product(result, element);
	}
	return result;
}

void gcm_nonce_shorten(const uint8_t subkey[GCM_BLOCK], const uint8_t *nonce, size_t size,
		       uint8_t shortened[GCM_BLOCK])
{
	static const struct element length_of_16 = { 0, 128 };
	struct element h = element_of(subkey), h_inverse = inverse(h);
	struct element start = { 0, 0 };
	const struct element length = { (uint64_t)size >> 61, (uint64_t)size << 3 };
	uint64_t octets[2];

	while (size) {
		const size_t piece = size < GCM_BLOCK ? size : GCM_BLOCK;
		uint8_t block[GCM_BLOCK] = { 0 };

		memcpy(block, nonce, piece);
		start = product(sum(start, element_of(block)), h);
		nonce += piece;
		size -= piece;
	}
	start = product(sum(start, length), h);
	/* (x h + length) h = start, solved for x. */
	start = product(sum(product(start, h_inverse), length_of_16), h_inverse);
	octets[0] = htobe64(start.high);
	octets[1] = htobe64(start.low);
	memcpy(shortened, octets, GCM_BLOCK);
	explicit_bzero(&h, sizeof(h));
	explicit_bzero(&h_inverse, sizeof(h_inverse));
}
