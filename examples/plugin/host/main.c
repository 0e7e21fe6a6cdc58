/*
 * The client of the plugin example: plugin ACCOUNT AMOUNT
 *
 * Asks the trusted application for a receipt and prints it. The plugin's directory is to be named
 * to the simulator: teesim run --plugin-path DIR -- plugin 1 250
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <tee_client_api.h>

#include <receipt_ta.h>

static int failed(const char *what, TEEC_Result result)
{
	fprintf(stderr, "plugin: %s: error 0x%08" PRIx32 "\n", what, result);
	return 1;
}

static int receipt_print(TEEC_Session *session, uint32_t account, uint32_t amount)
{
	TEEC_Operation operation = { 0 };
	char receipt[128];
	TEEC_Result result;
	uint32_t origin;

	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_MEMREF_TEMP_OUTPUT, TEEC_NONE, TEEC_NONE);
	operation.params[0].value.a = account;
	operation.params[0].value.b = amount;
	operation.params[1].tmpref.buffer = receipt;
	operation.params[1].tmpref.size = sizeof(receipt);
	result = TEEC_InvokeCommand(session, RECEIPT_CMD_WRITE, &operation, &origin);
	if (result == TEEC_ERROR_ITEM_NOT_FOUND) {
		fprintf(stderr, "plugin: nobody has account %" PRIu32 ", or there is no plugin\n",
			account);
		return 1;
	}
	if (result != TEEC_SUCCESS)
		return failed("the receipt", result);
	printf("%.*s\n", (int)operation.params[1].tmpref.size, receipt);
	return 0;
}

int main(int argc, char **argv)
{
	const TEEC_UUID uuid = RECEIPT_TA_UUID;
	TEEC_Context context;
	TEEC_Session session;
	TEEC_Result result;
	uint32_t origin;
	int status;

	if (argc != 3) {
		fputs("usage: plugin ACCOUNT AMOUNT\n", stderr);
		return 2;
	}
	result = TEEC_InitializeContext(NULL, &context);
	if (result != TEEC_SUCCESS)
		return failed("reaching the TEE", result);
	result =
		TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL, &origin);
	if (result != TEEC_SUCCESS) {
		TEEC_FinalizeContext(&context);
		return failed("opening a session", result);
	}
	status = receipt_print(&session, (uint32_t)strtoul(argv[1], NULL, 10),
			       (uint32_t)strtoul(argv[2], NULL, 10));
	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&context);
	return status;
}
