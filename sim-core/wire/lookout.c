#include "wire/lookout.h"

#include <poll.h>
#include <stdbool.h>

#include "wire/wait.h"

/* After n misses 2^n - 1 waits pass without a look. */
#define MISSES_MOST 5U

void lookout_init(struct lookout *lookout, uint32_t most_us)
{
	*lookout = (struct lookout) { .most_ns = wait_one_cpu() ? 0 : most_us * 1000 };
}

static bool ready(int sock)
{
	struct pollfd polled = { .fd = sock, .events = POLLIN };

	return poll(&polled, 1, 0) != 0;
}

void lookout_wait(struct lookout *lookout, int sock)
{
	uint64_t deadline;

	if (!lookout->most_ns || lookout->skipped + 1 < 1U << lookout->missed) {
		lookout->skipped++;
		return;
	}
	lookout->skipped = 0;
	deadline = wait_now_ns() + lookout->most_ns;
	do {
		if (ready(sock)) {
			lookout->missed = 0;
			return;
		}
		for (int i = 0; i < 4; i++)
			wait_relax();
	} while (wait_now_ns() < deadline);
	if (lookout->missed < MISSES_MOST)
		lookout->missed++;
}
