#include "wire/turn.h"

#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the kernel has it; the C library knows it by no name. */
struct attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* nanoseconds */
};

static int usual(void)
{
	return sched_getscheduler(0) == SCHED_OTHER;
}

void turn_wait(void)
{
	const struct sched_param none = { 0 };

	if (usual())
		(void)sched_setscheduler(0, SCHED_BATCH, &none);
}

void turn_be_short(unsigned int slice_us)
{
	const struct attributes attributes = {
		.size = sizeof(attributes),
		.policy = SCHED_OTHER,
		.nice = getpriority(PRIO_PROCESS, 0),
		.runtime = (uint64_t)slice_us * 1000,
	};

	if (usual())
		(void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}
