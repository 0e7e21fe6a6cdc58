/*
 * How long to spin before parking. Spinning pays when the peer runs on another CPU and answers
 * sooner than a park and a wake-up would take; it is pure waste otherwise. Each waiter keeps a
 * budget that it earns by spins which met their event and loses by spins which did not.
 *
 * Linked into all three programs; keeps no global state but the CPU count.
 */
#ifndef TEESIM_WIRE_WAIT_H
#define TEESIM_WIRE_WAIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Spin budget when nothing else is asked for, in nanoseconds: about what a park and a wake-up cost.
 */
#define WAIT_SPIN_DEFAULT_NS 50000U

struct wait_policy {
	/* What the next spin may take, and the most it may ever take; 0 always parks. */
	uint32_t budget_ns;
	uint32_t ceiling_ns;
};

/* Whether there is one CPU for us: then whoever looks keeps from running what is looked for. */
bool wait_one_cpu(void);

/* `spin_us` < 0 asks for the default: WAIT_SPIN_DEFAULT_NS, or none where this process may run
 * on one CPU only. */
void wait_policy_init(struct wait_policy *policy, long spin_us);

/* The value of TEESIM_SPIN_US, or -1 where it is not set or no number of 0 to 1,000,000. */
long wait_spin_from_environment(void);

/* To be told how each wait ended. */
void wait_policy_met(struct wait_policy *policy);
void wait_policy_missed(struct wait_policy *policy);
/* The event came after a spin that missed it, and ended a sleep. */
void wait_policy_woken(struct wait_policy *policy);

/* Tells the peer, by the word that it looks at, where the calling thread runs. */
void wait_tell_cpu(_Atomic uint32_t *word);

/* The CPU that the calling thread runs on, plus 1; 0 where that is not known. */
uint32_t wait_cpu(void);

/* A position in one spin: wait_spin_start(), then wait_spin_more() after each look at the word. */
struct wait_spin {
	uint32_t looks;
	/* It ended because the peer can't run while we do: nothing to learn from for the budget. */
	bool futile;
	uint64_t deadline_ns;
};

static inline uint64_t wait_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

static inline void wait_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
#endif
}

/* The first looks follow each other as fast as the machine allows, since an answer takes less than
 * a pause on recent processors; then each look is followed by a pause, and every so often by a look
 * at the clock. Both are powers of two. */
#define WAIT_EAGER_LOOKS     256U
#define WAIT_LOOKS_PER_CLOCK 64U

static inline void wait_spin_start(struct wait_spin *spin)
{
	spin->looks = 0;
	spin->futile = false;
	spin->deadline_ns = 0;
}

/* May the caller look again? `peer_cpu` is where the peer last said that it runs, as wait_cpu()
 * gives it: nobody answers on the CPU on which we spin. NULL or 0: not known. */
static inline bool wait_spin_more(struct wait_spin *spin, const struct wait_policy *policy,
				  const _Atomic uint32_t *peer_cpu)
{
	if (++spin->looks < WAIT_EAGER_LOOKS)
		return policy->budget_ns != 0;
	wait_relax();
	if (spin->looks % WAIT_LOOKS_PER_CLOCK == 0) {
		uint64_t now = wait_now_ns();

		uint32_t peer = peer_cpu ? atomic_load_explicit(peer_cpu, memory_order_relaxed) : 0;

		if (peer && peer == wait_cpu()) {
			spin->futile = true;
			return false;
		}
		if (!spin->deadline_ns)
			spin->deadline_ns = now + policy->budget_ns;
		return now < spin->deadline_ns;
	}
	return true;
}

#endif
