/*
 * What a service of the trusted OS shuts itself in with: no files but those of one directory, no
 * new privileges, and the system calls of a policy of its own.
 *
 * Runs in tee-services, tee-otrp and tee-firmware, once they have started. Their own code is
 * trusted; what is sent to them is not, and might find a mistake in it.
 */
#ifndef TEESIM_SANDBOX_SERVICE_H
#define TEESIM_SANDBOX_SERVICE_H

#include <stddef.h>

struct sock_filter;

struct service_confinement {
	const char *directory;		  /* what Landlock leaves; NULL: files are the policy's */
	const struct sock_filter *policy; /* NULL: every system call, for sanitizers */
	size_t policy_length;
	const char *policy_name; /* told when a call is not allowed */
};

/* For good; what the kernel lacks of Landlock is left out. Returns 0 or -errno. */
int service_confine(const struct service_confinement *confinement);

#endif
