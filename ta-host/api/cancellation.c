/*
 * Internal Core API 4.10: whether the client wants the operation under way to end early.
 *
 * The mask belongs to the operation, not to the TA: the framework sets it before each entry point.
 */
#include <tee_api.h>

#include "runtime.h"

bool TEE_GetCancellationFlag(void)
{
	return !runtime.cancellation_masked && runtime_cancel_requested();
}

bool TEE_UnmaskCancellation(void)
{
	const bool masked = runtime.cancellation_masked;

	runtime.cancellation_masked = false;
	return masked;
}

bool TEE_MaskCancellation(void)
{
	const bool masked = runtime.cancellation_masked;

	runtime.cancellation_masked = true;
	return masked;
}
