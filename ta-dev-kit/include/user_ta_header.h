/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a TA says about itself: the head and the properties that user_ta_header.c builds from the
 * TA's user_ta_header_defines.h, and that the loader reads by symbol name before it runs anything.
 */
#ifndef USER_TA_HEADER_H
#define USER_TA_HEADER_H

#include <stddef.h>
#include <stdint.h>
#include <tee_api_types.h>
#include <util.h>

/* One instance serves all sessions. */
#define TA_FLAG_SINGLE_INSTANCE (1 << 2)
/* Of a single instance: several sessions may be open at a time. */
#define TA_FLAG_MULTI_SESSION (1 << 3)
/* Of a single instance: it stays after its last session. */
#define TA_FLAG_INSTANCE_KEEP_ALIVE (1 << 4)
/* May use secure data path memory. */
#define TA_FLAG_SECURE_DATA_PATH (1 << 5)
/* May call TEE_CacheClean() and its siblings. */
#define TA_FLAG_CACHE_MAINTENANCE (1 << 7)
/* Sessions run concurrently; for pseudo TAs alone. */
#define TA_FLAG_CONCURRENT (1 << 8)
/* Listed by device enumeration: at boot, with the client-side helper, with trusted storage. */
#define TA_FLAG_DEVICE_ENUM			(1 << 9)
#define TA_FLAG_DEVICE_ENUM_SUPP		(1 << 10)
#define TA_FLAG_DEVICE_ENUM_TEE_STORAGE_PRIVATE (1 << 12)
/* A storage function that meets a corrupt object leaves the handle open. */
#define TA_FLAG_DONT_CLOSE_HANDLE_ON_CORRUPT_OBJECT (1 << 11)
/* Of a kept-alive instance: a crash is final, no new one is created. */
#define TA_FLAG_INSTANCE_KEEP_CRASHED (1 << 13)

#define TA_FLAGS_MASK		      GENMASK_32(13, 0)

/* Flags of the past that mean nothing any more. */
#define TA_FLAG_USER_MODE     0
#define TA_FLAG_EXEC_DDR      0
#define TA_FLAG_REMAP_SUPPORT 0

/* Stack that the framework needs on top of TA_STACK_SIZE. */
#define TA_FRAMEWORK_STACK_SIZE 2048

/* Symbol `ta_head`, section `.ta_head`. */
struct ta_head {
	TEE_UUID uuid;
	uint32_t stack_size;
	uint32_t flags;
	uint64_t depr_entry;
};

__tee_static_assert(sizeof(struct ta_head) == 32, "struct ta_head");
__tee_static_assert(offsetof(struct ta_head, stack_size) == 16, "struct ta_head");
__tee_static_assert(offsetof(struct ta_head, flags) == 20, "struct ta_head");
__tee_static_assert(offsetof(struct ta_head, depr_entry) == 24, "struct ta_head");

#define TA_PROP_STR_SINGLE_INSTANCE "gpd.ta.singleInstance"
#define TA_PROP_STR_MULTI_SESSION   "gpd.ta.multiSession"
#define TA_PROP_STR_KEEP_ALIVE	    "gpd.ta.instanceKeepAlive"
#define TA_PROP_STR_KEEP_CRASHED    "optee.ta.instanceKeepCrashed"
#define TA_PROP_STR_DATA_SIZE	    "gpd.ta.dataSize"
#define TA_PROP_STR_STACK_SIZE	    "gpd.ta.stackSize"
#define TA_PROP_STR_VERSION	    "gpd.ta.version"
#define TA_PROP_STR_DESCRIPTION	    "gpd.ta.description"
#define TA_PROP_STR_ENDIAN	    "gpd.ta.endian"
#define TA_PROP_STR_DOES_NOT_CLOSE_HANDLE_ON_CORRUPT_OBJECT \
	"gpd.ta.doesNotCloseHandleOnCorruptObject"
#define TA_PROP_STR_UNSAFE_PARAM "op-tee.unsafe_param"
#define TA_PROP_STR_REMAP	 "op-tee.remap"
#define TA_PROP_STR_CACHE_SYNC	 "op-tee.cache_sync"

enum user_ta_prop_type {
	USER_TA_PROP_TYPE_BOOL,		/* bool */
	USER_TA_PROP_TYPE_U32,		/* uint32_t */
	USER_TA_PROP_TYPE_UUID,		/* TEE_UUID */
	USER_TA_PROP_TYPE_IDENTITY,	/* TEE_Identity */
	USER_TA_PROP_TYPE_STRING,	/* char[], terminated */
	USER_TA_PROP_TYPE_BINARY_BLOCK, /* char[], terminated, base64 of the bytes */
	USER_TA_PROP_TYPE_U64,		/* uint64_t */
	USER_TA_PROP_TYPE_INVALID,
};

/* One property; @value points to a constant of the type that @type names. */
struct user_ta_property {
	const char *name;
	enum user_ta_prop_type type;
	const void *value;
};

#ifdef __LP64__
__tee_static_assert(sizeof(struct user_ta_property) == 24, "struct user_ta_property");
#endif

#ifdef __cplusplus
extern "C" {
#endif

extern const struct ta_head ta_head;

/* The ten standard properties of a TA, then its TA_CURRENT_TA_EXT_PROPERTIES. */
extern const struct user_ta_property ta_props[];
extern const size_t ta_num_props;

/* TA_DATA_SIZE and TA_NO_SHARE_DATA_SIZE. The heaps themselves are the runtime's. */
extern const size_t ta_heap_size;
extern const size_t __ta_no_share_heap_size;

/* tahead_get_trace_level() - the level that the TA was compiled with */
int tahead_get_trace_level(void);

#ifdef __cplusplus
}
#endif

#endif /* USER_TA_HEADER_H */
