/*
 * The client of the bank: it speaks with the teller, a trusted application, who speaks with the
 * treasury, another one. Ends with 0 if both did as they should.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <tee_client_api.h>

#include <teller_ta.h>
#include <treasury_ta.h>

#define STATEMENT_SIZE 4096

static TEEC_Context context;
static TEEC_Session session;

static void require(const char *what, TEEC_Result result, TEEC_Result wanted)
{
	if (result == wanted)
		return;
	fprintf(stderr, "bank: %s: result 0x%08" PRIx32 "\n", what, result);
	exit(1);
}

/* Returns the balance. */
static uint32_t move(uint32_t command, uint32_t amount, TEEC_Result wanted)
{
	TEEC_Operation operation = { 0 };

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].value.a = amount;
	require("moving money", TEEC_InvokeCommand(&session, command, &operation, NULL), wanted);
	return operation.params[0].value.a;
}

/* The memory is shared with the teller, and by the teller with the treasury, which writes into it.
 */
static void statement_print(void)
{
	TEEC_SharedMemory text = { .size = STATEMENT_SIZE, .flags = TEEC_MEM_OUTPUT };
	TEEC_Operation operation = { 0 };

	require("allocating memory", TEEC_AllocateSharedMemory(&context, &text), TEEC_SUCCESS);
	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_WHOLE, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].memref.parent = &text;
	require("a statement", TEEC_InvokeCommand(&session, TELLER_CMD_STATEMENT, &operation, NULL),
		TEEC_SUCCESS);
	fwrite(text.buffer, 1, operation.params[0].memref.size, stdout);
	TEEC_ReleaseSharedMemory(&text);
}

static void treasury_try(void)
{
	const TEEC_UUID treasury = TREASURY_TA_UUID;
	TEEC_Session none;

	require("opening the treasury",
		TEEC_OpenSession(&context, &none, &treasury, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL),
		TEEC_ERROR_ACCESS_DENIED);
	printf("the treasury does not open for us\n");
}

int main(void)
{
	const TEEC_UUID teller = TELLER_TA_UUID;

	require("finding the TEE", TEEC_InitializeContext(NULL, &context), TEEC_SUCCESS);
	require("going to the teller",
		TEEC_OpenSession(&context, &session, &teller, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL),
		TEEC_SUCCESS);
	printf("paid in 100, the balance is %" PRIu32 "\n",
	       move(TELLER_CMD_DEPOSIT, 100, TEEC_SUCCESS));
	printf("took out 30, the balance is %" PRIu32 "\n",
	       move(TELLER_CMD_WITHDRAW, 30, TEEC_SUCCESS));
	printf("the treasury refuses 500, the balance is %" PRIu32 "\n",
	       move(TELLER_CMD_WITHDRAW, 500, TEEC_ERROR_EXCESS_DATA));
	(void)move(TELLER_CMD_DEPOSIT, TELLER_LIMIT + 1, TEEC_ERROR_ACCESS_DENIED);
	printf("the teller refuses %d\n", TELLER_LIMIT + 1);
	statement_print();
	treasury_try();
	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&context);
	return 0;
}
