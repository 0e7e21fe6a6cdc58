#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "wire/uuid.h"

#define TEXT "8aaaf200-2450-11e4-abe2-0002a5d5c51b"

static const struct uuid example = { { 0x8a, 0xaa, 0xf2, 0x00, 0x24, 0x50, 0x11, 0xe4, 0xab, 0xe2,
				       0x00, 0x02, 0xa5, 0xd5, 0xc5, 0x1b } };

Test(uuid, text_to_octets_is_network_order)
{
	struct uuid u;

	cr_assert_eq(uuid_parse(TEXT, &u), 0);
	cr_expect(uuid_equal(&u, &example));
}

Test(uuid, octets_to_text_is_lower_case)
{
	char text[UUID_TEXT_SIZE];

	cr_expect_str_eq(uuid_format(&example, text), TEXT);
}

Test(uuid, upper_case_is_read)
{
	struct uuid u;

	cr_assert_eq(uuid_parse("8AAAF200-2450-11E4-ABE2-0002A5D5C51B", &u), 0);
	cr_expect(uuid_equal(&u, &example));
}

Test(uuid, fields_are_the_api_struct_and_back)
{
	const uint8_t tail[8] = { 0xab, 0xe2, 0x00, 0x02, 0xa5, 0xd5, 0xc5, 0x1b };
	struct uuid u = uuid_from_fields(0x8aaaf200, 0x2450, 0x11e4, tail);
	uint32_t low;
	uint16_t mid, high;
	uint8_t out[8];

	cr_expect(uuid_equal(&u, &example));
	uuid_to_fields(&u, &low, &mid, &high, out);
	cr_expect_eq(low, 0x8aaaf200);
	cr_expect_eq(mid, 0x2450);
	cr_expect_eq(high, 0x11e4);
	cr_expect_arr_eq(out, tail, sizeof(tail));
}

Test(uuid, anything_but_the_36_characters_is_refused_and_leaves_the_result_alone)
{
	static const char *const bad[] = {
		"",
		"-",
		"8",
		"8aaaf200",
		"8aaaf200-2450-11e4-abe2-0002a5d5c51",
		"8aaaf200-2450-11e4-abe2-0002a5d5c51b0",
		"8aaaf200-2450-11e4-abe2-0002a5d5c51b ",
		" 8aaaf200-2450-11e4-abe2-0002a5d5c51b",
		"8aaaf200-2450-11e4-abe2-0002a5d5c51g",
		"8aaaf2002450-11e4-abe2-0002a5d5c51b-",
		"8aaaf200_2450_11e4_abe2_0002a5d5c51b",
		"8aaaf20024 5011e4abe20002a5d5c51b",
		"{8aaaf200-2450-11e4-abe2-0002a5d5c51b}",
		"8aaaf200-2450-11e4-abe2-0002a5d5c51b.ta",
		"../../..-/etc-/pas-swd0-000000000000",
	};
	struct uuid u = example;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_eq(uuid_parse(bad[i], &u), -EINVAL, "\"%s\" was taken", bad[i]);
		cr_expect(uuid_equal(&u, &example));
	}
}
