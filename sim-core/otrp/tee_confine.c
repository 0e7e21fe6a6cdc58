#include "otrp/tee_confine.h"

#include <errno.h>
#include <linux/filter.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "sandbox/service.h"
#ifndef TEESIM_SANITIZE
#include "otrp_policies.h"
#endif

#define POLICY "sim-core/otrp/tee.policy"

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

int tee_confine_files(const char *device_directory)
{
	return service_confine(&(const struct service_confinement) {
		.directory = device_directory,
		.policy_name = POLICY,
	});
}

int tee_confine(void)
{
	const struct service_confinement confinement = {
		.policy_name = POLICY,
#ifndef TEESIM_SANITIZE
		.policy = policy_tee,
		.policy_length = sizeof(policy_tee) / sizeof(policy_tee[0]),
#endif
	};

	return service_confine(&confinement);
}
