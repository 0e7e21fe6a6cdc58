/* The two futex calls that shared words need. Both work across processes. */
#ifndef TEESIM_WIRE_FUTEX_H
#define TEESIM_WIRE_FUTEX_H

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Sleeps while `*word` is `expected`, at most `timeout` (relative; NULL: for ever). Returns 0 when
 * woken (perhaps for nothing), -EAGAIN when the word had changed, -ETIMEDOUT or -EINTR. */
static inline int futex_wait(_Atomic uint32_t *word, uint32_t expected,
			     const struct timespec *timeout)
{
	long r = syscall(SYS_futex, (uint32_t *)word, FUTEX_WAIT, expected, timeout, NULL, 0);

	return r < 0 ? -errno : 0;
}

static inline void futex_wake_all(_Atomic uint32_t *word)
{
	(void)syscall(SYS_futex, (uint32_t *)word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

#endif
