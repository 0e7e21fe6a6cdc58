#include <hello_ta.h>
#include <stdio.h>
#include <tee_client_api.h>

int main(void)
{
	TEEC_Operation op = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, 0, 0, 0) };
	TEEC_UUID uuid = TA_HELLO_UUID;
	TEEC_Context ctx;
	TEEC_Session sess;
	TEEC_Result res;
	uint32_t origin;

	res = TEEC_InitializeContext(NULL, &ctx);
	if (res == TEEC_SUCCESS)
		res = TEEC_OpenSession(&ctx, &sess, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL, &origin);
	if (res != TEEC_SUCCESS) {
		printf("not opened: %x\n", res);
		return 1;
	}
	op.params[0].value.a = 41;
	res = TEEC_InvokeCommand(&sess, TA_HELLO_CMD_INC, &op, &origin);
	printf("%x %u\n", res, op.params[0].value.a);
	TEEC_CloseSession(&sess);
	TEEC_FinalizeContext(&ctx);
	return 0;
}
