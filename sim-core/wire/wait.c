#include "wire/wait.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

/* What a spin at least tries after a sleep that ended with work: whoever gave it may have been
 * asleep, too, and needs as long to be woken by the answer before it can give more. */
#define WAIT_SPIN_WOKEN_NS 12000U
/* What a spin that has failed over and over still tries, so that a peer that turned quick is
 * noticed. */
#define WAIT_SPIN_FLOOR_NS 2000U

long wait_spin_from_environment(void)
{
	const char *text = getenv("TEESIM_SPIN_US");
	char *end;
	long us;

	if (!text || !*text)
		return -1;
	errno = 0;
	us = strtol(text, &end, 10);
	if (errno || *end || us < 0 || us > 1000000)
		return -1;
	return us;
}

bool wait_one_cpu(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) == 1;
}

void wait_policy_init(struct wait_policy *policy, long spin_us)
{
	if (spin_us >= 0) {
		policy->ceiling_ns = (uint32_t)spin_us * 1000;
	} else if (wait_one_cpu()) {
		policy->ceiling_ns = 0;
	} else {
		policy->ceiling_ns = WAIT_SPIN_DEFAULT_NS;
	}
	policy->budget_ns = policy->ceiling_ns;
}

uint32_t wait_cpu(void)
{
	int cpu = sched_getcpu();

	return cpu < 0 ? 0 : (uint32_t)cpu + 1;
}

void wait_tell_cpu(_Atomic uint32_t *word)
{
	uint32_t cpu = wait_cpu();

	/* Writing what is there already would take the line from its readers. */
	if (atomic_load_explicit(word, memory_order_relaxed) != cpu)
		atomic_store_explicit(word, cpu, memory_order_relaxed);
}

void wait_policy_met(struct wait_policy *policy)
{
	uint32_t more = policy->budget_ns * 2;

	policy->budget_ns = more < policy->ceiling_ns ? more : policy->ceiling_ns;
}

void wait_policy_missed(struct wait_policy *policy)
{
	uint32_t floor =
		policy->ceiling_ns < WAIT_SPIN_FLOOR_NS ? policy->ceiling_ns : WAIT_SPIN_FLOOR_NS;
	uint32_t less = policy->budget_ns / 2;

	policy->budget_ns = less > floor ? less : floor;
}

void wait_policy_woken(struct wait_policy *policy)
{
	uint32_t least =
		policy->ceiling_ns < WAIT_SPIN_WOKEN_NS ? policy->ceiling_ns : WAIT_SPIN_WOKEN_NS;

	if (policy->budget_ns < least)
		policy->budget_ns = least;
}
