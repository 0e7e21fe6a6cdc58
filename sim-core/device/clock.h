/*
 * The device's clock: the machine's own, or one that starts at a chosen instant and goes at a
 * chosen rate.
 *
 * Linked into teesimd and the processes that it starts, which get the clock in their first message
 * and read it without asking anybody: it is a function of the machine's clock. Depends on libc
 * alone.
 */
#ifndef TEESIM_DEVICE_CLOCK_H
#define TEESIM_DEVICE_CLOCK_H

#include <stdint.h>

#define CLOCK_RATE_ONE 1000000U

struct device_clock {
	/* The machine's CLOCK_BOOTTIME when the clock was set, and what it was set to: nanoseconds
	 * since 1970 in UTC. */
	uint64_t host_start_ns;
	uint64_t start_ns;
	/* Millionths of a second of the device for each second of the machine. 0: the device has
	 * the machine's own clock, and the other members say nothing. */
	uint64_t rate;
};

/*
 * Reads "INSTANT[,RATE]" and starts the clock now. INSTANT is as 2030-01-01T00:00:00Z or
 * 2030-01-01, in UTC, from 1970 on and before 2106, where the API's seconds end; or "now". RATE is
 * a decimal number from 0.001 to 1000000, 1 where it is left out.
 *
 * Returns 0, or -EINVAL with a line in `*why` that says what is wrong with the text.
 */
int device_clock_parse(const char *text, struct device_clock *clock, const char **why);

/* The device's time of day: nanoseconds since 1970 in UTC. */
uint64_t device_clock_now_ns(const struct device_clock *clock);

/* Nanoseconds since some moment in the past; never goes back, and goes on while the machine sleeps.
 * All processes of a device agree on it. */
uint64_t device_clock_system_ns(const struct device_clock *clock);

/* How long `device_ns` nanoseconds of the device take on the machine; at most UINT64_MAX / 2. */
uint64_t device_clock_host_ns(const struct device_clock *clock, uint64_t device_ns);

#endif
