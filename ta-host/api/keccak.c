#include "api/keccak.h"

#include <endian.h>
#include <string.h>

#define ROUNDS	     24
#define SHAKE_SUFFIX 0x1F

static uint64_t rotate(uint64_t word, unsigned int by)
{
	return by ? word << by | word >> (64 - by) : word;
}

/* The round constant is what a linear feedback register gives, seven bits a round. */
static uint64_t round_constant(uint8_t *feedback)
{
	uint64_t constant = 0;

	for (unsigned int j = 0; j < 7; j++) {
		if (*feedback & 1)
			constant |= UINT64_C(1) << ((1U << j) - 1);
		*feedback = (uint8_t)(*feedback << 1 ^ (*feedback & 0x80 ? 0x71 : 0));
	}
	return constant;
}

static void permute(uint64_t a[25])
{
	static uint64_t constants[ROUNDS];
	uint8_t feedback = 1;

	for (int i = 0; !constants[ROUNDS - 1] && i < ROUNDS; i++)
		constants[i] = round_constant(&feedback);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t c[5], b[25];
		unsigned int x = 1, y = 0;

		for (int i = 0; i < 5; i++)
			c[i] = a[i] ^ a[i + 5] ^ a[i + 10] ^ a[i + 15] ^ a[i + 20];
		for (int i = 0; i < 5; i++) {
			const uint64_t d = c[(i + 4) % 5] ^ rotate(c[(i + 1) % 5], 1);

			for (int j = 0; j < 25; j += 5)
				a[i + j] ^= d;
		}
		/* Rotation and transposition walk the lanes in one cycle, from (1, 0). */
		b[0] = a[0];
		for (unsigned int t = 0; t < 24; t++) {
			const unsigned int next = (2 * x + 3 * y) % 5;

			b[y + 5 * next] = rotate(a[x + 5 * y], (t + 1) * (t + 2) / 2 % 64);
			x = y;
			y = next;
		}
		for (int j = 0; j < 25; j += 5)
			for (int i = 0; i < 5; i++)
				a[i + j] = b[i + j] ^ (~b[(i + 1) % 5 + j] & b[(i + 2) % 5 + j]);
		a[0] ^= constants[round];
	}
}

static void lane_xor(struct keccak *keccak, uint32_t at, uint8_t octet)
{
	keccak->lane[at / 8] ^= (uint64_t)octet << (at % 8 * 8);
}

void keccak_init(struct keccak *keccak, unsigned int strength)
{
	*keccak = (struct keccak) { .rate = (1600 - 2 * strength) / 8 };
}

void keccak_absorb(struct keccak *keccak, const void *data, size_t size)
{
	const uint8_t *next = data;

	while (size) {
		if (keccak->at % 8 == 0 && size >= 8) {
			uint64_t word;

			memcpy(&word, next, sizeof(word));
			keccak->lane[keccak->at / 8] ^= le64toh(word);
			keccak->at += 8;
			next += 8;
			size -= 8;
		} else {
			lane_xor(keccak, keccak->at++, *next++);
			size--;
		}
		if (keccak->at == keccak->rate) {
			permute(keccak->lane);
			keccak->at = 0;
		}
	}
}

void keccak_squeeze(struct keccak *keccak, void *output, size_t size)
{
	uint8_t *next = output;

	if (!keccak->squeezing) {
		lane_xor(keccak, keccak->at, SHAKE_SUFFIX);
		lane_xor(keccak, keccak->rate - 1, 0x80);
		permute(keccak->lane);
		keccak->at = 0;
		keccak->squeezing = true;
	}
	for (; size; size--) {
		if (keccak->at == keccak->rate) {
			permute(keccak->lane);
			keccak->at = 0;
		}
		*next++ = (uint8_t)(keccak->lane[keccak->at / 8] >> (keccak->at % 8 * 8));
		keccak->at++;
	}
}
