/*
 * <base64.h> of the kit: RFC 4648, section 4. On the way in it reads as MIME does (RFC 2045), which
 * is what properties of TAs are written for: what is not in the alphabet is passed over, and
 * padding may be missing or too long.
 */
#include <base64.h>
#include <stdint.h>

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_enc_len(size_t size)
{
	return (size + 2) / 3 * 4 + 1;
}

bool base64_encode(const void *data, size_t size, char *buf, size_t *blen)
{
	const size_t room = *blen;
	const uint8_t *in = data;
	char *out = buf;

	*blen = base64_enc_len(size);
	if (room < *blen)
		return false;
	for (; size >= 3; size -= 3, in += 3) {
		*out++ = alphabet[in[0] >> 2];
		*out++ = alphabet[(in[0] & 3) << 4 | in[1] >> 4];
		*out++ = alphabet[(in[1] & 15) << 2 | in[2] >> 6];
		*out++ = alphabet[in[2] & 63];
	}
	if (size) {
		const uint8_t second = size == 2 ? in[1] : 0;

		*out++ = alphabet[in[0] >> 2];
		*out++ = alphabet[(in[0] & 3) << 4 | second >> 4];
		*out++ = size == 2 ? alphabet[(second & 15) << 2] : '=';
		*out++ = '=';
	}
	*out = '\0';
	return true;
}

/* -1: not a character of the alphabet. */
static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

bool base64_decode(const char *data, size_t size, void *buf, size_t *blen)
{
	const size_t room = *blen;
	uint8_t *out = buf;
	uint32_t bits = 0;
	size_t characters = 0, needed = 0;

	for (size_t i = 0; i < size && data[i]; i++) {
		const int value = sextet(data[i]);

		if (value < 0)
			continue;
		bits = bits << 6 | (uint32_t)value;
		characters++;
		if (characters % 4 != 1) {
			/* The upper eight bits that have not been written yet. */
			const unsigned int below = (unsigned int)(6 - 2 * ((characters - 1) % 4));

			if (needed < room)
				out[needed] = (uint8_t)(bits >> below);
			needed++;
		}
	}
	/* Six bits over: the text was cut. */
	if (characters % 4 == 1)
		return false;
	*blen = needed;
	return needed <= room;
}
