#include "otrp/tee_confine.h"

#include <errno.h>
#include <linux/filter.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "sandbox/service.h"
#ifndef TEESIM_SANITIZE
#include "otrp_policies.h"
#endif

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
	const struct service_confinement confinement = {
		.directory = device_directory,
		.policy_name = "sim-core/otrp/tee.policy",
#ifndef TEESIM_SANITIZE
		.policy = policy_tee,
		.policy_length = sizeof(policy_tee) / sizeof(policy_tee[0]),
#endif
	};

	return service_confine(&confinement);
}
