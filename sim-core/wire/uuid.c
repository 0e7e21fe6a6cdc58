#include "wire/uuid.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

struct uuid uuid_from_fields(uint32_t time_low, uint16_t time_mid, uint16_t time_hi_and_version,
			     const uint8_t clock_seq_and_node[8])
{
	struct uuid u;

	for (int i = 0; i < 4; i++)
		u.octet[i] = (uint8_t)(time_low >> (24 - 8 * i));
	u.octet[4] = (uint8_t)(time_mid >> 8);
	u.octet[5] = (uint8_t)time_mid;
	u.octet[6] = (uint8_t)(time_hi_and_version >> 8);
	u.octet[7] = (uint8_t)time_hi_and_version;
	memcpy(u.octet + 8, clock_seq_and_node, 8);
	return u;
}

void uuid_to_fields(const struct uuid *uuid, uint32_t *time_low, uint16_t *time_mid,
		    uint16_t *time_hi_and_version, uint8_t clock_seq_and_node[8])
{
	const uint8_t *o = uuid->octet;

	*time_low = (uint32_t)o[0] << 24 | (uint32_t)o[1] << 16 | (uint32_t)o[2] << 8 | o[3];
	*time_mid = (uint16_t)(o[4] << 8 | o[5]);
	*time_hi_and_version = (uint16_t)(o[6] << 8 | o[7]);
	memcpy(clock_seq_and_node, o + 8, 8);
}

static bool hyphen_before(int octet)
{
	return octet == 4 || octet == 6 || octet == 8 || octet == 10;
}

char *uuid_format(const struct uuid *uuid, char text[UUID_TEXT_SIZE])
{
	static const char digit[] = "0123456789abcdef";
	char *p = text;

	for (int i = 0; i < 16; i++) {
		if (hyphen_before(i))
			*p++ = '-';
		*p++ = digit[uuid->octet[i] >> 4];
		*p++ = digit[uuid->octet[i] & 15];
	}
	*p = '\0';
	return text;
}

static int nibble_parse(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int uuid_parse(const char *text, struct uuid *out)
{
	struct uuid u;

	for (int i = 0; i < 16; i++) {
		int high, low;

		if (hyphen_before(i) && *text++ != '-')
			return -EINVAL;
		high = nibble_parse(text[0]);
		if (high < 0)
			return -EINVAL;
		low = nibble_parse(text[1]);
		if (low < 0)
			return -EINVAL;
		u.octet[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	if (*text)
		return -EINVAL;
	*out = u;
	return 0;
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->octet, b->octet, sizeof(a->octet)) == 0;
}
