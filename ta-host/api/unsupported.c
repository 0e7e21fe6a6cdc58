#include "api/unsupported.h"

#include <stdio.h>

#include "api/uuid_text.h"
#include "runtime.h"

TEE_Result unsupported_call(const char *function, bool *told)
{
	char uuid[UUID_TEXT_SIZE];

	if (!*told) {
		*told = true;
		uuid_text_format(&runtime.uuid, uuid);
		runtime_log("%s is not part of this version of teesim yet; TA %s gets "
			    "TEE_ERROR_NOT_SUPPORTED",
			    function, uuid);
	}
	return TEE_ERROR_NOT_SUPPORTED;
}

void unsupported_panic(const char *function)
{
	char reason[128];

	snprintf(reason, sizeof(reason),
		 "%s is not part of this version of teesim yet, and has no result to say so with",
		 function);
	runtime_panic(TEE_ERROR_NOT_SUPPORTED, reason);
}
