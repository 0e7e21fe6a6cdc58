/*
 * <string_ext.h>, <printk.h> and <base64.h>.
 */
#include <base64.h>
#include <criterion/criterion.h>
#include <printk.h>
#include <string.h>
#include <string_ext.h>

#include "runtime_double.h"

Test(string_ext, strlcpy_cuts_and_tells_the_whole_length)
{
	char buffer[6] = "xxxxx";

	cr_expect_eq(strlcpy(buffer, "hello world", 0), 11);
	cr_expect_str_eq(buffer, "xxxxx");
	cr_expect_eq(strlcpy(buffer, "hello world", sizeof(buffer)), 11);
	cr_expect_str_eq(buffer, "hello");
	cr_expect_eq(strlcpy(buffer, "ab", sizeof(buffer)), 2);
	cr_expect_str_eq(buffer, "ab");
}

Test(string_ext, strlcat_cuts_and_tells_the_whole_length)
{
	char buffer[6] = "ab";

	cr_expect_eq(strlcat(buffer, "cd", sizeof(buffer)), 4);
	cr_expect_str_eq(buffer, "abcd");
	cr_expect_eq(strlcat(buffer, "efgh", sizeof(buffer)), 8);
	cr_expect_str_eq(buffer, "abcde");
	cr_expect_eq(strlcat(buffer, "efgh", 3), 7, "full within three octets");
	cr_expect_str_eq(buffer, "abcde");
}

Test(string_ext, constant_time_comparison_sees_every_octet)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	cr_expect_eq(consttime_memcmp(a, b, sizeof(a)), 0);
	cr_expect_eq(buf_compare_ct(a, b, sizeof(a)), 0);
	for (size_t i = 0; i < sizeof(a); i++) {
		b[i] = 0x80;
		cr_expect_neq(consttime_memcmp(a, b, sizeof(a)), 0);
		cr_expect_neq(buf_compare_ct(a, b, sizeof(a)), 0);
		cr_expect_eq(consttime_memcmp(a, b, i), 0);
		b[i] = 0;
	}
}

Test(string_ext, memzero_clears)
{
	char secret[] = "secret";

	memzero_explicit(secret, sizeof(secret) - 1);
	cr_expect_arr_eq(secret, "\0\0\0\0\0\0", sizeof(secret));
}

Test(string_ext, snprintk_formats_as_snprintf)
{
	char buffer[8];

	cr_expect_eq(snprintk(buffer, sizeof(buffer), "%s %d", "number", 12), 9);
	cr_expect_str_eq(buffer, "number ");
}

/* RFC 4648, section 10. */
static const struct {
	const char *octets;
	const char *text;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
};

Test(base64, vectors_of_the_rfc_go_both_ways)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const size_t size = strlen(vectors[i].octets);
		char text[16], octets[16];
		size_t length = sizeof(text);

		cr_expect(base64_encode(vectors[i].octets, size, text, &length));
		cr_expect_str_eq(text, vectors[i].text);
		cr_expect_eq(length, strlen(text) + 1);
		cr_expect_eq(base64_enc_len(size), length);
		length = sizeof(octets);
		cr_expect(base64_decode(text, strlen(text), octets, &length));
		cr_expect_eq(length, size);
		cr_expect_arr_eq(octets, vectors[i].octets, size);
	}
}

Test(base64, room_that_is_short_is_told)
{
	char text[8];
	size_t length = 8;

	cr_expect_not(base64_encode("foob", 4, text, &length));
	cr_expect_eq(length, 9);
	length = 3;
	memset(text, 'x', sizeof(text));
	cr_expect_not(base64_decode("Zm9vYg==", 8, text, &length));
	cr_expect_eq(length, 4);
	cr_expect_eq(text[3], 'x');
	length = 0;
	cr_expect_not(base64_decode("Zm9v", 4, NULL, &length));
	cr_expect_eq(length, 3);
}

Test(base64, what_is_not_in_the_alphabet_is_passed_over)
{
	char octets[8];
	size_t length = sizeof(octets);

	cr_expect(base64_decode("Zm\n9v Yg", 8, octets, &length));
	cr_expect_eq(length, 4);
	cr_expect_arr_eq(octets, "foob", 4);
}

Test(base64, six_bits_over_are_an_error)
{
	char octets[8];
	size_t length = sizeof(octets);

	cr_expect_not(base64_decode("Zm9vY", 5, octets, &length));
	cr_expect_eq(length, sizeof(octets));
}
