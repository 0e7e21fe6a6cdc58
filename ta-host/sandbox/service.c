#include "sandbox/service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sandbox/filter.h"
#include "sandbox/landlock.h"
#include "sandbox/sandbox.h"

static char hint[64];

/* Says which system call it was: whoever changes the service wants to know. */
static void violated(int signal, siginfo_t *info, void *context)
{
	char text[128];
	size_t size = sandbox_violation_describe(info, text, sizeof(text));

	(void)context;
	(void)!write(STDERR_FILENO, text, size);
	(void)!write(STDERR_FILENO, hint, strlen(hint));
	_exit(128 + signal);
}

int service_confine(const struct service_confinement *confinement)
{
	struct sigaction action = { .sa_sigaction = violated, .sa_flags = SA_SIGINFO };
	int err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	err = confinement->directory ? landlock_enter_directory(confinement->directory) : 0;
	if (err < 0)
		return err;
	snprintf(hint, sizeof(hint), ": see %s\n", confinement->policy_name);
	if (sigaction(SIGSYS, &action, NULL) < 0)
		return -errno;
	return confinement->policy
		       ? filter_install_code(confinement->policy, confinement->policy_length)
		       : 0;
}
