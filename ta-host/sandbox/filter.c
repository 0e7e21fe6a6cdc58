#include "sandbox/filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/filter_values.h"
#include "sandbox_policies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

_Static_assert(COUNT(policy_load) <= FILTER_MAX && COUNT(policy_run) <= FILTER_MAX,
	       "the copy below holds either filter");

int filter_install_code(const struct sock_filter *policy, size_t count)
{
	struct sock_filter code[FILTER_MAX];
	struct sock_fprog program = { .len = (unsigned short)count, .filter = code };
	long thread;

	if (count > FILTER_MAX)
		return -E2BIG;
	memcpy(code, policy, count * sizeof(*policy));
	for (size_t i = 0; i < count; i++)
		if (code[i].k == FILTER_PLACEHOLDER_TGID)
			code[i].k = (unsigned int)getpid();

	/* A positive answer names a thread that holds another filter and could not follow. */
	thread = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
	if (thread < 0)
		return -errno;
	return thread ? -ESRCH : 0;
}

int filter_install(enum filter_phase phase)
{
	return phase == FILTER_LOAD ? filter_install_code(policy_load, COUNT(policy_load))
				    : filter_install_code(policy_run, COUNT(policy_run));
}

const char *filter_syscall_name(int nr)
{
	if (nr < 0 || (size_t)nr >= COUNT(syscall_names))
		return NULL;
	return syscall_names[nr];
}
