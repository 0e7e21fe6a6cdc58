/*
 * <tee_internal_api_extensions.h> of the kit: what OP-TEE adds to the API. The marks on the heap
 * are in memory.c.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <tee_api.h>
#include <tee_internal_api_extensions.h>

#include "api/uuid_text.h"
#include "plugins/plugin_service.h"
#include "runtime.h"
#include "service.h"

TEE_Result tee_uuid_from_str(TEE_UUID *uuid, const char *s)
{
	return uuid_text_parse(s, uuid) ? TEE_SUCCESS : TEE_ERROR_BAD_FORMAT;
}

/* The simulator's memory is coherent: what is left to do is what may refuse. */
static TEE_Result cache_maintain(char *buf, size_t len)
{
	if (!(runtime.flags & TA_FLAG_CACHE_MAINTENANCE))
		return TEE_ERROR_NOT_SUPPORTED;
	return TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_READ | TEE_MEMORY_ACCESS_ANY_OWNER,
					   buf, len);
}

TEE_Result TEE_CacheClean(char *buf, size_t len)
{
	return cache_maintain(buf, len);
}

TEE_Result TEE_CacheFlush(char *buf, size_t len)
{
	return cache_maintain(buf, len);
}

TEE_Result TEE_CacheInvalidate(char *buf, size_t len)
{
	return cache_maintain(buf, len);
}

/*
 * Mappings of tee_map_zi_va(). The whole of one, pads included, is ours; only the middle can be
 * touched.
 */
struct zero_mapping {
	struct zero_mapping *next;
	uint8_t *start;
	size_t size;
	uint8_t *middle;
	size_t length;
};

static struct zero_mapping *mappings;

#define PAGE_SIZE 4096UL

static bool page_round(size_t *size)
{
	if (__builtin_add_overflow(*size, PAGE_SIZE - 1, size))
		return false;
	*size &= ~(PAGE_SIZE - 1);
	return true;
}

void *tee_map_zi_va(vaddr_t va, size_t len, size_t pad_begin, size_t pad_end, uint32_t flags)
{
	struct zero_mapping *mapping;
	uint8_t *wanted = NULL;
	size_t middle = len;

	if (flags & ~(uint32_t)TEE_MEMORY_ACCESS_ANY_OWNER)
		return NULL;
	if (!len || va % PAGE_SIZE || !page_round(&middle) || !page_round(&pad_begin) ||
	    !page_round(&pad_end))
		return NULL;
	mapping = calloc(1, sizeof(*mapping));
	if (!mapping)
		return NULL;
	if (__builtin_add_overflow(pad_begin, middle, &mapping->size) ||
	    __builtin_add_overflow(mapping->size, pad_end, &mapping->size))
		goto fail;
	if (va > pad_begin)
		wanted = (uint8_t *)(va - pad_begin);
	mapping->start = mmap(wanted, mapping->size, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mapping->start == MAP_FAILED)
		goto fail;
	mapping->middle = mapping->start + pad_begin;
	mapping->length = len;
	if (mprotect(mapping->middle, middle, PROT_READ | PROT_WRITE)) {
		munmap(mapping->start, mapping->size);
		goto fail;
	}
	mapping->next = mappings;
	mappings = mapping;
	return mapping->middle;
fail:
	free(mapping);
	return NULL;
}

void *tee_map_zi(size_t len, uint32_t flags)
{
	return tee_map_zi_va(0, len, 0, 0, flags);
}

TEE_Result tee_unmap(void *buf, size_t len)
{
	for (struct zero_mapping **link = &mappings; *link; link = &(*link)->next) {
		struct zero_mapping *mapping = *link;

		if (mapping->middle != buf || mapping->length != len)
			continue;
		munmap(mapping->start, mapping->size);
		*link = mapping->next;
		free(mapping);
		return TEE_SUCCESS;
	}
	return TEE_ERROR_BAD_PARAMETERS;
}

static struct service plugins = { .uuid = PLUGIN_SERVICE_UUID };

TEE_Result tee_invoke_supp_plugin(const TEE_UUID *uuid, uint32_t cmd, uint32_t sub_cmd, void *buf,
				  size_t len, size_t *outlen)
{
	const uint32_t access =
		TEE_MEMORY_ACCESS_READ | TEE_MEMORY_ACCESS_WRITE | TEE_MEMORY_ACCESS_ANY_OWNER;
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	TEE_Result result;

	if (outlen)
		*outlen = 0;
	if (!uuid || (len && !buf))
		return TEE_ERROR_BAD_PARAMETERS;
	result = TEE_CheckMemoryAccessRights(access, buf, len);
	if (result != TEE_SUCCESS)
		return result;
	params[0].memref.buffer = (void *)(uintptr_t)uuid;
	params[0].memref.size = sizeof(*uuid);
	params[1].value.a = cmd;
	params[1].value.b = sub_cmd;
	params[2].memref.buffer = buf;
	params[2].memref.size = len;
	result = service_call(
		&plugins, PLUGIN_SERVICE_INVOKE,
		TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_VALUE_INPUT,
				TEE_PARAM_TYPE_MEMREF_INOUT, TEE_PARAM_TYPE_VALUE_OUTPUT),
		params);
	if (outlen)
		*outlen = (size_t)((uint64_t)params[3].value.b << 32 | params[3].value.a);
	return result;
}
