/* draw NUMBER...: opens a session with each of these TAs, all at a time, and prints what each
 * draws. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <tee_client_api.h>

#define SEED_TA_NUMBER number
#include "seed_ta.h"

#define SESSIONS_MAX 8

static int draw(TEEC_Session *session)
{
	uint8_t buffer[1024] = { 0 };
	TEEC_Operation operation = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT, 0, 0, 0),
		.params[0].tmpref = { buffer, sizeof(buffer) },
	};
	const TEEC_Result result = TEEC_InvokeCommand(session, SEED_CMD_DRAW, &operation, NULL);

	if (result != TEEC_SUCCESS) {
		fprintf(stderr, "draw: 0x%08x\n", result);
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < operation.params[0].tmpref.size; i++)
		printf("%02x", buffer[i]);
	printf("\n");
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	TEEC_Session session[SESSIONS_MAX];
	TEEC_Context context;
	int status = EXIT_SUCCESS;

	if (argc < 2 || argc > SESSIONS_MAX + 1 ||
	    TEEC_InitializeContext(NULL, &context) != TEEC_SUCCESS)
		return EXIT_FAILURE;
	for (int i = 1; i < argc; i++) {
		const uint8_t number = (uint8_t)strtoul(argv[i], NULL, 10);
		const TEEC_UUID ta = SEED_TA_UUID;

		if (TEEC_OpenSession(&context, &session[i - 1], &ta, TEEC_LOGIN_PUBLIC, NULL, NULL,
				     NULL) != TEEC_SUCCESS)
			return EXIT_FAILURE;
	}
	for (int i = 1; i < argc; i++)
		status |= draw(&session[i - 1]);
	for (int i = 1; i < argc; i++)
		TEEC_CloseSession(&session[i - 1]);
	TEEC_FinalizeContext(&context);
	return status;
}
