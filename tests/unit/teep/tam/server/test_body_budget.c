#include <criterion/criterion.h>

#include "teep/tam/server/body_budget.h"

Test(body_budget, one_peer_leaves_room_for_others)
{
	struct body_budget *budget = body_budget_open(100, 40);

	cr_assert(body_budget_take(budget, "a", 30));
	cr_assert_not(body_budget_take(budget, "a", 11));
	cr_assert(body_budget_take(budget, "a", 10));
	cr_assert(body_budget_take(budget, "b", 40));
	cr_assert_not(body_budget_take(budget, "b", 1));
	body_budget_give(budget, "a", 40);
	cr_assert(body_budget_take(budget, "a", 40));
	body_budget_close(budget);
}

Test(body_budget, all_together_have_a_bound)
{
	struct body_budget *budget = body_budget_open(100, 60);

	cr_assert(body_budget_take(budget, "a", 60));
	cr_assert_not(body_budget_take(budget, "b", 41));
	/* What was refused is not counted. */
	cr_assert(body_budget_take(budget, "b", 40));
	cr_assert_not(body_budget_take(budget, NULL, 1));
	body_budget_give(budget, "b", 40);
	cr_assert(body_budget_take(budget, NULL, 40));
	body_budget_close(budget);
}

Test(body_budget, no_number_is_too_large)
{
	struct body_budget *budget = body_budget_open(100, 100);

	cr_assert_not(body_budget_take(budget, "a", UINT64_MAX));
	cr_assert(body_budget_take(budget, "a", 1));
	cr_assert_not(body_budget_take(budget, "a", UINT64_MAX));
	body_budget_close(budget);
}
