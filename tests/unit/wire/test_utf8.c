/* Characters of UTF-8. */
#include "wire/utf8.h"

#include <criterion/criterion.h>
#include <string.h>

/* As RFC 3629 has it, for any number of up to 21 bits. */
static size_t write(uint32_t code, uint8_t out[4])
{
	if (code < 0x80) {
		out[0] = (uint8_t)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (uint8_t)(0xC0 | code >> 6);
		out[1] = (uint8_t)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (uint8_t)(0xE0 | code >> 12);
		out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
		out[2] = (uint8_t)(0x80 | (code & 0x3F));
		return 3;
	}
	out[0] = (uint8_t)(0xF0 | code >> 18);
	out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3F));
	out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
	out[3] = (uint8_t)(0x80 | (code & 0x3F));
	return 4;
}

Test(wire_utf8, each_character_is_taken_and_nothing_beside)
{
	for (uint32_t code = 0; code < 0x1FFFFF; code++) {
		uint8_t text[5] = { 0 };
		const size_t size = write(code, text);
		const bool is = code <= 0x10FFFF && !(code >= 0xD800 && code < 0xE000);

		cr_assert_eq(utf8_size(text, sizeof(text)), is ? size : 0, "%x", code);
		cr_assert_eq(utf8_size(text, size), is ? size : 0, "%x", code);
		cr_assert_eq(utf8_size(text, size - 1), 0, "%x is cut", code);
		if (is)
			cr_assert_eq(utf8_is_control(text, size),
				     code < 0x20 || (code >= 0x7F && code < 0xA0), "%x", code);
	}
}

Test(wire_utf8, other_octets_are_none)
{
	static const char *const bad[] = {
		"\x80",
		"\xBF",
		"\xC0\x80",
		"\xC1\xBF",
		"\xC3(",
		"\xE0\x80\x80",
		"\xE0\x9F\xBF",
		"\xE2\x82(",
		"\xED\xA0\x80",
		"\xF0\x80\x80\x80",
		"\xF0\x8F\xBF\xBF",
		"\xF4\x90\x80\x80",
		"\xF5\x80\x80\x80",
		"\xFE",
		"\xFF",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(utf8_size((const uint8_t *)bad[i], strlen(bad[i])), 0, "%zu", i);
}
