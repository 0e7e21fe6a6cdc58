#include "wire/turn.h"

#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux's struct sched_attr in its first version, which the C library has no name for. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

#define SLICE_NS (20U * 1000 * 1000)

void turn_wait(void)
{
	struct attributes attributes = { .size = sizeof(attributes) };

	if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) < 0 ||
	    attributes.policy != SCHED_OTHER)
		return;
	attributes.policy = SCHED_BATCH;
	/* Who wakes up beside it has a shorter slice, and so goes first (Linux 6.12; ignored
	 * before). */
	attributes.runtime = SLICE_NS;
	(void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

static int other_of(const cpu_set_t *cpus, int own)
{
	int other = 0;

	while (other == own || !CPU_ISSET(other, cpus))
		other++;
	return other;
}

void turn_place(pid_t task, enum turn_place place)
{
	const int own = sched_getcpu();
	cpu_set_t cpus;

	if (task < 1 || own < 0 || sched_getaffinity(0, sizeof(cpus), &cpus) < 0 ||
	    CPU_COUNT(&cpus) != 2 || !CPU_ISSET(own, &cpus))
		return;
	if (place != TURN_ANYWHERE)
		CPU_CLR(place == TURN_HERE ? other_of(&cpus, own) : own, &cpus);
	(void)sched_setaffinity(task, sizeof(cpus), &cpus);
}
