/* hold: has trusted storage in use, by a session with a TA that looks into it, from when it says so
 * until its input ends. */
#include <stdio.h>
#include <tee_client_api.h>

#include "../../gp/storage/commands.h"

int main(void)
{
	static const TEEC_UUID ta = TA_UUID;
	TEEC_Operation operation = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INPUT,
					       TEEC_VALUE_OUTPUT, 0),
	};
	TEEC_Context context;
	TEEC_Session session;
	TEEC_Result result;
	char name[] = "nothing";

	result = TEEC_InitializeContext(NULL, &context);
	if (result == TEEC_SUCCESS)
		result = TEEC_OpenSession(&context, &session, &ta, TEEC_LOGIN_PUBLIC, NULL, NULL,
					  NULL);
	if (result == TEEC_SUCCESS) {
		operation.params[0].tmpref.buffer = name;
		operation.params[0].tmpref.size = sizeof(name) - 1;
		operation.params[1].value.a = 1;
		operation.params[1].value.b = 1;
		result = TEEC_InvokeCommand(&session, CMD_OPEN, &operation, NULL);
	}
	if (result != TEEC_ERROR_ITEM_NOT_FOUND) {
		fprintf(stderr, "hold: 0x%08x\n", result);
		return 1;
	}
	puts("held");
	fflush(stdout);
	while (getchar() != EOF)
		;
	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&context);
	return 0;
}
