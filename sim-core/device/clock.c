#include "device/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S     1000000000ULL
#define SECONDS_LAST 0xFFFFFFFFULL /* in 2106 */

/* RATE has at most so many digits before and after its point. */
#define RATE_WHOLE_DIGITS    7
#define RATE_FRACTION_DIGITS 6
#define RATE_MIN	     (CLOCK_RATE_ONE / 1000)
#define RATE_MAX	     (CLOCK_RATE_ONE * 1000000ULL)

static uint64_t machine_ns(clockid_t which)
{
	struct timespec now;

	clock_gettime(which, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Takes exactly `digits` digits from `*text`, which moves behind them; -1: there are fewer. */
static int number_take(const char **text, unsigned int digits)
{
	int number = 0;

	while (digits--) {
		if (**text < '0' || **text > '9')
			return -1;
		number = number * 10 + (*(*text)++ - '0');
	}
	return number;
}

static bool character_take(const char **text, char wanted)
{
	if (**text != wanted)
		return false;
	(*text)++;
	return true;
}

static bool instant_take(const char **text, uint64_t *seconds)
{
	struct tm parts = { 0 }, read_back;
	time_t instant;

	parts.tm_year = number_take(text, 4) - 1900;
	if (parts.tm_year < 70 || !character_take(text, '-'))
		return false;
	parts.tm_mon = number_take(text, 2) - 1;
	if (parts.tm_mon < 0 || !character_take(text, '-'))
		return false;
	parts.tm_mday = number_take(text, 2);
	if (character_take(text, 'T')) {
		parts.tm_hour = number_take(text, 2);
		if (!character_take(text, ':'))
			return false;
		parts.tm_min = number_take(text, 2);
		if (!character_take(text, ':'))
			return false;
		parts.tm_sec = number_take(text, 2);
		if (!character_take(text, 'Z'))
			return false;
	}
	/* A 30th of February would become a day in March. */
	read_back = parts;
	instant = timegm(&read_back);
	if (read_back.tm_mon != parts.tm_mon || read_back.tm_mday != parts.tm_mday ||
	    read_back.tm_hour != parts.tm_hour || read_back.tm_min != parts.tm_min ||
	    read_back.tm_sec != parts.tm_sec)
		return false;
	*seconds = (uint64_t)instant;
	return *seconds <= SECONDS_LAST;
}

static bool rate_take(const char *text, uint64_t *rate)
{
	uint64_t unit = CLOCK_RATE_ONE;
	const size_t whole = strspn(text, "0123456789");
	size_t fraction = 0;

	*rate = 0;
	if (!whole || whole > RATE_WHOLE_DIGITS)
		return false;
	*rate = strtoul(text, NULL, 10) * CLOCK_RATE_ONE;
	text += whole;
	if (*text == '.') {
		text++;
		fraction = strspn(text, "0123456789");
		if (!fraction || fraction > RATE_FRACTION_DIGITS)
			return false;
	}
	while (fraction--) {
		unit /= 10;
		*rate += (uint64_t)(*text++ - '0') * unit;
	}
	return !*text && *rate >= RATE_MIN && *rate <= RATE_MAX;
}

int device_clock_parse(const char *text, struct device_clock *clock, const char **why)
{
	uint64_t rate = CLOCK_RATE_ONE, seconds;
	uint64_t start_ns;

	if (!strncmp(text, "now", 3)) {
		text += 3;
		start_ns = machine_ns(CLOCK_REALTIME);
	} else if (instant_take(&text, &seconds)) {
		start_ns = seconds * NS_PER_S;
	} else {
		*why = "the instant is not as 2030-01-01T00:00:00Z, 2030-01-01 or \"now\", from "
		       "1970 on and before 2106";
		return -EINVAL;
	}
	if (*text && (*text != ',' || !rate_take(text + 1, &rate))) {
		*why = "after the instant stands nothing, or a comma and a rate from 0.001 to "
		       "1000000";
		return -EINVAL;
	}
	*clock = (struct device_clock) { .host_start_ns = machine_ns(CLOCK_BOOTTIME),
					 .start_ns = start_ns,
					 .rate = rate };
	return 0;
}

/* `ns` nanoseconds times `numerator` by `denominator`, which is not 0. */
static uint64_t scaled(uint64_t ns, uint64_t numerator, uint64_t denominator)
{
	const unsigned __int128 wide = (unsigned __int128)ns * numerator / denominator;

	return wide > UINT64_MAX / 2 ? UINT64_MAX / 2 : (uint64_t)wide;
}

static uint64_t elapsed_ns(const struct device_clock *clock)
{
	return scaled(machine_ns(CLOCK_BOOTTIME) - clock->host_start_ns, clock->rate,
		      CLOCK_RATE_ONE);
}

uint64_t device_clock_now_ns(const struct device_clock *clock)
{
	return clock->rate ? clock->start_ns + elapsed_ns(clock) : machine_ns(CLOCK_REALTIME);
}

uint64_t device_clock_system_ns(const struct device_clock *clock)
{
	return clock->rate ? clock->host_start_ns + elapsed_ns(clock) : machine_ns(CLOCK_BOOTTIME);
}

uint64_t device_clock_host_ns(const struct device_clock *clock, uint64_t device_ns)
{
	uint64_t host_ns;

	if (!clock->rate)
		return device_ns > UINT64_MAX / 2 ? UINT64_MAX / 2 : device_ns;
	host_ns = scaled(device_ns, CLOCK_RATE_ONE, clock->rate);
	/* Rounded up, so that the device's clock has gone as far afterwards. */
	return host_ns + (host_ns < UINT64_MAX / 2);
}
