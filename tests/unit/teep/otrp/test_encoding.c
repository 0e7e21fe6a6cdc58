#include "teep/otrp/encoding.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

static struct arena arena;

static void tear_down(void)
{
	arena_clear(&arena);
}

TestSuite(otrp_encoding, .fini = tear_down);

static int decode(const char *text, enum base64_form form, struct span *out)
{
	return base64_decode(span_of_text(text), form, &arena, out);
}

/* RFC 4648 section 10. */
static const struct {
	const char *plain;
	const char *base64;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
};

Test(otrp_encoding, the_vectors_of_rfc_4648_both_ways)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		char *text = base64_encode(vectors[i].plain, strlen(vectors[i].plain));
		struct span out;

		cr_assert_str_eq(text, vectors[i].base64);
		free(text);
		cr_assert_eq(decode(vectors[i].base64, BASE64_ANY, &out), 0);
		cr_assert_eq(out.size, strlen(vectors[i].plain));
		cr_assert_str_eq(span_text(out), vectors[i].plain);
	}
}

Test(otrp_encoding, every_length_and_octet_comes_back_in_both_alphabets)
{
	uint8_t data[256];

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 251);
	for (size_t size = 0; size <= sizeof(data); size++) {
		char *standard = base64_encode(data, size), *url = base64url_encode(data, size);
		struct span out;

		cr_assert_null(strpbrk(url, "+/="));
		cr_assert_eq(decode(standard, BASE64_ANY, &out), 0);
		cr_assert(span_equal(out, span_of(data, size)));
		cr_assert_eq(decode(url, BASE64_JOSE, &out), 0);
		cr_assert(span_equal(out, span_of(data, size)));
		cr_assert_eq(decode(url, BASE64_ANY, &out), 0);
		free(standard);
		free(url);
	}
}

Test(otrp_encoding, what_is_not_canonical_is_refused)
{
	static const char *const never[] = {
		"A",	"AAAAA",    "Zh==",   "Zm9=",	    "Zg=",   "Zg===", "=",
		"====", "Zg= =",    "Zm9v\n", " Zm9v",	    "Zm9v=", "Zm 9v", "Zm.v",
		"-_+/", "Zg==Zg==", "Zg==x",  "\303\244AA", "Zh",
	};
	static const char *const not_jose[] = { "Zg==", "+/+/", "Zm8=" };
	struct span out;

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		cr_assert_eq(decode(never[i], BASE64_ANY, &out), -EBADMSG, "%s", never[i]);
		cr_assert_eq(decode(never[i], BASE64_JOSE, &out), -EBADMSG, "%s", never[i]);
	}
	for (size_t i = 0; i < sizeof(not_jose) / sizeof(not_jose[0]); i++) {
		cr_assert_eq(decode(not_jose[i], BASE64_ANY, &out), 0, "%s", not_jose[i]);
		cr_assert_eq(decode(not_jose[i], BASE64_JOSE, &out), -EBADMSG, "%s", not_jose[i]);
	}
}

Test(otrp_encoding, hexadecimal_digits_of_either_case_and_exact_length)
{
	uint8_t out[4];
	char text[9];

	cr_assert_eq(hex_decode(span_of_text("00aBfF7e"), out, 4), 0);
	cr_assert_str_eq(hex_encode(out, 4, text), "00abff7e");
	cr_assert_eq(hex_decode(span_of_text("00abff7"), out, 4), -EBADMSG);
	cr_assert_eq(hex_decode(span_of_text("00abff7e0"), out, 4), -EBADMSG);
	cr_assert_eq(hex_decode(span_of_text("00abfg7e"), out, 4), -EBADMSG);
	cr_assert_eq(hex_decode(span_of_text("0x00abff"), out, 4), -EBADMSG);
}
