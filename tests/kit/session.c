/*
 * session UUID: a client of a TA that was built by one of these tests. Commands from standard input
 * and answers as load_ta has them: `COMMAND A` gives `command COMMAND: RESULT A`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tee_client_api.h>

static int uuid_parse(const char *text, TEEC_UUID *uuid)
{
	unsigned int part[11];

	if (sscanf(text, "%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x", &part[0], &part[1], &part[2],
		   &part[3], &part[4], &part[5], &part[6], &part[7], &part[8], &part[9],
		   &part[10]) != 11)
		return -1;
	uuid->timeLow = part[0];
	uuid->timeMid = (uint16_t)part[1];
	uuid->timeHiAndVersion = (uint16_t)part[2];
	for (int i = 0; i < 8; i++)
		uuid->clockSeqAndNode[i] = (uint8_t)part[3 + i];
	return 0;
}

int main(int argc, char **argv)
{
	TEEC_Context context;
	TEEC_Session session;
	TEEC_Result result;
	TEEC_UUID uuid;
	uint32_t origin = 0;
	char line[80], *end;

	if (argc != 2 || uuid_parse(argv[1], &uuid) < 0) {
		fputs("usage: session UUID\n", stderr);
		return 2;
	}
	result = TEEC_InitializeContext(NULL, &context);
	if (result == TEEC_SUCCESS)
		result = TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL,
					  &origin);
	if (result != TEEC_SUCCESS) {
		printf("not opened: %x from %u\n", result, origin);
		return 1;
	}
	while (fgets(line, sizeof(line), stdin)) {
		TEEC_Operation operation = { .paramTypes =
						     TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, 0, 0, 0) };
		uint32_t command = (uint32_t)strtoul(line, &end, 10);

		operation.params[0].value.a = (uint32_t)strtoul(end, &end, 10);
		result = TEEC_InvokeCommand(&session, command, &operation, &origin);
		printf("command %u: %x %u\n", command, result, operation.params[0].value.a);
	}
	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&context);
	return 0;
}
