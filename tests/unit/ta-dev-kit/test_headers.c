/*
 * The kit's headers at work: what is in them of code, and the layouts that layout.c has seen.
 */
#include <criterion/criterion.h>

#include <atomic.h>
#include <bitstring.h>
#include <config.h>
#include <confine_array_index.h>
#include <qsort_helpers.h>
#include <sys/queue.h>
#include <tee_internal_api.h>
#include <tee_internal_api_extensions.h>
#include <pta_system.h>
#include <user_ta_header.h>
#include <utee_defines.h>
#include <util.h>
#include "layout.h"

/* The curve-specific names of version 1.1 stand for later ones. */
static bool is_algorithm(const char *name)
{
	return !strncmp(name, "TEE_ALG_", 8) && strncmp(name, "TEE_ALG_ECDSA_P", 15) &&
	       strncmp(name, "TEE_ALG_ECDH_P", 14);
}

Test(kit_headers, the_names_mean_the_version_that_was_asked_for)
{
	cr_expect_eq(layout_c(), 40);
	cr_expect_eq(layout_cxx(), 40);
	cr_expect_eq(layout_c_gp11(), 28);
	cr_expect_eq(layout_c_macros(), 28, "TEE_CORE_API_REQUIRED_MINOR_VERSION 1");
	cr_expect_eq(layout_cxx_gp11(), 28);
}

Test(kit_headers, identifiers_of_one_kind_are_distinct)
{
	static const struct {
		const char *name;
		uint64_t value;
	} all[] = {
#define VALUE(name, value) { #name, (value) },
#include "constants.def"
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		if (!is_algorithm(all[i].name))
			continue;
		for (j = i + 1; j < ARRAY_SIZE(all); j++) {
			if (!is_algorithm(all[j].name))
				continue;
			cr_expect_neq(all[i].value, all[j].value, "%s and %s", all[i].name,
				      all[j].name);
		}
	}
}

Test(kit_headers, rounding_is_exact_and_knows_overflow)
{
	uint32_t res = 7;

	cr_expect_eq(ROUNDUP(4097u, 4096u), 8192);
	cr_expect_eq(ROUNDDOWN(4097u, 4096u), 4096);
	cr_expect_eq(ROUNDUP_DIV(4097u, 4096u), 2);
	cr_expect_eq(ROUNDUP_DIV(UINT32_MAX, 2u), 0x80000000u);
	cr_expect_eq(DIV_ROUND_UP(10u, 3u), 4);
	cr_expect_eq(UDIV_ROUND_NEAREST(5u, 2u), 3);
	cr_expect(!ROUNDUP_OVERFLOW(13u, 8u, &res) && res == 16);
	cr_expect(ROUNDUP_OVERFLOW(UINT32_MAX, 8u, &res));
}

Test(kit_headers, fields_and_masks_select_what_they_say)
{
	cr_expect_eq(GENMASK_32(10, 0), 0x7FF);
	cr_expect_eq(GENMASK_64(39, 21), 0xFFFFE00000);
	cr_expect_eq(get_field_u32(0xABCD, 0xFF00), 0xAB);
	cr_expect_eq(set_field_u32(0xABCD, 0xFF00, 0x12), 0x12CD);
	cr_expect_eq(reg_pair_to_64(1, 2), 0x100000002);
	cr_expect_eq(CMP_TRILEAN(1, 2), -1);
	cr_expect_eq(MIN(3, 2) + MAX(3, 2), 5);
}

#define CFG_TEST_ON	1
#define CFG_TEST_NUMBER 2

Test(kit_headers, a_switch_is_enabled_only_when_it_is_1)
{
	cr_expect_eq(IS_ENABLED(CFG_TEST_ON), 1);
	cr_expect_eq(IS_ENABLED(CFG_TEST_OFF), 0);
	cr_expect_eq(IS_ENABLED(CFG_TEST_NUMBER), 0);
}

Test(kit_headers, an_index_outside_is_confined_to_0)
{
	cr_expect_eq(confine_array_index(3, 4), 3);
	cr_expect_eq(confine_array_index(4, 4), 0);
	cr_expect_eq(confine_array_index(SIZE_MAX, 4), 0);
}

Test(kit_headers, bits_are_where_they_were_put)
{
	bitstr_t bit_decl(bits, 20) = { 0 };
	int found;

	bit_nset(bits, 3, 12);
	bit_clear(bits, 5);
	bit_ffs(bits, 20, &found);
	cr_expect_eq(found, 3);
	cr_expect(!bit_test(bits, 5) && bit_test(bits, 12) && !bit_test(bits, 13));
	bit_nclear(bits, 0, 19);
	bit_ffs(bits, 20, &found);
	cr_expect_eq(found, -1);
	bit_ffc(bits, 20, &found);
	cr_expect_eq(found, 0);
}

Test(kit_headers, compare_and_swap_tells_the_value_that_it_found)
{
	uint32_t word = 5;
	uint32_t expected = 6;

	cr_expect(!atomic_cas_u32(&word, &expected, 9));
	cr_expect_eq(expected, 5);
	/* The operation may fail for no reason; a caller loops. */
	while (!atomic_cas_u32(&word, &expected, 9))
		cr_assert_eq(expected, 5);
	cr_expect_eq(atomic_load_u32(&word), 9);
	cr_expect_eq(atomic_inc32(&word), 10);
}

Test(kit_headers, integers_are_sorted_over_their_whole_range)
{
	int64_t numbers[] = { 1, INT64_MIN, INT64_MAX, 0, -1 };
	size_t i;

	qsort_s64(numbers, ARRAY_SIZE(numbers));
	for (i = 1; i < ARRAY_SIZE(numbers); i++)
		cr_expect_lt(numbers[i - 1], numbers[i]);
}

Test(kit_headers, a_queue_may_lose_the_element_in_hand)
{
	struct item {
		TAILQ_ENTRY(item) link;
		int value;
	} items[3] = { { .value = 0 }, { .value = 1 }, { .value = 2 } };
	TAILQ_HEAD(item_head, item) head = TAILQ_HEAD_INITIALIZER(head);
	struct item *item, *next;
	int sum = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(items); i++)
		TAILQ_INSERT_TAIL(&head, &items[i], link);
	TAILQ_FOREACH_SAFE(item, &head, link, next) {
		sum += item->value;
		TAILQ_REMOVE(&head, item, link);
	}
	cr_expect_eq(sum, 3);
	cr_expect(TAILQ_EMPTY(&head));
}

Test(kit_headers, times_add_and_subtract_with_carry)
{
	TEE_Time a = { 10, 600 }, b = { 1, 700 }, res;

	TEE_TIME_ADD(a, b, res);
	cr_expect(res.seconds == 12 && res.millis == 300);
	TEE_TIME_SUB(a, b, res);
	cr_expect(res.seconds == 8 && res.millis == 900);
	cr_expect(TEE_TIME_LT(b, a) && !TEE_TIME_LT(a, a) && TEE_TIME_LE(a, a));
}
