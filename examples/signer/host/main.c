/*
 * The client of the signing service: signer [FILE PREFIX]
 *
 * Has FILE (else a made-up text) signed, asks the service whether the signature is its own, and
 * whether it is still when the text is another. With a PREFIX it writes PREFIX.pem, the public key,
 * and PREFIX.sig, the signature, as `openssl dgst -sha256 -verify PREFIX.pem -signature PREFIX.sig
 * FILE` takes them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tee_client_api.h>

#include <signer_ta.h>

#define ERROR_SIGNATURE_INVALID 0xFFFF3072

static TEEC_Context context;
static TEEC_Session session;

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "signer: %s: %s\n", what, why);
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

/* The caller frees what is returned. */
static uint8_t *file_read(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t room = 0, got = 1;

	if (!file)
		die(path, strerror(errno));
	for (*size = 0; got; *size += got) {
		if (*size == room) {
			room = room ? 2 * room : 65536;
			data = realloc(data, room);
			if (!data)
				die(path, strerror(errno));
		}
		got = fread(data + *size, 1, room - *size, file);
	}
	if (ferror(file))
		die(path, "could not be read to its end");
	fclose(file);
	return data;
}

static void file_write(const char *prefix, const char *suffix, const void *data, size_t size)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", prefix, suffix);
	file = fopen(path, "wb");
	if (!file || fwrite(data, 1, size, file) != size || fclose(file))
		die(path, strerror(errno));
}

static void public_key_get(uint8_t point[SIGNER_POINT_SIZE])
{
	TEEC_Operation operation = { 0 };

	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].tmpref.buffer = point;
	operation.params[0].tmpref.size = SIGNER_POINT_SIZE;
	require("the public key",
		TEEC_InvokeCommand(&session, SIGNER_CMD_PUBLIC_KEY, &operation, NULL),
		TEEC_SUCCESS);
}

static TEEC_Result with_signature(uint32_t command, uint32_t type, uint8_t *message, size_t size,
				  uint8_t signature[SIGNER_SIGNATURE_SIZE])
{
	TEEC_Operation operation = { 0 };

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, type, TEEC_NONE, TEEC_NONE);
	operation.params[0].tmpref.buffer = message;
	operation.params[0].tmpref.size = size;
	operation.params[1].tmpref.buffer = signature;
	operation.params[1].tmpref.size = SIGNER_SIGNATURE_SIZE;
	return TEEC_InvokeCommand(&session, command, &operation, NULL);
}

/* A public key of P-256 as X.509 has it: all but the point is the same for every key. */
static void pem_write(const char *prefix, const uint8_t point[SIGNER_POINT_SIZE])
{
	static const uint8_t head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
					0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
					0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t der[sizeof(head) + SIGNER_POINT_SIZE + 2] = { 0 };
	const size_t size = sizeof(head) + SIGNER_POINT_SIZE;
	char text[512] = "-----BEGIN PUBLIC KEY-----\n";
	char *at = text + strlen(text);

	memcpy(der, head, sizeof(head));
	memcpy(der + sizeof(head), point, SIGNER_POINT_SIZE);
	for (size_t i = 0; i < size; i += 3) {
		const uint32_t group =
			(uint32_t)der[i] << 16 | (uint32_t)der[i + 1] << 8 | der[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			*at++ = digits[group >> shift & 63];
		if (i + 1 >= size)
			at[-2] = '=';
		if (i + 2 >= size)
			at[-1] = '=';
		if (i % 48 == 45 || i + 3 >= size)
			*at++ = '\n';
	}
	strcpy(at, "-----END PUBLIC KEY-----\n");
	file_write(prefix, ".pem", text, strlen(text));
}

/* A number as DER has it: no leading zeros, but one where it would be negative. */
static size_t integer_put(uint8_t *at, const uint8_t *number, size_t size)
{
	size_t pad;

	for (; size > 1 && !*number; size--)
		number++;
	pad = *number >> 7;
	at[0] = 0x02;
	at[1] = (uint8_t)(pad + size);
	at[2] = 0;
	memcpy(at + 2 + pad, number, size);
	return 2 + pad + size;
}

static void signature_write(const char *prefix, const uint8_t signature[SIGNER_SIGNATURE_SIZE])
{
	const size_t half = SIGNER_SIGNATURE_SIZE / 2;
	uint8_t der[2 + 2 * (3 + SIGNER_SIGNATURE_SIZE / 2)];
	size_t size = integer_put(der + 2, signature, half);

	size += integer_put(der + 2 + size, signature + half, half);
	der[0] = 0x30;
	der[1] = (uint8_t)size;
	file_write(prefix, ".sig", der, 2 + size);
}

int main(int argc, char **argv)
{
	const TEEC_UUID uuid = SIGNER_TA_UUID;
	uint8_t point[SIGNER_POINT_SIZE], signature[SIGNER_SIGNATURE_SIZE];
	uint8_t *message;
	size_t size;

	if (argc != 1 && argc != 3) {
		fputs("usage: signer [FILE PREFIX]\n", stderr);
		return 2;
	}
	if (argc > 1) {
		message = file_read(argv[1], &size);
	} else {
		message = (uint8_t *)strdup("I owe you one.");
		size = strlen((char *)message);
	}
	/* Line by line also into a file or pipe, so that both sides' lines come in their order. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	require("reaching the TEE", TEEC_InitializeContext(NULL, &context), TEEC_SUCCESS);
	require("opening a session",
		TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL),
		TEEC_SUCCESS);

	public_key_get(point);
	require("signing",
		with_signature(SIGNER_CMD_SIGN, TEEC_MEMREF_TEMP_OUTPUT, message, size, signature),
		TEEC_SUCCESS);
	printf("signed %zu bytes with the key %02x%02x%02x%02x...\n", size, point[1], point[2],
	       point[3], point[4]);
	require("verifying",
		with_signature(SIGNER_CMD_VERIFY, TEEC_MEMREF_TEMP_INPUT, message, size, signature),
		TEEC_SUCCESS);
	puts("the service knows its signature");
	if (argc > 1) {
		pem_write(argv[2], point);
		signature_write(argv[2], signature);
	}
	signature[7] ^= 1;
	require("verifying a changed signature",
		with_signature(SIGNER_CMD_VERIFY, TEEC_MEMREF_TEMP_INPUT, message, size, signature),
		ERROR_SIGNATURE_INVALID);
	signature[7] ^= 1;
	if (size) {
		message[0] ^= 1;
		require("verifying another message",
			with_signature(SIGNER_CMD_VERIFY, TEEC_MEMREF_TEMP_INPUT, message, size,
				       signature),
			ERROR_SIGNATURE_INVALID);
	}
	puts("and refuses it for anything else");

	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&context);
	free(message);
	return 0;
}
