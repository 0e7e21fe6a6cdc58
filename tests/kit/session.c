/*
 * session UUID: a client of a TA that was built by one of these tests. Commands from standard input
 * and answers as load_ta has them: `COMMAND A` gives `command COMMAND: RESULT A`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tee_client_api.h>

/* `digits` hexadecimal ones from *text on, and a hyphen if one follows. */
static uint32_t number_take(const char **text, size_t digits)
{
	char number[9] = "";

	if (digits >= sizeof(number) || strlen(*text) < digits)
		return 0;
	memcpy(number, *text, digits);
	*text += digits;
	if (**text == '-')
		++*text;
	return (uint32_t)strtoul(number, NULL, 16);
}

static void uuid_read(const char *text, TEEC_UUID *uuid)
{
	uuid->timeLow = number_take(&text, 8);
	uuid->timeMid = (uint16_t)number_take(&text, 4);
	uuid->timeHiAndVersion = (uint16_t)number_take(&text, 4);
	for (int i = 0; i < 8; i++)
		uuid->clockSeqAndNode[i] = (uint8_t)number_take(&text, 2);
}

int main(int argc, char **argv)
{
	TEEC_Context context;
	TEEC_Session session;
	TEEC_Result result;
	TEEC_UUID uuid;
	uint32_t origin = 0;
	char line[80], *end;

	if (argc != 2 || strlen(argv[1]) != 36) {
		fputs("usage: session UUID\n", stderr);
		return 2;
	}
	uuid_read(argv[1], &uuid);
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
