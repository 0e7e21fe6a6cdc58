#include "shared_memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tee_client_api_extensions.h>

#include "context.h"
#include "fork_guard.h"
#include "handle_table.h"
#include "result_map.h"
#include "wire/memory.h"
#include "wire/result.h"

static_assert(sizeof(TEEC_SharedMemory) == 56, "binary interface");
static_assert(offsetof(TEEC_SharedMemory, buffer) == 0, "binary interface");
static_assert(offsetof(TEEC_SharedMemory, size) == 8, "binary interface");
static_assert(offsetof(TEEC_SharedMemory, flags) == 16, "binary interface");
static_assert(offsetof(TEEC_SharedMemory, imp.id) == 24, "binary interface");
static_assert(offsetof(TEEC_SharedMemory, imp.alloced_size) == 32, "binary interface");
static_assert(offsetof(TEEC_SharedMemory, imp.shadow_buffer) == 40, "binary interface");
static_assert(offsetof(TEEC_SharedMemory, imp.registered_fd) == 48, "binary interface");
static_assert(offsetof(TEEC_SharedMemory, imp.flags) == 52, "binary interface");
static_assert(TEEC_MEM_INPUT == (int)MESSAGE_BLOCK_INPUT, "same bits on the wire");
static_assert(TEEC_MEM_OUTPUT == (int)MESSAGE_BLOCK_OUTPUT, "same bits on the wire");

/* What a size of 0 is taken for. */
#define SIZE_OF_NOTHING 8

static struct handle_table blocks = HANDLE_TABLE_INITIALIZER;

static bool flags_valid(uint32_t flags)
{
	return flags && !(flags & ~(uint32_t)(TEEC_MEM_INPUT | TEEC_MEM_OUTPUT));
}

struct block *block_of(const TEEC_SharedMemory *shm)
{
	return handle_table_find(&blocks, (uint32_t)shm->imp.id);
}

static struct block *block_new(struct context *context, uint32_t flags, size_t size)
{
	struct block *block = calloc(1, sizeof(*block));

	if (!block)
		return NULL;
	block->fd = -1;
	block->flags = flags;
	block->size = size;
	block->context = context_reference(context);
	return block;
}

static void block_free(struct block *block)
{
	if (block->is_mapped)
		munmap(block->address, block->size);
	if (block->fd >= 0)
		close(block->fd);
	context_release(block->context);
	free(block);
}

static TEEC_Result block_publish(struct block *block, TEEC_SharedMemory *shm)
{
	struct context *context = block->context;

	block->handle = handle_table_add(&blocks, block);
	if (!block->handle) {
		block_free(block);
		return TEEC_ERROR_OUT_OF_MEMORY;
	}
	pthread_mutex_lock(&context->lock);
	block->next = context->blocks;
	context->blocks = block;
	pthread_mutex_unlock(&context->lock);
	/* Only these octets: other libraries' struct ends not far behind them. */
	shm->imp.id = (int)block->handle;
	return TEEC_SUCCESS;
}

TEEC_Result TEEC_RegisterSharedMemory(TEEC_Context *api, TEEC_SharedMemory *shm)
{
	struct context *context;
	struct block *block;
	TEEC_Result result;

	if (!shm || !shm->buffer || !flags_valid(shm->flags))
		return TEEC_ERROR_BAD_PARAMETERS;
	context = context_of(api, &result);
	if (!context)
		return result;
	/* No more than the caller has is ever copied, whatever size a reference may name. */
	block = block_new(context, shm->flags, shm->size);
	if (!block) {
		result = TEEC_ERROR_OUT_OF_MEMORY;
		goto out;
	}
	block->address = shm->buffer;
	result = block_publish(block, shm);
out:
	context_release(context);
	return result;
}

/* Makes and maps the memfd of an allocated block. */
static int block_allocate(struct block *block)
{
	bool read_only = block->flags == TEEC_MEM_INPUT;
	void *address;
	int err;

	block->fd = block_create_unsealed("teec-shared-memory", block->size);
	if (block->fd < 0)
		return block->fd;
	address = block_map(block->fd, block->size, true);
	if (address == MAP_FAILED)
		return -errno;
	block->address = address;
	block->is_mapped = true;
	err = read_only ? block_seal_read_only(block->fd) : block_seal(block->fd);
	return err;
}

TEEC_Result TEEC_AllocateSharedMemory(TEEC_Context *api, TEEC_SharedMemory *shm)
{
	struct context *context;
	struct block *block;
	TEEC_Result result;
	size_t size;
	int err;

	if (!shm || !flags_valid(shm->flags))
		return TEEC_ERROR_BAD_PARAMETERS;
	context = context_of(api, &result);
	if (!context)
		return result;
	size = block_page_round(shm->size ? shm->size : SIZE_OF_NOTHING);
	result = TEEC_ERROR_OUT_OF_MEMORY;
	if (!size)
		goto out;
	block = block_new(context, shm->flags, size);
	if (!block)
		goto out;
	err = block_allocate(block);
	if (err < 0) {
		block_free(block);
		goto out;
	}
	shm->buffer = block->address;
	result = block_publish(block, shm);
	if (result != TEEC_SUCCESS)
		shm->buffer = NULL;
out:
	context_release(context);
	return result;
}

