#include <criterion/criterion.h>

#include "session/id_map.h"

Test(id_map, holds_what_was_put_and_not_removed)
{
	enum {
		MANY = 20000
	};
	static int value[MANY];
	struct id_map map = { 0 };
	size_t at = 0, seen = 0;

	cr_expect_null(id_map_get(&map, 1));
	cr_expect_null(id_map_remove(&map, 1));
	for (uint64_t i = 0; i < MANY; i++)
		cr_assert_eq(id_map_put(&map, i << 32 | i, &value[i]), 0);
	for (uint64_t i = 0; i < MANY; i += 3)
		cr_assert_eq(id_map_remove(&map, i << 32 | i), &value[i]);
	for (uint64_t i = 0; i < MANY; i++)
		cr_assert_eq(id_map_get(&map, i << 32 | i), i % 3 ? &value[i] : NULL);
	while (id_map_next(&map, &at))
		seen++;
	cr_expect_eq(seen, map.count);
	cr_expect_eq(seen, MANY - (MANY + 2) / 3);
	id_map_free(&map);
}

Test(id_map, fresh_number_is_not_in_use)
{
	struct id_map map = { 0 };
	uint32_t last = UINT32_MAX - 1;
	int value;

	cr_assert_eq(id_map_put(&map, 1, &value), 0);
	cr_assert_eq(id_map_put(&map, 2, &value), 0);
	cr_expect_eq(id_map_fresh(&map, &last), UINT32_MAX);
	cr_expect_eq(id_map_fresh(&map, &last), 3, "after the wrap, past 0 and those in use");
	id_map_free(&map);
}
