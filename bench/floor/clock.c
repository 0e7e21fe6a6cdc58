#include "clock.h"

#include <stdio.h>
#include <string.h>

#define CALIBRATION_NS 20000000U

bool clock_uses_counter;

static double ns_per_tick = 1;

/* Does the counter run at one speed, whatever the processor does? */
static bool counter_is_steady(void)
{
#if defined(__x86_64__)
	char line[8192];
	bool steady = false;
	FILE *file = fopen("/proc/cpuinfo", "re");

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "flags", 5) != 0)
			continue;
		steady = strstr(line, " constant_tsc") && strstr(line, " nonstop_tsc");
		break;
	}
	fclose(file);
	return steady;
#else
	return false;
#endif
}

void clock_calibrate(void)
{
	uint64_t ns, ticks, now;

	if (!counter_is_steady())
		return;
	clock_uses_counter = true;
	ns = wait_now_ns();
	ticks = clock_ticks();
	do {
		now = wait_now_ns();
	} while (now - ns < CALIBRATION_NS);
	ns_per_tick = (double)(now - ns) / (double)(clock_ticks() - ticks);
}

double clock_ns(uint64_t ticks)
{
	return (double)ticks * ns_per_tick;
}
