/* Tries its own memory. */
#include <stdlib.h>
#include <string.h>
#include <tee_internal_api.h>
#include <tee_internal_api_extensions.h>

#include "memory/commands.h"

static const char constant[64] = "constant";
static char variable[64];

/* The line of the first thing that is not as it should be. */
#define REQUIRE(truth)                   \
	do {                             \
		if (!(truth))            \
			return __LINE__; \
	} while (0)

static bool may(uint32_t flags, const void *buffer, size_t size)
{
	return TEE_CheckMemoryAccessRights(flags, (void *)buffer, size) == TEE_SUCCESS;
}

static uint32_t own_rights(void)
{
	const uint32_t read = TEE_MEMORY_ACCESS_READ;
	const uint32_t write = TEE_MEMORY_ACCESS_WRITE;
	char local[64];
	char *block = TEE_Malloc(64, TEE_MALLOC_FILL_ZERO);

	REQUIRE(block);
	REQUIRE(may(read | write, local, sizeof(local)));
	REQUIRE(may(read | write, variable, sizeof(variable)));
	REQUIRE(may(read | write, block, 64));
	REQUIRE(may(read | write | TEE_MEMORY_ACCESS_ANY_OWNER, block, 64));
	REQUIRE(may(read | TEE_MEMORY_ACCESS_SECURE, block, 64));
	REQUIRE(!may(read | TEE_MEMORY_ACCESS_NONSECURE, block, 64));
	REQUIRE(may(read, constant, sizeof(constant)));
	REQUIRE(!may(write, constant, sizeof(constant)));
	REQUIRE(may(read, (void *)TA_CreateEntryPoint, 1));
	REQUIRE(!may(write, (void *)TA_CreateEntryPoint, 1));
	REQUIRE(!may(read, NULL, 1));
	REQUIRE(!may(read, (void *)16, 16));
	REQUIRE(!may(read, (void *)(256 * 1024), 1));
	REQUIRE(!may(read, (void *)UINTPTR_MAX, 1));
	REQUIRE(!may(read, variable, SIZE_MAX));
	REQUIRE(may(read | write, NULL, 0));
	REQUIRE(may(0, block, 64));
	REQUIRE(!may(0x80 | read, block, 64));
	/* Beyond what there is, beginning in it. */
	REQUIRE(!may(read, local, 64UL << 20));
	TEE_Free(block);
	return 0;
}

static uint32_t heap(void)
{
	char *block = TEE_Malloc(1000, TEE_MALLOC_FILL_ZERO);
	char *nothing = TEE_Malloc(0, TEE_MALLOC_FILL_ZERO);

	REQUIRE(block && nothing);
	REQUIRE(!may(TEE_MEMORY_ACCESS_READ, nothing, 1));
	for (unsigned int i = 0; i < 1000; i++)
		REQUIRE(!block[i]);
	TEE_MemFill(block, 'x', 1000);
	block = TEE_Realloc(block, 1000000);
	REQUIRE(block);
	REQUIRE(block[999] == 'x' && !block[1000] && !block[999999]);
	REQUIRE(!TEE_Realloc(block, SIZE_MAX / 4));
	REQUIRE(block[999] == 'x');
	nothing = TEE_Realloc(nothing, 10);
	REQUIRE(nothing && !nothing[9]);
	TEE_Free(nothing);
	TEE_Free(block);
	REQUIRE(!TEE_Malloc(SIZE_MAX / 2, TEE_MALLOC_FILL_ZERO));
	tee_user_mem_mark_heap();
	block = TEE_Malloc(10, TEE_MALLOC_NO_FILL);
	REQUIRE(tee_user_mem_check_heap() == 10);
	TEE_Free(block);
	REQUIRE(tee_user_mem_check_heap() == 0);
	block = tee_map_zi(8192, 0);
	REQUIRE(block && !block[8191]);
	block[8191] = 1;
	REQUIRE(tee_unmap(block, 8192) == TEE_SUCCESS);
	REQUIRE(!may(TEE_MEMORY_ACCESS_READ, block, 1));
	return 0;
}

/* How many blocks of `size` octets there are to be had, up to 1000; all are given back. */
static unsigned int blocks_to_be_had(size_t size, uint32_t hint)
{
	void *block[1000];
	unsigned int count = 0, got;

	while (count < 1000 && (block[count] = TEE_Malloc(size, hint)))
		count++;
	for (got = count; got > 0; got--)
		TEE_Free(block[got - 1]);
	return count;
}

static uint32_t strict_heap(void)
{
	unsigned int count = blocks_to_be_had(1024, TEE_MALLOC_FILL_ZERO);
	char *block, *other;

	/* Of TA_DATA_SIZE, the greatest part can be used and nothing more. */
	REQUIRE(count >= 28 && count <= 32);
	REQUIRE(blocks_to_be_had(1024, TEE_MALLOC_NO_FILL) == count);
	REQUIRE(!TEE_Malloc(33 * 1024, TEE_MALLOC_FILL_ZERO));
	block = TEE_Malloc(30 * 1024, TEE_MALLOC_FILL_ZERO);
	REQUIRE(block);
	REQUIRE(!TEE_Realloc(block, 33 * 1024));
	REQUIRE(!TEE_Malloc(4096, TEE_MALLOC_FILL_ZERO));
	/* The C library's heap is the same. */
	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): they are there to fail */
	REQUIRE(!malloc(4096));
	REQUIRE(!calloc(4, 1024));
	block = TEE_Realloc(block, 16);
	REQUIRE(block);
	other = malloc(20 * 1024);
	REQUIRE(other);
	other[20 * 1024 - 1] = 1;
	REQUIRE(!TEE_Malloc(16 * 1024, TEE_MALLOC_FILL_ZERO));
	REQUIRE(!realloc(other, 40 * 1024));
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
	REQUIRE(other[20 * 1024 - 1] == 1);
	other = realloc(other, 1024);
	REQUIRE(other);
	free(other);
	TEE_Free(block);
	other = strdup("not of the TA's own asking");
	REQUIRE(other);
	free(other);
	REQUIRE(blocks_to_be_had(1024, TEE_MALLOC_FILL_ZERO) == count);
	return 0;
}

