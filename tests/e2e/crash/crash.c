/*
 *	crash NUMBER COMMAND|open
 *
 * Has TA NUMBER die in a command, or while a session is opened. Ends with 0 when the client was
 * told so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tee_client_api.h>

int main(int argc, char **argv)
{
	TEEC_UUID uuid = {
		0xc4a50000, 0x7e57, 0x4b1d, { 0x9a, 0x3e, 0x5e, 0x0c, 0x8d, 0x21, 0x00, 0 }
	};
	TEEC_Operation operation = { 0 };
	TEEC_Context context;
	TEEC_Session session;
	TEEC_Result result;
	uint32_t origin;

	if (argc != 3)
		return 2;
	uuid.clockSeqAndNode[7] = (uint8_t)strtoul(argv[1], NULL, 10);
	if (TEEC_InitializeContext(NULL, &context) != TEEC_SUCCESS)
		return 3;
	if (!strcmp(argv[2], "open")) {
		operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0);
		operation.params[0].value.a = 1;
	}
	result = TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC, NULL, &operation,
				  &origin);
	if (result == TEEC_SUCCESS) {
		result = TEEC_InvokeCommand(&session, (uint32_t)strtoul(argv[2], NULL, 10), NULL,
					    &origin);
		TEEC_CloseSession(&session);
	}
	TEEC_FinalizeContext(&context);
	if (result == TEEC_ERROR_TARGET_DEAD)
		return 0;
	fprintf(stderr, "result 0x%x from %u\n", result, origin);
	return 1;
}
