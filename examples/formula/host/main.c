/*
 * The client of the formula pair: formula [FORMULA...]
 *
 * Has each formula evaluated in one session, in turn, and prints what comes of it. Ends with 0 if
 * all of them have a value. Without arguments it shows some of each kind, and knows what they give.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tee_client_api.h>

#include <formula_ta.h>

static void require_success(const char *what, TEEC_Result result, uint32_t origin)
{
	if (result == TEEC_SUCCESS)
		return;
	fprintf(stderr, "formula: %s: error 0x%08" PRIx32 ", origin %" PRIu32 "\n", what, result,
		origin);
	exit(1);
}

/* True when it has a value. */
static bool evaluate(TEEC_Session *session, const char *text, int64_t *value)
{
	TEEC_Operation operation = { 0 };
	char why[128];
	TEEC_Result result;
	uint32_t origin;

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_OUTPUT,
						TEEC_MEMREF_TEMP_OUTPUT, TEEC_NONE);
	operation.params[0].tmpref.buffer = (void *)text;
	operation.params[0].tmpref.size = strlen(text);
	operation.params[2].tmpref.buffer = why;
	operation.params[2].tmpref.size = sizeof(why);
	result = TEEC_InvokeCommand(session, FORMULA_CMD_EVALUATE, &operation, &origin);
	if (result == TEEC_ERROR_BAD_FORMAT && origin == TEEC_ORIGIN_TRUSTED_APP &&
	    operation.params[2].tmpref.size <= sizeof(why)) {
		printf("%s: %.*s\n", text, (int)operation.params[2].tmpref.size, why);
		return false;
	}
	require_success(text, result, origin);
	*value = (int64_t)((uint64_t)operation.params[1].value.b << 32 |
			   operation.params[1].value.a);
	printf("%s: %" PRId64 "\n", text, *value);
	return true;
}

static int show(TEEC_Session *session)
{
	static const struct {
		const char *text;
		bool good;
		int64_t value;
	} shown[] = {
		{ "6 * (3 + 4)", true, 42 },
		{ "x = 1000000 * 1000000", true, 1000000000000 },
		{ "-x / 7", true, -142857142857 },
		{ "x * x", false, 0 },
		{ "1 / (x - x)", false, 0 },
		{ "2 + y", false, 0 },
		{ "(1 + 2", false, 0 },
	};

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		int64_t value = 0;

		if (evaluate(session, shown[i].text, &value) != shown[i].good ||
		    value != shown[i].value) {
			fputs("formula: that is wrong\n", stderr);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	const TEEC_UUID uuid = FORMULA_TA_UUID;
	TEEC_Context context;
	TEEC_Session session;
	TEEC_Result result;
	uint32_t origin;
	int status = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	result = TEEC_InitializeContext(NULL, &context);
	require_success("reaching the TEE", result, TEEC_ORIGIN_API);
	result =
		TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL, &origin);
	require_success("opening a session", result, origin);
	if (argc == 1)
		status = show(&session);
	for (int i = 1; i < argc; i++) {
		int64_t value;

		if (!evaluate(&session, argv[i], &value))
			status = 1;
	}
	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&context);
	return status;
}
