#include "services/confine.h"

#include <errno.h>
#include <linux/filter.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "sandbox/service.h"
#ifndef TEESIM_SANITIZE
#include "services_policy.h"
#endif

int confine(const char *device_directory)
{
	const struct rlimit no_core = { 0, 0 };
	const struct service_confinement confinement = {
		.directory = device_directory,
		.policy_name = "sim-core/services/services.policy",
#ifndef TEESIM_SANITIZE
		.policy = policy_services,
		.policy_length = sizeof(policy_services) / sizeof(policy_services[0]),
#endif
	};

	if (setrlimit(RLIMIT_CORE, &no_core) < 0)
		return -errno;
#ifndef TEESIM_SANITIZE
	(void)prctl(PR_SET_DUMPABLE, 0);
#endif
	return service_confine(&confinement);
}
