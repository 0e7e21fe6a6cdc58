#include "device/seed.h"

#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct seed_count {
	struct uuid ta;
	uint64_t instances;
};

int seed_parse(const char *text, uint64_t *number)
{
	const bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hexadecimal ? text + 2 : text;
	char *end;

	/* strtoull() takes signs and blanks, too. */
	if (!digits[0] ||
	    digits[strspn(digits, hexadecimal ? "0123456789abcdefABCDEF" : "0123456789")])
		return -EINVAL;
	errno = 0;
	*number = strtoull(digits, &end, hexadecimal ? 16 : 10);
	return errno || *end ? -EINVAL : 0;
}

/* Fixed in length, so that no two inputs are the same octets. */
static int derive(const struct seed *seed, char purpose, const struct uuid *ta, uint64_t ordinal,
		  uint8_t out[SEED_SIZE])
{
	struct {
		uint64_t number;
		uint64_t ordinal;
		struct uuid ta;
		char purpose[8];
	} from = {
		.number = htole64(seed->number),
		.ordinal = htole64(ordinal),
		.purpose = { purpose },
	};

	if (ta)
		from.ta = *ta;
	if (sodium_init() < 0)
		return -ENOSYS;
	(void)crypto_generichash(out, SEED_SIZE, (const unsigned char *)&from, sizeof(from), NULL,
				 0);
	return 0;
}

int seed_for_device(const struct seed *seed, uint8_t out[SEED_SIZE])
{
	return derive(seed, 'd', NULL, 0, out);
}

int seed_for_instance(struct seed *seed, const struct uuid *ta, uint8_t out[SEED_SIZE])
{
	struct seed_count *counts;
	size_t i;

	for (i = 0; i < seed->count; i++)
		if (!memcmp(&seed->counts[i].ta, ta, sizeof(*ta)))
			return derive(seed, 'i', ta, ++seed->counts[i].instances, out);
	counts = reallocarray(seed->counts, seed->count + 1, sizeof(*counts));
	if (!counts)
		return -ENOMEM;
	counts[seed->count++] = (struct seed_count) { .ta = *ta };
	seed->counts = counts;
	return derive(seed, 'i', ta, 0, out);
}

void seed_forget(struct seed *seed)
{
	free(seed->counts);
	seed->counts = NULL;
	seed->count = 0;
}
