/* Uses trusted storage as the measurements ask. */
#include <string.h>
#include <tee_internal_api.h>

#include "storage_commands.h"

static uint8_t buffer[BENCH_STORAGE_PIECE];
static TEE_ObjectHandle large;
static unsigned int state;

TEE_Result TA_CreateEntryPoint(void)
{
	memset(buffer, 0x5A, sizeof(buffer));
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS],
				    void **session)
{
	(void)param_types;
	(void)params;
	(void)session;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *session)
{
	(void)session;
	TEE_CloseObject(large);
	large = TEE_HANDLE_NULL;
}

/* The object of 64 MiB, filled. */
static TEE_Result large_prepare(void)
{
	TEE_Result result;

	if (large != TEE_HANDLE_NULL)
		return TEE_SUCCESS;
	result = TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, "large", 5,
					    TEE_DATA_FLAG_ACCESS_READ | TEE_DATA_FLAG_ACCESS_WRITE |
						    TEE_DATA_FLAG_OVERWRITE,
					    TEE_HANDLE_NULL, NULL, 0, &large);
	for (unsigned int i = 0; i < BENCH_STORAGE_BLOCKS * (BENCH_STORAGE_BLOCK / 1024) /
						 (BENCH_STORAGE_PIECE / 1024) &&
				 result == TEE_SUCCESS;
	     i++)
		result = TEE_WriteObjectData(large, buffer, sizeof(buffer));
	return result;
}

static TEE_Result small_round(void)
{
	TEE_ObjectHandle object;
	TEE_Result result;

	result = TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, "small", 5,
					    TEE_DATA_FLAG_ACCESS_WRITE |
						    TEE_DATA_FLAG_ACCESS_WRITE_META,
					    TEE_HANDLE_NULL, NULL, 0, &object);
	if (result == TEE_SUCCESS)
		result = TEE_WriteObjectData(object, buffer, BENCH_STORAGE_SMALL_SIZE);
	return result == TEE_SUCCESS ? TEE_CloseAndDeletePersistentObject1(object) : result;
}

static TEE_Result block_seek(unsigned int among)
{
	return TEE_SeekObjectData(
		large, (intmax_t)(bench_storage_next(&state) % among) * BENCH_STORAGE_BLOCK,
		TEE_DATA_SEEK_SET);
}

static TEE_Result all_round(uint32_t command)
{
	TEE_Result result = TEE_SeekObjectData(large, 0, TEE_DATA_SEEK_SET);
	size_t count;

	for (unsigned int at = 0; at < BENCH_STORAGE_ALL && result == TEE_SUCCESS;
	     at += BENCH_STORAGE_PIECE)
		result = command == BENCH_STORAGE_WRITE_ALL
				 ? TEE_WriteObjectData(large, buffer, BENCH_STORAGE_PIECE)
				 : TEE_ReadObjectData(large, buffer, BENCH_STORAGE_PIECE, &count);
	return result;
}

static TEE_Result one(uint32_t command)
{
	TEE_Result result;
	size_t count;

	switch (command) {
	case BENCH_STORAGE_SMALL:
		return small_round();
	case BENCH_STORAGE_READ:
		result = block_seek(BENCH_STORAGE_NEAR_BLOCKS);
		return result == TEE_SUCCESS
			       ? TEE_ReadObjectData(large, buffer, BENCH_STORAGE_BLOCK, &count)
			       : result;
	case BENCH_STORAGE_RANDOM:
		result = block_seek(BENCH_STORAGE_BLOCKS);
		return result == TEE_SUCCESS
			       ? TEE_WriteObjectData(large, buffer, BENCH_STORAGE_BLOCK)
			       : result;
	case BENCH_STORAGE_WRITE_ALL:
	case BENCH_STORAGE_READ_ALL:
		return all_round(command);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_Result result = command == BENCH_STORAGE_SMALL ? TEE_SUCCESS : large_prepare();

	(void)session;
	(void)param_types;
	for (uint32_t i = 0; i < params[0].value.a && result == TEE_SUCCESS; i++)
		result = one(command);
	return result;
}
