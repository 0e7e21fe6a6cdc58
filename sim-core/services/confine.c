#include "services/confine.h"

#include <errno.h>
#include <linux/filter.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sandbox/filter.h"
#include "sandbox/landlock.h"
#include "sandbox/sandbox.h"
#ifndef TEESIM_SANITIZE
#include "services_policy.h"
#endif

/* Says which system call it was: whoever adds a pseudo TA wants to know. */
static void violated(int signal, siginfo_t *info, void *context)
{
	static const char hint[] = ": see services.policy\n";
	char text[128];
	size_t size = sandbox_violation_describe(info, text, sizeof(text));

	(void)context;
	(void)!write(STDERR_FILENO, text, size);
	(void)!write(STDERR_FILENO, hint, sizeof(hint) - 1);
	_exit(128 + signal);
}

int confine(const char *device_directory)
{
	const struct rlimit no_core = { 0, 0 };
	int err;
	struct sigaction action = { .sa_sigaction = violated, .sa_flags = SA_SIGINFO };

	if (setrlimit(RLIMIT_CORE, &no_core) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	err = landlock_enter_directory(device_directory);
	if (err < 0)
		return err;
	if (sigaction(SIGSYS, &action, NULL) < 0)
		return -errno;
#ifdef TEESIM_SANITIZE
	return 0;
#else
	(void)prctl(PR_SET_DUMPABLE, 0);
	return filter_install_code(policy_services,
				   sizeof(policy_services) / sizeof(policy_services[0]));
#endif
}
