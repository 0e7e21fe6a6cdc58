/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions that OP-TEE adds to the Internal Core API.
 */
#ifndef TEE_INTERNAL_API_EXTENSIONS_H
#define TEE_INTERNAL_API_EXTENSIONS_H

#include <stdio.h>
#include <trace.h>
#include <tee_api_defines_extensions.h>
#include <tee_api_types.h>
#include <types_ext.h>

/* Hint for TEE_Malloc(), older than TEE_MALLOC_NO_FILL and with the same meaning. */
#define TEE_USER_MEM_HINT_NO_FILL_ZERO 0x80000000

#ifdef __cplusplus
extern "C" {
#endif

/* tee_user_mem_mark_heap() - remember what is allocated now, for tee_user_mem_check_heap() */
void tee_user_mem_mark_heap(void);

/* tee_user_mem_check_heap() - bytes allocated since the mark and not freed; 0 means no leak */
size_t tee_user_mem_check_heap(void);

/*
 * TEE_CacheClean(), TEE_CacheFlush(), TEE_CacheInvalidate() - data cache maintenance
 *
 * @buf, @len: a range of the TA's own memory, in bytes. The TA needs TA_FLAG_CACHE_MAINTENANCE.
 * The simulator's memory is coherent, so nothing but the checks happens.
 *
 * TEE_SUCCESS; TEE_ERROR_ACCESS_DENIED when the range is not the TA's; TEE_ERROR_NOT_SUPPORTED
 * without the flag.
 */
TEE_Result TEE_CacheClean(char *buf, size_t len);
TEE_Result TEE_CacheFlush(char *buf, size_t len);
TEE_Result TEE_CacheInvalidate(char *buf, size_t len);

/*
 * tee_map_zi() - map zero-initialised memory
 *
 * @len: bytes, rounded up to whole pages
 * @flags: 0, or TEE_MEMORY_ACCESS_ANY_OWNER to let other TAs share it
 *
 * The memory, which the caller owns and returns with tee_unmap(); NULL when there is none.
 */
void *tee_map_zi(size_t len, uint32_t flags);

/*
 * tee_map_zi_va() - the same at address @va or near it, with unmapped memory around
 *
 * @va: the address wanted, 0 for any
 * @pad_begin, @pad_end: bytes to keep unmapped before and after
 */
void *tee_map_zi_va(vaddr_t va, size_t len, size_t pad_begin, size_t pad_end, uint32_t flags);

/*
 * tee_unmap() - give back what tee_map_zi() or tee_map_zi_va() returned
 *
 * @buf, @len: exactly the address and the length of that call
 *
 * TEE_SUCCESS; TEE_ERROR_BAD_PARAMETERS when there is no such mapping.
 */
TEE_Result tee_unmap(void *buf, size_t len);

/*
 * tee_uuid_from_str() - parse xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, digits of either case
 *
 * TEE_SUCCESS; TEE_ERROR_BAD_FORMAT when @s is anything else, and @uuid is then left alone.
 */
TEE_Result tee_uuid_from_str(TEE_UUID *uuid, const char *s);

/*
 * tee_invoke_supp_plugin() - call a plugin on the client's side of the device
 *
 * @uuid: the plugin; @cmd, @sub_cmd: its own numbering
 * @buf, @len: data for the plugin, and room in which it answers, in bytes
 * @outlen: receives the number of bytes of the answer; may be NULL
 *
 * TEE_SUCCESS; TEE_ERROR_ITEM_NOT_FOUND when there is no such plugin; or the plugin's own result.
 */
TEE_Result tee_invoke_supp_plugin(const TEE_UUID *uuid, uint32_t cmd, uint32_t sub_cmd, void *buf,
				  size_t len, size_t *outlen);

#ifdef __cplusplus
}
#endif

#endif /* TEE_INTERNAL_API_EXTENSIONS_H */
