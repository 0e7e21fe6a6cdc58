/*
 * Internal Core API 4.8: the TA ends its own instance.
 */
#include <tee_api.h>

#include "runtime.h"

void TEE_Panic(TEE_Result panicCode)
{
	runtime_panic(panicCode, NULL);
}
