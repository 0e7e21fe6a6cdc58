/*
 * The client of the one-time passwords: otp [SECRET [SECONDS]]
 *
 * With a SECRET (hexadecimal), prints the six digits of its password now, or at SECONDS since 1970.
 * Without one, goes through the tables of RFC 4226 and RFC 6238, and shows that a password is good
 * once. Ends with 0 if every password is the right one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tee_client_api.h>

#include <otp_ta.h>

static TEEC_Context context;
static TEEC_Session session;

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "otp: %s: %s\n", what, why);
	exit(1);
}

static void require(const char *what, TEEC_Result result, TEEC_Result wanted)
{
	char code[64];

	if (result == wanted)
		return;
	snprintf(code, sizeof(code), "result 0x%08" PRIx32, result);
	die(what, code);
}

static void token_open(void *secret, size_t size, uint32_t digits)
{
	const TEEC_UUID uuid = OTP_TA_UUID;
	TEEC_Operation operation = { 0 };

	require("opening a session",
		TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL),
		TEEC_SUCCESS);
	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INPUT, TEEC_NONE, TEEC_NONE);
	operation.params[0].tmpref.buffer = secret;
	operation.params[0].tmpref.size = size;
	operation.params[1].value.a = digits;
	require("enrolling", TEEC_InvokeCommand(&session, OTP_CMD_ENROL, &operation, NULL),
		TEEC_SUCCESS);
}

static uint32_t password_next(void)
{
	TEEC_Operation operation = { 0 };

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	require("the next password", TEEC_InvokeCommand(&session, OTP_CMD_NEXT, &operation, NULL),
		TEEC_SUCCESS);
	return operation.params[0].value.a;
}

static uint32_t password_at(uint64_t seconds)
{
	TEEC_Operation operation = { 0 };

	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_VALUE_OUTPUT, TEEC_NONE, TEEC_NONE);
	operation.params[0].value.a = (uint32_t)(seconds >> 32);
	operation.params[0].value.b = (uint32_t)seconds;
	require("the password of a time",
		TEEC_InvokeCommand(&session, OTP_CMD_AT_TIME, &operation, NULL), TEEC_SUCCESS);
	return operation.params[1].value.a;
}

static TEEC_Result password_verify(uint32_t password)
{
	TEEC_Operation operation = { 0 };

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].value.a = password;
	return TEEC_InvokeCommand(&session, OTP_CMD_VERIFY, &operation, NULL);
}

/* The secret of both RFCs, and what they say comes of it. */
static char rfc_secret[] = "12345678901234567890";
static const uint32_t by_counter[] = { 755224, 287082, 359152, 969429, 338314,
				       254676, 287922, 162583, 399871, 520489 };
static const struct {
	uint64_t seconds;
	uint32_t password;
} by_time[] = {
	{ 59, 94287082 },	  { 1111111109, 7081804 },  { 1111111111, 14050471 },
	{ 1234567890, 89005924 }, { 2000000000, 69279037 }, { 20000000000, 65353130 },
};

static void go_through_tables(void)
{
	uint32_t password;

	token_open(rfc_secret, strlen(rfc_secret), 6);
	for (size_t i = 0; i < sizeof(by_counter) / sizeof(by_counter[0]); i++) {
		password = password_next();
		printf("counter %zu: %06" PRIu32 "\n", i, password);
		if (password != by_counter[i])
			die("counter", "RFC 4226 has another password");
	}
	TEEC_CloseSession(&session);

	token_open(rfc_secret, strlen(rfc_secret), 8);
	for (size_t i = 0; i < sizeof(by_time) / sizeof(by_time[0]); i++) {
		password = password_at(by_time[i].seconds);
		printf("time %" PRIu64 ": %08" PRIu32 "\n", by_time[i].seconds, password);
		if (password != by_time[i].password)
			die("time", "RFC 6238 has another password");
	}
	TEEC_CloseSession(&session);
}

static void show_that_once_is_enough(void)
{
	token_open(rfc_secret, strlen(rfc_secret), 6);
	/* One may be skipped, but none come twice. */
	require("a good password", password_verify(by_counter[1]), TEEC_SUCCESS);
	require("the same once more", password_verify(by_counter[1]), TEEC_ERROR_SECURITY);
	require("the one before", password_verify(by_counter[0]), TEEC_ERROR_SECURITY);
	require("the next", password_verify(by_counter[2]), TEEC_SUCCESS);
	puts("a password is good once");
	for (int i = 0; i < OTP_ATTEMPTS; i++)
		require("a wrong one", password_verify(1000000), TEEC_ERROR_SECURITY);
	require("after too many", password_verify(by_counter[3]), TEEC_ERROR_ACCESS_DENIED);
	printf("after %d wrong ones the token is locked\n", OTP_ATTEMPTS);
	TEEC_CloseSession(&session);
}

static uint8_t digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0');
	c |= 0x20;
	if (c < 'a' || c > 'f')
		die("SECRET", "not hexadecimal");
	return (uint8_t)(c - 'a' + 10);
}

static void print_one(const char *text, const char *when)
{
	uint8_t secret[OTP_SECRET_SIZE_MAX];
	const size_t size = strlen(text) / 2;
	char *end = "";
	uint64_t seconds = when ? strtoull(when, &end, 10) : (uint64_t)time(NULL);

	if (strlen(text) % 2 || size < OTP_SECRET_SIZE_MIN || size > OTP_SECRET_SIZE_MAX)
		die("SECRET", "not 10 to 64 bytes, two digits for each");
	if (*end || (when && !*when))
		die("SECONDS", "not a number");
	for (size_t i = 0; i < size; i++)
		secret[i] = (uint8_t)(digit_of(text[2 * i]) << 4 | digit_of(text[2 * i + 1]));
	token_open(secret, size, 6);
	printf("%06" PRIu32 "\n", password_at(seconds));
	TEEC_CloseSession(&session);
}

int main(int argc, char **argv)
{
	if (argc > 3) {
		fputs("usage: otp [SECRET [SECONDS]]\n", stderr);
		return 2;
	}
	/* Line by line also into a file or pipe, so that both sides' lines come in their order. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	require("reaching the TEE", TEEC_InitializeContext(NULL, &context), TEEC_SUCCESS);
	if (argc > 1) {
		print_one(argv[1], argc > 2 ? argv[2] : NULL);
	} else {
		go_through_tables();
		show_that_once_is_enough();
	}
	TEEC_FinalizeContext(&context);
	return 0;
}