/* Writes to every part of so much stack. */
static void stack_use(size_t size)
{
	volatile char octet[512];

	octet[0] = 1;
	if (size > sizeof(octet))
		stack_use(size - sizeof(octet));
	octet[1] = 1;
}

static uint32_t shared_rights(TEE_Param params[TEE_NUM_PARAMS])
{
	const uint32_t any = TEE_MEMORY_ACCESS_ANY_OWNER;
	const uint32_t read = TEE_MEMORY_ACCESS_READ;
	const uint32_t write = TEE_MEMORY_ACCESS_WRITE;

	for (unsigned int i = 1; i < TEE_NUM_PARAMS; i++) {
		void *buffer = params[i].memref.buffer;
		const size_t size = params[i].memref.size;

		REQUIRE(!may(read, buffer, size));
		REQUIRE(!may(read, buffer, 1));
		REQUIRE(!may(write, buffer, size));
		REQUIRE(may(any | read, buffer, size));
		REQUIRE(may(any | read | TEE_MEMORY_ACCESS_NONSECURE, buffer, size));
		REQUIRE(!may(any | read | TEE_MEMORY_ACCESS_SECURE, buffer, size));
	}
	REQUIRE(may(any | read | write, params[2].memref.buffer, params[2].memref.size));
	REQUIRE(may(any | read | write, params[3].memref.buffer, params[3].memref.size));
	return 0;
}

static uint32_t shared_block_rights(TEE_Param params[TEE_NUM_PARAMS])
{
	const uint32_t any = TEE_MEMORY_ACCESS_ANY_OWNER;
	uint32_t line = shared_rights(params);
	uint8_t *input = params[1].memref.buffer;

	REQUIRE(!line);
	REQUIRE(!may(any | TEE_MEMORY_ACCESS_WRITE, input, params[1].memref.size));
	REQUIRE(!may(any | TEE_MEMORY_ACCESS_WRITE, input + 4999, 1));
	return 0;
}

static TEE_Result cache(uint32_t nowhere)
{
	return TEE_CacheFlush(nowhere ? (char *)4096 : variable, sizeof(variable));
}

static void sizes(TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_GetPropertyAsU32(TEE_PROPSET_CURRENT_TA, "gpd.ta.dataSize", &params[0].value.a);
	TEE_GetPropertyAsU32(TEE_PROPSET_CURRENT_TA, "gpd.ta.stackSize", &params[0].value.b);
}

static void mistake(uint32_t which)
{
	volatile char *block;
	char local = 0;

	switch (which) {
	case MISTAKE_TOUCH_NOTHING:
		block = TEE_Malloc(0, TEE_MALLOC_FILL_ZERO);
		*block = 1;
		break;
	case MISTAKE_FREE_TWICE:
		block = TEE_Malloc(8, TEE_MALLOC_FILL_ZERO);
		TEE_Free((void *)block);
		TEE_Free((void *)block);
		break;
	case MISTAKE_FREE_STACK:
		TEE_Free(&local);
		break;
	case MISTAKE_REALLOC_FREED:
		block = TEE_Malloc(8, TEE_MALLOC_FILL_ZERO);
		TEE_Free((void *)block);
		(void)TEE_Realloc((void *)block, 9);
		break;
	case MISTAKE_MOVE_NULL:
		TEE_MemMove(&local, NULL, 1);
		break;
	case MISTAKE_WRITE_CONSTANT:
		*(volatile char *)constant = 'k';
		break;
	case MISTAKE_FAR_BELOW_STACK:
		*(volatile char *)((uintptr_t)&local - (64UL << 20)) = 1;
		break;
	case MISTAKE_FILL_NULL:
		TEE_MemFill(NULL, 0, 1);
		break;
	case MISTAKE_COMPARE_NULL:
		(void)TEE_MemCompare(&local, NULL, 1);
		break;
	case MISTAKE_FREE_PLAIN:
		TEE_Free(malloc(8));
		break;
	}
}

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **context)
{
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	switch (command) {
	case CMD_OWN_RIGHTS:
		params[0].value.a = own_rights();
		return TEE_SUCCESS;
	case CMD_HEAP:
		params[0].value.a = heap();
		return TEE_SUCCESS;
	case CMD_STRICT_HEAP:
		params[0].value.a = strict_heap();
		return TEE_SUCCESS;
	case CMD_USE_STACK:
		stack_use(params[0].value.a);
		return TEE_SUCCESS;
	case CMD_SHARED_RIGHTS:
		params[0].value.a = shared_rights(params);
		return TEE_SUCCESS;
	case CMD_SHARED_BLOCK_RIGHTS:
		params[0].value.a = shared_block_rights(params);
		return TEE_SUCCESS;
	case CMD_CACHE:
		return cache(params[0].value.a);
	case CMD_SIZES:
		sizes(params);
		return TEE_SUCCESS;
	case CMD_MISTAKE:
		mistake(params[0].value.a);
		return TEE_SUCCESS;
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
