/*
 * Characters of UTF-8 in octets that may be anything, as whoever prints, stores or quotes what came
 * from others needs them. Which of them it takes is its own affair.
 */
#ifndef TEESIM_WIRE_UTF8_H
#define TEESIM_WIRE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How many of the `left` octets at `text` are one well-formed character; 0 when they begin with
 * none: longer than need be, half of a surrogate pair, beyond the last code point, or cut.
 */
static inline size_t utf8_size(const uint8_t *text, size_t left)
{
	const uint8_t first = left ? text[0] : 0xFF;
	const size_t size = first < 0x80   ? 1
			    : first < 0xC2 ? 0
			    : first < 0xE0 ? 2
			    : first < 0xF0 ? 3
			    : first < 0xF5 ? 4
					   : 0;

	if (size > left)
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((text[i] & 0xC0) != 0x80)
			return 0;
	if ((first == 0xE0 && text[1] < 0xA0) || (first == 0xED && text[1] > 0x9F) ||
	    (first == 0xF0 && text[1] < 0x90) || (first == 0xF4 && text[1] > 0x8F))
		return 0;
	return size;
}

/* Whether it is a control character: of ASCII, or one of those from U+0080 on. */
static inline bool utf8_is_control(const uint8_t *text, size_t size)
{
	return size == 1 ? text[0] < 0x20 || text[0] == 0x7F
			 : size == 2 && text[0] == 0xC2 && text[1] < 0xA0;
}

#endif
