/*
 * The client of the hello pair: hello [NAME]
 *
 * Opens a session, sends a value and a name, prints what comes back, and measures how long a
 * command takes once everything is warm. Ends with 0 if all the answers are right.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tee_client_api.h>

#include <hello_ta.h>

#define WARM_UPS 1000
#define MEASURED 10000

static void require_success(const char *what, TEEC_Result result, uint32_t origin)
{
	static const char *const origins[] = { "?", "API", "COMMS", "TEE", "TRUSTED_APP" };

	if (result == TEEC_SUCCESS)
		return;
	fprintf(stderr, "hello: %s: error 0x%08" PRIx32 ", origin %s\n", what, result,
		origins[origin <= TEEC_ORIGIN_TRUSTED_APP ? origin : 0]);
	exit(1);
}

static void increment(TEEC_Session *session)
{
	TEEC_Operation operation = { 0 };
	TEEC_Result result;
	uint32_t origin;

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].value.a = 41;
	result = TEEC_InvokeCommand(session, HELLO_CMD_INCREMENT, &operation, &origin);
	require_success("increment", result, origin);
	printf("sent 41, got %" PRIu32 "\n", operation.params[0].value.a);
	if (operation.params[0].value.a != 42) {
		fputs("hello: that is not the next number\n", stderr);
		exit(1);
	}
}

static void greet(TEEC_Session *session, char *name)
{
	char answer[300], expected[300];
	TEEC_Operation operation = { 0 };
	TEEC_Result result;
	uint32_t origin;

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_MEMREF_TEMP_OUTPUT,
						TEEC_NONE, TEEC_NONE);
	operation.params[0].tmpref.buffer = name;
	operation.params[0].tmpref.size = strlen(name);
	operation.params[1].tmpref.buffer = answer;
	operation.params[1].tmpref.size = sizeof(answer) - 1;
	result = TEEC_InvokeCommand(session, HELLO_CMD_GREET, &operation, &origin);
	require_success("greet", result, origin);
	if (operation.params[1].tmpref.size > sizeof(answer) - 1) {
		fputs("hello: the answer claims to be longer than there was room for\n", stderr);
		exit(1);
	}
	answer[operation.params[1].tmpref.size] = '\0';
	printf("sent \"%s\", got \"%s\"\n", name, answer);
	snprintf(expected, sizeof(expected), "Hello, %s", name);
	if (strcmp(answer, expected) != 0) {
		fputs("hello: that is not the greeting\n", stderr);
		exit(1);
	}
}

static int by_size(const void *left, const void *right)
{
	const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void measure(TEEC_Session *session)
{
	static uint64_t took[MEASURED];
	TEEC_Result result;
	uint32_t origin;
	uint64_t start;

	for (int i = -WARM_UPS; i < MEASURED; i++) {
		start = now_ns();
		result = TEEC_InvokeCommand(session, HELLO_CMD_NOTHING, NULL, &origin);
		if (i >= 0)
			took[i] = now_ns() - start;
		require_success("the empty command", result, origin);
	}
	qsort(took, MEASURED, sizeof(took[0]), by_size);
	printf("a warm command took %.2f us (median of %d; 99 of 100 within %.2f us)\n",
	       (double)took[MEASURED / 2] / 1000, MEASURED,
	       (double)took[MEASURED * 99 / 100] / 1000);
}

int main(int argc, char **argv)
{
	static char nobody[] = "developer";
	const TEEC_UUID uuid = HELLO_TA_UUID;
	TEEC_Context context;
	TEEC_Session session;
	TEEC_Result result;
	uint32_t origin;

	if (argc > 2 || (argc == 2 && strlen(argv[1]) > 256)) {
		fputs("usage: hello [NAME]   (a name has at most 256 bytes)\n", stderr);
		return 2;
	}
	/* Line by line also into a file or pipe, so that both sides' lines come in their order. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	result = TEEC_InitializeContext(NULL, &context);
	require_success("reaching the TEE", result, TEEC_ORIGIN_API);
	result =
		TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL, &origin);
	require_success("opening a session", result, origin);

	increment(&session);
	greet(&session, argc == 2 ? argv[1] : nobody);
	measure(&session);

	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&context);
	return 0;
}
