/*
 * The client of the transform pair: transform [FILE [OUTPUT]]
 *
 * Reads FILE (else makes up a text) into a block that it shares with the trusted application, has
 * it enciphered there, writes it to OUTPUT (else to a nameless temporary file), reads that back,
 * has it deciphered, and compares. Ends with 0 if every checksum and every byte is right.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <tee_client_api.h>

#include <transform_ta.h>

#define MADE_UP_SIZE (1 << 20)

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "transform: %s: %s\n", what, why);
	exit(1);
}

static void require_success(const char *what, TEEC_Result result, uint32_t origin)
{
	char code[64];

	if (result == TEEC_SUCCESS)
		return;
	snprintf(code, sizeof(code), "error 0x%08" PRIx32 ", origin %" PRIu32, result, origin);
	die(what, code);
}

/* The caller frees what is returned. */
static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	struct stat info;
	uint8_t *data;

	if (!file || fstat(fileno(file), &info))
		die(path, strerror(errno));
	if (!S_ISREG(info.st_mode) || info.st_size == 0)
		die(path, "not a file with something in it");
	*size = (size_t)info.st_size;
	data = malloc(*size);
	if (!data)
		die(path, strerror(errno));
	if (fread(data, 1, *size, file) != *size)
		die(path, "could not be read to its end");
	fclose(file);
	return data;
}

/* The caller frees what is returned. */
static uint8_t *make_up(size_t *size)
{
	static const char line[] = "All work and no play makes a very plain text. ";
	uint8_t *data = malloc(MADE_UP_SIZE);

	if (!data)
		die("a text", strerror(errno));
	for (size_t i = 0; i < MADE_UP_SIZE; i++)
		data[i] = (uint8_t)line[i % (sizeof(line) - 1)];
	*size = MADE_UP_SIZE;
	return data;
}

static void write_and_read_back(const char *path, uint8_t *data, size_t size)
{
	FILE *file = path ? fopen(path, "w+b") : tmpfile();

	if (!path)
		path = "a temporary file";
	if (!file)
		die(path, strerror(errno));
	if (fwrite(data, 1, size, file) != size || fflush(file))
		die(path, strerror(errno));
	rewind(file);
	memset(data, 0, size);
	if (fread(data, 1, size, file) != size)
		die(path, "what was written could not be read back");
	if (fclose(file))
		die(path, strerror(errno));
}

/* Bit by bit: slow, and not the other side's way of doing it. */
static uint32_t crc32(const uint8_t *data, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* Has the whole block transformed, and checks the checksums; `name` is for what is printed. */
static void apply(TEEC_Session *session, TEEC_SharedMemory *block, const char *name)
{
	static uint8_t key[TRANSFORM_KEY_SIZE] = "sixteen bytes ok";
	const uint32_t before = crc32(block->buffer, block->size);
	TEEC_Operation operation = { 0 };
	struct timespec start, end;
	TEEC_Result result;
	uint32_t origin;
	double seconds;

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_WHOLE, TEEC_MEMREF_TEMP_INPUT,
						TEEC_VALUE_INPUT, TEEC_VALUE_OUTPUT);
	operation.params[0].memref.parent = block;
	operation.params[1].tmpref.buffer = key;
	operation.params[1].tmpref.size = sizeof(key);
	operation.params[2].value.a = 1;

	clock_gettime(CLOCK_MONOTONIC, &start);
	result = TEEC_InvokeCommand(session, TRANSFORM_CMD_APPLY, &operation, &origin);
	clock_gettime(CLOCK_MONOTONIC, &end);
	require_success(name, result, origin);

	seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
	printf("%s: %zu bytes in %.2f ms (%.0f MB/s), CRC-32 %08" PRIx32 " -> %08" PRIx32 "\n",
	       name, block->size, seconds * 1e3, (double)block->size / 1e6 / seconds,
	       operation.params[3].value.a, operation.params[3].value.b);
	if (operation.params[3].value.a != before)
		die(name, "the trusted application read something else than was in the block");
	if (operation.params[3].value.b != crc32(block->buffer, block->size))
		die(name, "the block holds something else than the trusted application wrote");
}

int main(int argc, char **argv)
{
	const TEEC_UUID uuid = TRANSFORM_TA_UUID;
	TEEC_SharedMemory block = { .flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT };
	TEEC_Context context;
	TEEC_Session session;
	TEEC_Result result;
	uint32_t origin;
	uint8_t *original;

	if (argc > 3) {
		fputs("usage: transform [FILE [OUTPUT]]\n", stderr);
		return 2;
	}
	original = argc > 1 ? read_file(argv[1], &block.size) : make_up(&block.size);

	/* Line by line also into a file or pipe, so that both sides' lines come in their order. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	result = TEEC_InitializeContext(NULL, &context);
	require_success("reaching the TEE", result, TEEC_ORIGIN_API);
	result =
		TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL, &origin);
	require_success("opening a session", result, origin);
	result = TEEC_AllocateSharedMemory(&context, &block);
	require_success("sharing a block", result, TEEC_ORIGIN_API);

	memcpy(block.buffer, original, block.size);
	apply(&session, &block, "enciphered");
	if (memcmp(block.buffer, original, block.size) == 0)
		die("enciphered", "the block is as it was");
	write_and_read_back(argc > 2 ? argv[2] : NULL, block.buffer, block.size);
	apply(&session, &block, "deciphered");
	if (memcmp(block.buffer, original, block.size) != 0)
		die("deciphered", "the block is not what it was at first");
	puts("what was deciphered is the original, byte for byte");

	TEEC_ReleaseSharedMemory(&block);
	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&context);
	free(original);
	return 0;
}
