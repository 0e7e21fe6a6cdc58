#include "teep/otrp/encoding.h"

#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

static const char standard_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* What a digit means: its value, and these. */
enum {
	SEEN_STANDARD = 1 << 24, /* this alphabet has it alone */
	SEEN_URL = 1 << 25,
	NO_DIGIT = 1 << 26,
};

static uint32_t meaning[256];
/* The same with the value where the first to the fourth of four digits has it in three octets, the
 * first of which is the lowest. */
static uint32_t part[4][256];
static pthread_once_t meaning_once = PTHREAD_ONCE_INIT;

static void meaning_make(void)
{
	for (unsigned i = 0; i < 256; i++)
		meaning[i] = NO_DIGIT;
	for (unsigned i = 0; i < 64; i++) {
		meaning[(uint8_t)standard_alphabet[i]] = i | (i > 61 ? SEEN_STANDARD : 0);
		meaning[(uint8_t)url_alphabet[i]] = i | (i > 61 ? SEEN_URL : 0);
	}
	for (unsigned i = 0; i < 256; i++) {
		const uint32_t value = meaning[i] & 63, seen = meaning[i] & ~63U;

		part[0][i] = seen | value << 2;
		part[1][i] = seen | value >> 4 | (value & 15) << 12;
		part[2][i] = seen | (value >> 2) << 8 | (value & 3) << 22;
		part[3][i] = seen | value << 16;
	}
}

/* The length without padding, or -EBADMSG. */
static ssize_t digits_count(struct span text, enum base64_form form)
{
	size_t n = text.size, padding = 0;

	while (n > 0 && padding < 2 && text.data[n - 1] == '=') {
		n--;
		padding++;
	}
	if (n % 4 == 1 || (padding && (form == BASE64_JOSE || text.size % 4)))
		return -EBADMSG;
	return (ssize_t)n;
}

int base64_decode(struct span text, enum base64_form form, struct arena *arena, struct span *out)
{
	const ssize_t count = digits_count(text, form);
	const uint8_t *from = text.data;
	uint32_t value = 0, seen = 0;
	unsigned bits = 0;
	uint8_t *octets, *at;

	if (count < 0)
		return (int)count;
	(void)pthread_once(&meaning_once, meaning_make);
	octets = arena_take(arena, (size_t)count / 4 * 3 + (size_t)count % 4);
	if (!octets)
		return -ENOMEM;
	at = octets;
	for (const uint8_t *end = from + count / 4 * 4; from < end; from += 4, at += 3) {
		const uint32_t four =
			part[0][from[0]] | part[1][from[1]] | part[2][from[2]] | part[3][from[3]];
		const uint32_t octets_of_it = htole32(four);

		seen |= four;
		/* One more octet than there is: what comes behind overwrites it. */
		memcpy(at, &octets_of_it, sizeof(octets_of_it));
	}
	for (ssize_t i = 0; i < count % 4; i++) {
		seen |= meaning[from[i]];
		value = value << 6 | (meaning[from[i]] & 63);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*at++ = (uint8_t)(value >> bits);
			value &= (1U << bits) - 1;
		}
	}
	if (value || seen & NO_DIGIT ||
	    (seen & (SEEN_STANDARD | SEEN_URL)) == (SEEN_STANDARD | SEEN_URL) ||
	    (form == BASE64_JOSE && seen & SEEN_STANDARD))
		return -EBADMSG;
	*at = 0;
	*out = span_of(octets, (size_t)(at - octets));
	return 0;
}

/* What twelve bits are in each alphabet. */
struct pair {
	char digits[2];
};

static struct pair standard_pairs[4096], url_pairs[4096];
static pthread_once_t pairs_once = PTHREAD_ONCE_INIT;

static void pairs_make(void)
{
	for (unsigned i = 0; i < 4096; i++) {
		standard_pairs[i] =
			(struct pair) { { standard_alphabet[i >> 6], standard_alphabet[i & 63] } };
		url_pairs[i] = (struct pair) { { url_alphabet[i >> 6], url_alphabet[i & 63] } };
	}
}

static char *put(char *at, const uint8_t *data, size_t size, const char *alphabet)
{
	const struct pair *pairs = alphabet == url_alphabet ? url_pairs : standard_pairs;

	(void)pthread_once(&pairs_once, pairs_make);
	for (; size >= 3; size -= 3, data += 3, at += 4) {
		const uint32_t value = (uint32_t)(data[0] << 16 | data[1] << 8 | data[2]);

		memcpy(at, &pairs[value >> 12], 2);
		memcpy(at + 2, &pairs[value & 0xfff], 2);
	}
	if (size) {
		*at++ = alphabet[data[0] >> 2];
		*at++ = alphabet[(data[0] & 3) << 4 | (size == 2 ? data[1] >> 4 : 0)];
		if (size == 2)
			*at++ = alphabet[(data[1] & 15) << 2];
	}
	return at;
}

char *base64_put(char *at, const void *data, size_t size)
{
	at = put(at, data, size, standard_alphabet);
	for (; size % 3; size++)
		*at++ = '=';
	return at;
}

char *base64url_put(char *at, const void *data, size_t size)
{
	return put(at, data, size, url_alphabet);
}

static char *encode(const void *data, size_t size, char *(*how)(char *, const void *, size_t))
{
	char *text = size > SIZE_MAX / 2 ? NULL : malloc(BASE64_ROOM(size) + 1);

	if (text)
		*how(text, data, size) = '\0';
	return text;
}

char *base64_encode(const void *data, size_t size)
{
	return encode(data, size, base64_put);
}

char *base64url_encode(const void *data, size_t size)
{
	return encode(data, size, base64url_put);
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_decode(struct span text, uint8_t *out, size_t size)
{
	if (text.size != 2 * size)
		return -EBADMSG;
	for (size_t i = 0; i < size; i++) {
		const int high = hex_value(text.data[2 * i]);
		const int low = hex_value(text.data[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EBADMSG;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

char *hex_encode(const void *data, size_t size, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *octets = data;

	for (size_t i = 0; i < size; i++) {
		out[2 * i] = digits[octets[i] >> 4];
		out[2 * i + 1] = digits[octets[i] & 15];
	}
	out[2 * size] = '\0';
	return out;
}