/* Maps the memory of a descriptor; shares it when its size is or can be fixed. */
static int block_adopt(struct block *block, int fd)
{
	bool read_only = block->flags == TEEC_MEM_INPUT;
	void *address;

	address = block_map(fd, block->size, !read_only);
	if (address == MAP_FAILED)
		return -errno;
	block->address = address;
	block->is_mapped = true;
	/* A block that the TA may write must stay writable to others, one that it may only read
	 * must not give it the chance: without the seal for that, it is copied instead. */
	if (block_check(fd, block->size, read_only) < 0 &&
	    (read_only ? block_seal_read_only(fd) : block_seal(fd)) < 0)
		return 0;
	block->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return block->fd < 0 ? -errno : 0;
}

TEEC_Result TEEC_RegisterSharedMemoryFileDescriptor(TEEC_Context *api, TEEC_SharedMemory *shm,
						    int fd)
{
	struct context *context;
	struct block *block;
	TEEC_Result result;
	off_t size;
	int err;

	if (!shm || fd < 0 || !flags_valid(shm->flags))
		return TEEC_ERROR_BAD_PARAMETERS;
	size = lseek(fd, 0, SEEK_END);
	if (size <= 0)
		return TEEC_ERROR_BAD_PARAMETERS;
	context = context_of(api, &result);
	if (!context)
		return result;
	result = TEEC_ERROR_OUT_OF_MEMORY;
	block = block_new(context, shm->flags, (size_t)size);
	if (!block)
		goto out;
	err = block_adopt(block, fd);
	if (err < 0) {
		block_free(block);
		result = err == -ENOMEM || err == -EMFILE ? TEEC_ERROR_OUT_OF_MEMORY
							  : TEEC_ERROR_BAD_PARAMETERS;
		goto out;
	}
	shm->buffer = NULL;
	shm->size = (size_t)size;
	result = block_publish(block, shm);
out:
	context_release(context);
	return result;
}

static void block_tell_release(struct block *block)
{
	struct message_release_block release = { .header.type = MESSAGE_RELEASE_BLOCK,
						 .block = block->handle };

	if (atomic_load(&block->instance[0]))
		(void)control_send(&block->context->control, &release.header, sizeof(release));
}

void TEEC_ReleaseSharedMemory(TEEC_SharedMemory *shm)
{
	struct block *block;
	bool allocated;

	if (!shm)
		return;
	block = handle_table_remove(&blocks, (uint32_t)shm->imp.id);
	if (!block)
		return;
	pthread_mutex_lock(&block->context->lock);
	for (struct block **link = &block->context->blocks; *link; link = &(*link)->next) {
		if (*link == block) {
			*link = block->next;
			break;
		}
	}
	pthread_mutex_unlock(&block->context->lock);
	allocated = block->is_mapped;
	if (block->context->generation == fork_guard_generation())
		block_tell_release(block);
	block_free(block);
	shm->imp.id = 0;
	if (allocated) {
		shm->buffer = NULL;
		shm->size = 0;
	}
}

void block_release_all(struct context *context)
{
	struct block *block;

	for (;;) {
		pthread_mutex_lock(&context->lock);
		block = context->blocks;
		if (block)
			context->blocks = block->next;
		pthread_mutex_unlock(&context->lock);
		if (!block)
			return;
		if (handle_table_remove(&blocks, block->handle))
			block_free(block);
	}
}

static bool block_is_known(const struct block *block, uint32_t instance)
{
	for (unsigned int i = 0; i < BLOCK_INSTANCES; i++) {
		uint32_t known = atomic_load_explicit(&block->instance[i], memory_order_acquire);

		if (known == instance)
			return true;
		if (!known)
			break;
	}
	return false;
}

static int block_tell(struct block *block, uint32_t session, uint32_t instance,
		      struct control_cancel *cancel)
{
	struct message_share_block share = { .header.type = MESSAGE_SHARE_BLOCK,
					     .session = session,
					     .block = block->handle,
					     .flags = block->flags,
					     .size = block->size };
	struct packet_fds fds = { .fd = { block->fd }, .count = 1 };
	struct message_answer answer;
	int err;

	err = control_call(&block->context->control, cancel, &share.header, sizeof(share), &fds,
			   MESSAGE_ANSWER, &answer, sizeof(answer), NULL);
	if (err < 0)
		return err;
	if (answer.result != RESULT_SUCCESS)
		return answer.result == RESULT_TARGET_DEAD     ? -EOWNERDEAD
		       : answer.result == RESULT_CANCEL	       ? -ECANCELED
		       : answer.result == RESULT_OUT_OF_MEMORY ? -ENOMEM
							       : -EINVAL;
	for (unsigned int i = 0; i < BLOCK_INSTANCES; i++) {
		uint32_t nobody = 0;

		if (atomic_compare_exchange_strong(&block->instance[i], &nobody, instance))
			return 0;
	}
	/* Full: an instance that has died may be forgotten, and a live one is told again. */
	atomic_store(&block->instance[instance % (BLOCK_INSTANCES - 1) + 1], instance);
	return 0;
}

int block_share(struct block *block, uint32_t session, uint32_t instance,
		struct control_cancel *cancel)
{
	/* As it is in all calls but the first. */
	if (block_is_known(block, instance))
		return 0;
	return block_tell(block, session, instance, cancel);
}
