/* The text of `--fault`. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/fault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fault_plan plan;
	char err[64] = "";

	if (fault_plan_parse((const char *)data, size, &plan, err, sizeof(err)) < 0) {
		if (!err[0])
			abort();
		return 0;
	}
	for (unsigned int i = 0; i < plan.count; i++)
		if (plan.fault[i].point >= FAULT_POINTS || !plan.fault[i].result ||
		    !plan.fault[i].first || plan.fault[i].last < plan.fault[i].first)
			abort();
	return 0;
}
