/*
 * The client of the lock example, and in the same program the lock's owner:
 *
 *   teep-iot pair KEYFILE                          makes the lock his, who has KEYFILE from then on
 *   teep-iot order KEYFILE NUMBER open|close FILE  the owner writes an order; no TEE is asked
 *   teep-iot deliver FILE                          carries an order to the lock, as anybody may
 *   teep-iot state                                 how the lock stands
 *   teep-iot                                       does all of that once, and what a thief would
 */
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tee_client_api.h>

#include <lock_ta.h>

#define ERROR_MAC_INVALID 0xFFFF3071

static TEEC_Session session;

/* ---- Files ------------------------------------------------------------------------------------
 */

static int file_write(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(data, 1, size, file) != size || fclose(file)) {
		perror(path);
		return 1;
	}
	return 0;
}

static int file_read(const char *path, void *data, size_t size)
{
	FILE *file = fopen(path, "rb");

	if (!file || fread(data, 1, size, file) != size) {
		fprintf(stderr, "teep-iot: %s is no file of this program\n", path);
		return 1;
	}
	fclose(file);
	return 0;
}

/* ---- The owner --------------------------------------------------------------------------------
 */

static void order_make(const uint8_t key[LOCK_KEY_SIZE], uint64_t count, uint32_t position,
		       struct lock_order *order)
{
	*order = (struct lock_order) { .count = count, .position = position };
	if (!HMAC(EVP_sha256(), key, LOCK_KEY_SIZE, (const uint8_t *)order,
		  offsetof(struct lock_order, mac), order->mac, NULL)) {
		fputs("teep-iot: OpenSSL makes no MAC\n", stderr);
		exit(1);
	}
}

static int order(const char *key_path, const char *number, const char *word, const char *path)
{
	const int closes = !strcmp(word, "close");
	struct lock_order made;
	uint8_t key[LOCK_KEY_SIZE];

	if (!closes && strcmp(word, "open") != 0) {
		fprintf(stderr, "teep-iot: \"%s\": the lock can open and close\n", word);
		return 2;
	}
	if (file_read(key_path, key, sizeof(key)))
		return 1;
	order_make(key, strtoull(number, NULL, 10), closes ? LOCK_CLOSED : LOCK_OPEN, &made);
	return file_write(path, &made, sizeof(made));
}

/* ---- The device's normal world ----------------------------------------------------------------
 */

static int report(const char *what, TEEC_Result result)
{
	switch (result) {
	case TEEC_SUCCESS:
		return 0;
	case ERROR_MAC_INVALID:
		printf("%s: refused, it is not the owner's\n", what);
		break;
	case TEEC_ERROR_SECURITY:
		printf("%s: refused, it is an old one\n", what);
		break;
	case TEEC_ERROR_ITEM_NOT_FOUND:
		printf("%s: the lock has no owner\n", what);
		break;
	case TEEC_ERROR_BAD_STATE:
		printf("%s: the lock has an owner\n", what);
		break;
	default:
		printf("%s: error 0x%08" PRIx32 "\n", what, result);
	}
	return 1;
}

static int pair(uint8_t key[LOCK_KEY_SIZE])
{
	TEEC_Operation operation = { 0 };

	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].tmpref.buffer = key;
	operation.params[0].tmpref.size = LOCK_KEY_SIZE;
	return report("pairing", TEEC_InvokeCommand(&session, LOCK_CMD_PAIR, &operation, NULL));
}

static int deliver(const char *what, struct lock_order *made)
{
	TEEC_Operation operation = { 0 };
	int status;

	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].tmpref.buffer = made;
	operation.params[0].tmpref.size = sizeof(*made);
	status = report(what, TEEC_InvokeCommand(&session, LOCK_CMD_EXECUTE, &operation, NULL));
	if (!status)
		printf("%s: done\n", what);
	return status;
}

static int state(void)
{
	TEEC_Operation operation = { 0 };

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	if (report("state", TEEC_InvokeCommand(&session, LOCK_CMD_STATE, &operation, NULL)))
		return 1;
	printf("the lock is %s after %" PRIu32 " orders\n",
	       operation.params[0].value.a == LOCK_OPEN ? "open" : "closed",
	       operation.params[0].value.b);
	return 0;
}

/* What must fail, does. */
static int refused(int status)
{
	return status != 1;
}

static int tour(void)
{
	struct lock_order opened, closed, forged;
	uint8_t key[LOCK_KEY_SIZE], other_key[LOCK_KEY_SIZE];

	if (pair(key))
		return 1;
	puts("the lock has an owner");
	order_make(key, 1, LOCK_OPEN, &opened);
	order_make(key, 2, LOCK_CLOSED, &closed);
	if (deliver("open", &opened) || deliver("close", &closed))
		return 1;
	/* Somebody recorded both. */
	forged = opened;
	forged.count = 3;
	return refused(deliver("the same order to open", &opened)) ||
	       refused(deliver("the same with a new number", &forged)) ||
	       refused(pair(other_key)) || state();
}

static int run(int argc, char **argv)
{
	uint8_t key[LOCK_KEY_SIZE];
	struct lock_order made;

	if (argc == 1)
		return tour();
	if (argc == 3 && !strcmp(argv[1], "pair"))
		return pair(key) || file_write(argv[2], key, sizeof(key));
	if (argc == 3 && !strcmp(argv[1], "deliver"))
		return file_read(argv[2], &made, sizeof(made)) || deliver(argv[2], &made);
	if (argc == 2 && !strcmp(argv[1], "state"))
		return state();
	fputs("usage: teep-iot [pair KEYFILE | order KEYFILE NUMBER open|close FILE |\n"
	      "                 deliver FILE | state]\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	const TEEC_UUID uuid = LOCK_TA_UUID;
	TEEC_Context context;
	TEEC_Result result;
	int status;

	/* Line by line also into a file or pipe, so that both sides' lines come in their order. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 6 && !strcmp(argv[1], "order"))
		return order(argv[2], argv[3], argv[4], argv[5]);
	result = TEEC_InitializeContext(NULL, &context);
	if (result != TEEC_SUCCESS)
		return report("reaching the TEE", result);
	result = TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL);
	if (result == TEEC_SUCCESS) {
		status = run(argc, argv);
		TEEC_CloseSession(&session);
	} else {
		printf("no session: 0x%08" PRIx32 "\n", result);
		status = 1;
	}
	TEEC_FinalizeContext(&context);
	return status;
}
