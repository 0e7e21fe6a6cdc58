/*
 * The trusted application of the transform pair: works on the client's block where it lies.
 *
 * The client can write to that block at any moment. So every byte is read once, and what was read
 * is what both the checksum and the cipher use; no decision is taken on a byte and the byte then
 * fetched again.
 */
#include <string.h>

#include <tee_internal_api.h>
#include <trace.h>

#include <transform_ta.h>

#define XTEA_CYCLES	 32
#define XTEA_BLOCK_SIZE	 8
#define XTEA_DELTA	 0x9e3779b9u

#define CRC32_POLYNOMIAL 0xedb88320u

/* Filled in before the first session, only read after that. */
static uint32_t crc32_table[256];

static void crc32_prepare(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t rest = byte;

		for (int bit = 0; bit < 8; bit++)
			rest = rest & 1 ? (rest >> 1) ^ CRC32_POLYNOMIAL : rest >> 1;
		crc32_table[byte] = rest;
	}
}

static uint32_t crc32_step(uint32_t crc, uint8_t byte)
{
	return crc32_table[(crc ^ byte) & 0xff] ^ (crc >> 8);
}

static void xtea_encipher(const uint32_t key[4], uint32_t block[2])
{
	uint32_t left = block[0], right = block[1], sum = 0;

	for (int cycle = 0; cycle < XTEA_CYCLES; cycle++) {
		left += (((right << 4) ^ (right >> 5)) + right) ^ (sum + key[sum & 3]);
		sum += XTEA_DELTA;
		right += (((left << 4) ^ (left >> 5)) + left) ^ (sum + key[(sum >> 11) & 3]);
	}
	block[0] = left;
	block[1] = right;
}

static TEE_Result apply(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	uint32_t key[4], stream[2], before = UINT32_MAX, after = UINT32_MAX;
	/* volatile: the compiler may not fetch a byte a second time either. */
	volatile uint8_t *data;
	size_t size;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INOUT, TEE_PARAM_TYPE_MEMREF_INPUT,
					   TEE_PARAM_TYPE_VALUE_INPUT, TEE_PARAM_TYPE_VALUE_OUTPUT))
		return TEE_ERROR_BAD_PARAMETERS;
	if (params[1].memref.size != TRANSFORM_KEY_SIZE)
		return TEE_ERROR_BAD_PARAMETERS;
	memcpy(key, params[1].memref.buffer, sizeof(key));
	data = params[0].memref.buffer;
	size = params[0].memref.size;

	for (size_t at = 0; at < size; at += XTEA_BLOCK_SIZE) {
		const size_t rest = size - at < XTEA_BLOCK_SIZE ? size - at : XTEA_BLOCK_SIZE;

		stream[0] = (uint32_t)(at / XTEA_BLOCK_SIZE);
		stream[1] = params[2].value.a;
		xtea_encipher(key, stream);
		for (size_t i = 0; i < rest; i++) {
			uint8_t byte = data[at + i];

			before = crc32_step(before, byte);
			byte ^= (uint8_t)(stream[i / 4] >> (i % 4 * 8));
			after = crc32_step(after, byte);
			data[at + i] = byte;
		}
	}
	TEE_MemFill(key, 0, sizeof(key));
	params[3].value.a = ~before;
	params[3].value.b = ~after;
	IMSG("%u bytes, CRC-32 %08x before and %08x after", (unsigned int)size,
	     (unsigned int)~before, (unsigned int)~after);
	return TEE_SUCCESS;
}

TEE_Result TA_CreateEntryPoint(void)
{
	crc32_prepare();
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS],
				    void **session)
{
	(void)params;
	(void)session;
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *session)
{
	(void)session;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	(void)session;
	if (command != TRANSFORM_CMD_APPLY)
		return TEE_ERROR_NOT_SUPPORTED;
	return apply(param_types, params);
}
