#include "api/complaint.h"

#include <stdio.h>

#include "runtime.h"

void complain(const char *function, TEE_Result code, const char *rule)
{
	static char reason[192];

	snprintf(reason, sizeof(reason), "%s: %s", function, rule);
	runtime_panic(code, reason);
}
