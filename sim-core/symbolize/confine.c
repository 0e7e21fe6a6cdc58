#include "confine.h"

#include <errno.h>
#include <linux/filter.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "sandbox/filter.h"
#ifndef TEESIM_SANITIZE
#include "symbolize_policy.h"
#endif

#define CPU_SECONDS	 4U
#define DESCRIPTORS	 128U
#define ADDRESS_SPACE	 (4ULL << 30)
#define WRITTEN_FILE_MAX (128U << 20)

int confine(void)
{
	const struct {
		int resource;
		rlim_t most;
	} limits[] = {
		{ RLIMIT_CPU, CPU_SECONDS },	{ RLIMIT_CORE, 0 },
		{ RLIMIT_NOFILE, DESCRIPTORS }, { RLIMIT_FSIZE, WRITTEN_FILE_MAX },
#ifndef TEESIM_SANITIZE
		{ RLIMIT_AS, ADDRESS_SPACE },
#endif
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct rlimit limit = { limits[i].most, limits[i].most };

		if (setrlimit((__rlimit_resource_t)limits[i].resource, &limit) < 0)
			return -errno;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
#ifdef TEESIM_SANITIZE
	return 0;
#else
	return filter_install_code(policy_symbolize,
				   sizeof(policy_symbolize) / sizeof(policy_symbolize[0]));
#endif
}
