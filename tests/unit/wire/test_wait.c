#include <criterion/criterion.h>
#include <sched.h>
#include <stdlib.h>

#include "wire/wait.h"

Test(wait_policy, zero_always_parks)
{
	struct wait_policy policy;
	struct wait_spin spin;

	wait_policy_init(&policy, 0);
	wait_policy_met(&policy);
	wait_policy_missed(&policy);
	wait_spin_start(&spin);
	cr_expect(!wait_spin_more(&spin, &policy, NULL));
}

Test(wait_policy, one_cpu_never_spins_by_default)
{
	struct wait_policy policy;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	wait_policy_init(&policy, -1);
	cr_expect_eq(policy.ceiling_ns, 0);
}

Test(wait_policy, misses_shrink_the_budget_to_a_floor_and_hits_restore_it)
{
	struct wait_policy policy;
	uint32_t floor;

	wait_policy_init(&policy, 50);
	cr_expect_eq(policy.budget_ns, 50000);
	for (int i = 0; i < 40; i++)
		wait_policy_missed(&policy);
	floor = policy.budget_ns;
	cr_expect(floor > 0 && floor < 5000, "%u", floor);
	for (int i = 0; i < 40; i++)
		wait_policy_met(&policy);
	cr_expect_eq(policy.budget_ns, policy.ceiling_ns);
}

Test(wait_policy, sleep_that_ended_with_work_gives_a_spin_that_outlasts_a_wake_up)
{
	struct wait_policy policy;
	uint32_t least;

	wait_policy_init(&policy, 50);
	wait_policy_woken(&policy);
	cr_expect_eq(policy.budget_ns, 50000, "nothing is lost by it");
	for (int i = 0; i < 20; i++)
		wait_policy_missed(&policy);
	least = policy.budget_ns;
	wait_policy_woken(&policy);
	cr_expect_gt(policy.budget_ns, least);
	cr_expect_lt(policy.budget_ns, 50000, "nor earned");
	/* Over and over: neither up to the ceiling nor down to the floor. */
	for (int i = 0; i < 20; i++) {
		wait_policy_missed(&policy);
		wait_policy_woken(&policy);
	}
	cr_expect(policy.budget_ns > least && policy.budget_ns < 50000);
	wait_policy_init(&policy, 5);
	wait_policy_missed(&policy);
	wait_policy_woken(&policy);
	cr_expect_eq(policy.budget_ns, 5000, "never above the ceiling");
	wait_policy_init(&policy, 0);
	wait_policy_woken(&policy);
	cr_expect_eq(policy.budget_ns, 0);
}

Test(wait_policy, spin_ends_about_when_the_budget_does)
{
	struct wait_policy policy;
	struct wait_spin spin;
	uint64_t since = wait_now_ns(), took;

	wait_policy_init(&policy, 1000);
	wait_spin_start(&spin);
	while (wait_spin_more(&spin, &policy, NULL))
		;
	took = wait_now_ns() - since;
	cr_expect_geq(took, 1000000U);
	cr_expect_lt(took, 60000000000U);
}

/* Far more than are made in vain, far fewer than a budget of a second allows. */
#define LOOKS 10000

static int looks_with_peer_on(uint32_t cpu, bool *futile)
{
	_Atomic uint32_t peer = cpu;
	struct wait_policy policy;
	struct wait_spin spin;
	int looks = 0;

	wait_policy_init(&policy, 1000000);
	wait_spin_start(&spin);
	while (looks < LOOKS && wait_spin_more(&spin, &policy, &peer))
		looks++;
	*futile = spin.futile;
	return looks;
}

Test(wait_policy, spin_is_given_up_where_the_peer_is_on_the_same_cpu)
{
	cpu_set_t one;
	bool futile;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	cr_expect_lt(looks_with_peer_on(wait_cpu(), &futile), 1000);
	cr_expect(futile);
	cr_expect_eq(looks_with_peer_on(wait_cpu() + 1, &futile), LOOKS);
	cr_expect(!futile);
	cr_expect_eq(looks_with_peer_on(0, &futile), LOOKS, "not known where");
}

Test(wait_policy, environment_is_a_number_of_microseconds_or_nothing)
{
	static const struct {
		const char *text;
		long us;
	} cases[] = { { "0", 0 },	 { "50", 50 },	{ "1000000", 1000000 },
		      { "1000001", -1 }, { "-1", -1 },	{ "", -1 },
		      { "5x", -1 },	 { "1e3", -1 }, { "99999999999999999999", -1 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setenv("TEESIM_SPIN_US", cases[i].text, 1);
		cr_expect_eq(wait_spin_from_environment(), cases[i].us, "\"%s\"", cases[i].text);
	}
	unsetenv("TEESIM_SPIN_US");
	cr_expect_eq(wait_spin_from_environment(), -1);
}
