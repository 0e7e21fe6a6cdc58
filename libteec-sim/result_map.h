/* The one place where errno values become results of the Client API, and results their origins. */
#ifndef TEESIM_LIBTEEC_RESULT_MAP_H
#define TEESIM_LIBTEEC_RESULT_MAP_H

#include <stdint.h>

#include <tee_client_api.h>

/* The result for a negative errno. */
TEEC_Result result_from_errno(int err);

/* Sets *origin, where there is one, and returns `result`. */
static inline TEEC_Result result_with_origin(TEEC_Result result, uint32_t from, uint32_t *origin)
{
	if (origin)
		*origin = from;
	return result;
}

#endif
