#include "otrp/tee_confine.h"

#include <errno.h>
#include <linux/filter.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sandbox/filter.h"
#include "sandbox/landlock.h"
#include "sandbox/sandbox.h"
#ifndef TEESIM_SANITIZE
#include "otrp_policies.h"
#endif

/* Says which system call it was. */
static void violated(int signal, siginfo_t *info, void *context)
{
	static const char hint[] = ": see sim-core/otrp/tee.policy\n";
	char text[128];
	size_t size = sandbox_violation_describe(info, text, sizeof(text));

	(void)context;
	(void)!write(STDERR_FILENO, text, size);
	(void)!write(STDERR_FILENO, hint, sizeof(hint) - 1);
	_exit(128 + signal);
}

int tee_confine_memory(void)
{
	const struct rlimit no_core = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &no_core) < 0)
		return -errno;
#ifndef TEESIM_SANITIZE
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
#endif
	return 0;
}

int tee_confine(const char *device_directory)
{
	struct sigaction action = { .sa_sigaction = violated, .sa_flags = SA_SIGINFO };
	int err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	err = landlock_enter_directory(device_directory);
	if (err < 0)
		return err;
	if (sigaction(SIGSYS, &action, NULL) < 0)
		return -errno;
#ifdef TEESIM_SANITIZE
	return 0;
#else
	return filter_install_code(policy_tee, sizeof(policy_tee) / sizeof(policy_tee[0]));
#endif
}
