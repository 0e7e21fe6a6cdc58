/*
 * domain put TEXT|get|personal|key|count|set-time|get-time: has the TA do that, prints what it
 * gives, and ends with 1 and the result when it refuses. With "hold" behind it the session stays
 * open until standard input ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tee_client_api.h>

#include "domain_ta.h"

static const char *const commands[] = {
	[DOMAIN_CMD_PUT] = "put",	    [DOMAIN_CMD_GET] = "get",
	[DOMAIN_CMD_PERSONAL] = "personal", [DOMAIN_CMD_KEY] = "key",
	[DOMAIN_CMD_COUNT] = "count",	    [DOMAIN_CMD_SET_TIME] = "set-time",
	[DOMAIN_CMD_GET_TIME] = "get-time",
};

static void print(uint32_t command, const char *octets, size_t size)
{
	for (size_t i = 0; command == DOMAIN_CMD_KEY && i < size; i++)
		printf("%02x", (unsigned char)octets[i]);
	if (command != DOMAIN_CMD_KEY)
		(void)fwrite(octets, 1, size, stdout);
	if (size)
		putchar('\n');
}

static int run(TEEC_Session *session, uint32_t command, const char *text)
{
	static char octets[4096];
	TEEC_Operation operation = { .params[0].tmpref = { octets, sizeof(octets) } };
	TEEC_Result result;
	size_t size;

	if (command == DOMAIN_CMD_PUT) {
		operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, 0, 0, 0);
		operation.params[0].tmpref.buffer = (void *)text;
		operation.params[0].tmpref.size = strlen(text);
	} else if (command <= DOMAIN_CMD_COUNT) {
		operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT, 0, 0, 0);
	}
	result = TEEC_InvokeCommand(session, command, &operation, NULL);
	if (result != TEEC_SUCCESS) {
		fprintf(stderr, "0x%08x\n", result);
		return EXIT_FAILURE;
	}
	size = operation.params[0].tmpref.size;
	if (command != DOMAIN_CMD_PUT && operation.paramTypes)
		print(command, octets, size);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const TEEC_UUID ta = DOMAIN_TA_UUID;
	TEEC_Context context;
	TEEC_Session session;
	TEEC_Result result;
	int status = EXIT_FAILURE;

	if (argc < 2 || TEEC_InitializeContext(NULL, &context) != TEEC_SUCCESS)
		return EXIT_FAILURE;
	result = TEEC_OpenSession(&context, &session, &ta, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL);
	if (result != TEEC_SUCCESS) {
		fprintf(stderr, "opening: 0x%08x\n", result);
		TEEC_FinalizeContext(&context);
		return EXIT_FAILURE;
	}
	for (uint32_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i]))
			status = run(&session, i, argc > 2 ? argv[2] : "");
	if (argc > 2 && !strcmp(argv[2], "hold")) {
		(void)fflush(stdout);
		while (getchar() != EOF)
			;
	}
	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&context);
	return status;
}
