/* Whatever is in place of a TAM's rules about devices: no crash, and a rule for every name. */
#include <stdlib.h>

#include "teep/tam/trust_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trust_policy policy;
	char err[256];

	if (trust_policy_parse(span_of(data, size), &policy, err, sizeof(err)))
		return 0;
	if (!trust_policy_rule(&policy, "simtee-0"))
		abort();
	trust_policy_clear(&policy);
	return 0;
}
