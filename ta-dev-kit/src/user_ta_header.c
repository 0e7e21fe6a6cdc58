// SPDX-License-Identifier: BSD-2-Clause
/*
 * Compiled into every TA: makes of its user_ta_header_defines.h the symbols that the loader looks
 * up by name. Runs nothing by itself.
 *
 * The heap symbols exist for sources that name them. The arrays behind them are small on purpose:
 * the runtime in the host process owns the heaps, and reads from the sizes what the TA asked for.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <compiler.h>
#include <tee_internal_api.h>
#include <tee_internal_api_extensions.h>
#include <trace.h>
#include <user_ta_header.h>
#if defined(__has_include)
#if !__has_include(<user_ta_header_defines.h>)
#error "no user_ta_header_defines.h: it describes the TA; name its directory in sub.mk (global-incdirs-y)"
#endif
#endif
#include <user_ta_header_defines.h>

#ifndef TA_UUID
#error "user_ta_header_defines.h must define TA_UUID, the TA's UUID as an initialiser"
#endif
#ifndef TA_FLAGS
#error "user_ta_header_defines.h must define TA_FLAGS, TA_FLAG_… values or-ed, or 0"
#endif
#ifndef TA_STACK_SIZE
#error "user_ta_header_defines.h must define TA_STACK_SIZE in bytes"
#endif
#ifndef TA_DATA_SIZE
#error "user_ta_header_defines.h must define TA_DATA_SIZE in bytes"
#endif
#ifndef TA_VERSION
#define TA_VERSION "Undefined version"
#endif
#ifndef TA_DESCRIPTION
#define TA_DESCRIPTION "Undefined description"
#endif
#ifndef TA_NO_SHARE_DATA_SIZE
#define TA_NO_SHARE_DATA_SIZE 0
#endif

_Static_assert(((TA_FLAGS) & ~(int)TA_FLAGS_MASK) == 0, "TA_FLAGS has a bit that means nothing");
_Static_assert(!(TA_FLAG_CONCURRENT & (TA_FLAGS)), "TA_FLAG_CONCURRENT is for pseudo TAs");

/* The address of a constant of any type, for the table below. */
#define PROP_FLAG(flag) (&(const bool) { ((flag) & (TA_FLAGS)) != 0 })
#define PROP_U32(num)	(&(const uint32_t) { (num) })

__exported int trace_level = TRACE_LEVEL;
__exported const char trace_ext_prefix[] = "TA";

__exported __used const struct ta_head ta_head __section(".ta_head") = {
	.uuid = TA_UUID,
	.stack_size = TA_STACK_SIZE + TA_FRAMEWORK_STACK_SIZE,
	.flags = TA_FLAGS,
	/* No entry by address: the framework enters a TA by the names of its entry points. */
	.depr_entry = UINT64_MAX,
};

__exported uint8_t ta_heap[sizeof(max_align_t)] __aligned(sizeof(max_align_t));
__exported const size_t ta_heap_size = TA_DATA_SIZE;
__exported uint8_t __ta_no_share_heap[sizeof(max_align_t)] __aligned(sizeof(max_align_t));
__exported const size_t __ta_no_share_heap_size = TA_NO_SHARE_DATA_SIZE;

__exported const struct user_ta_property ta_props[] = {
	{ TA_PROP_STR_SINGLE_INSTANCE, USER_TA_PROP_TYPE_BOOL, PROP_FLAG(TA_FLAG_SINGLE_INSTANCE) },
	{ TA_PROP_STR_MULTI_SESSION, USER_TA_PROP_TYPE_BOOL, PROP_FLAG(TA_FLAG_MULTI_SESSION) },
	{ TA_PROP_STR_KEEP_ALIVE, USER_TA_PROP_TYPE_BOOL, PROP_FLAG(TA_FLAG_INSTANCE_KEEP_ALIVE) },
	{ TA_PROP_STR_KEEP_CRASHED, USER_TA_PROP_TYPE_BOOL,
	  PROP_FLAG(TA_FLAG_INSTANCE_KEEP_CRASHED) },
	{ TA_PROP_STR_DATA_SIZE, USER_TA_PROP_TYPE_U32, PROP_U32(TA_DATA_SIZE) },
	{ TA_PROP_STR_STACK_SIZE, USER_TA_PROP_TYPE_U32, PROP_U32(TA_STACK_SIZE) },
	{ TA_PROP_STR_VERSION, USER_TA_PROP_TYPE_STRING, TA_VERSION },
	{ TA_PROP_STR_DESCRIPTION, USER_TA_PROP_TYPE_STRING, TA_DESCRIPTION },
	/* 0: little-endian */
	{ TA_PROP_STR_ENDIAN, USER_TA_PROP_TYPE_U32, PROP_U32(0) },
	{ TA_PROP_STR_DOES_NOT_CLOSE_HANDLE_ON_CORRUPT_OBJECT, USER_TA_PROP_TYPE_BOOL,
	  PROP_FLAG(TA_FLAG_DONT_CLOSE_HANDLE_ON_CORRUPT_OBJECT) },
#ifdef TA_CURRENT_TA_EXT_PROPERTIES
	TA_CURRENT_TA_EXT_PROPERTIES
#endif
};

__exported const size_t ta_num_props = sizeof(ta_props) / sizeof(ta_props[0]);

__exported int tahead_get_trace_level(void)
{
	return TRACE_LEVEL;
}

/* Where a TA is entered on hardware. Nothing calls it here; one that does is broken. */
__exported void __noreturn __ta_entry(unsigned long func, unsigned long session_id, void *params,
				      unsigned long cmd_id);
void __noreturn __ta_entry(unsigned long func __unused, unsigned long session_id __unused,
			   void *params __unused, unsigned long cmd_id __unused)
{
	TEE_Panic(TEE_ERROR_BAD_STATE);
}

#if __OPTEE_CORE_API_COMPAT_1_1
/*
 * The framework calls the 1.3.1 entry points in every TA. Of a TA that was written for 1.1 these
 * are they: they pass the call on with the lengths of 1.1.
 */
#undef TA_OpenSessionEntryPoint
#undef TA_InvokeCommandEntryPoint
#undef TEE_Param

TEE_Result TA_EXPORT TA_OpenSessionEntryPoint(uint32_t paramTypes, TEE_Param params[TEE_NUM_PARAMS],
					      void **sessionContext);
TEE_Result TA_EXPORT TA_InvokeCommandEntryPoint(void *sessionContext, uint32_t commandID,
						uint32_t paramTypes,
						TEE_Param params[TEE_NUM_PARAMS]);

static bool type_is_memref(uint32_t paramTypes, unsigned int i)
{
	switch (TEE_PARAM_TYPE_GET(paramTypes, i)) {
	case TEE_PARAM_TYPE_MEMREF_INPUT:
	case TEE_PARAM_TYPE_MEMREF_OUTPUT:
	case TEE_PARAM_TYPE_MEMREF_INOUT:
		return true;
	default:
		return false;
	}
}

/* False when a buffer is longer than 1.1 can say. */
static bool params_to_gp11(__GP11_TEE_Param dst[TEE_NUM_PARAMS], uint32_t paramTypes,
			   const TEE_Param src[TEE_NUM_PARAMS])
{
	unsigned int i;

	for (i = 0; i < TEE_NUM_PARAMS; i++) {
		if (type_is_memref(paramTypes, i)) {
			if (src[i].memref.size > UINT32_MAX)
				return false;
			dst[i].memref.buffer = src[i].memref.buffer;
			dst[i].memref.size = (uint32_t)src[i].memref.size;
		} else {
			dst[i].value.a = src[i].value.a;
			dst[i].value.b = src[i].value.b;
		}
	}

	return true;
}

static void params_from_gp11(TEE_Param dst[TEE_NUM_PARAMS], uint32_t paramTypes,
			     const __GP11_TEE_Param src[TEE_NUM_PARAMS])
{
	unsigned int i;

	for (i = 0; i < TEE_NUM_PARAMS; i++) {
		if (type_is_memref(paramTypes, i)) {
			dst[i].memref.buffer = src[i].memref.buffer;
			dst[i].memref.size = src[i].memref.size;
		} else {
			dst[i].value.a = src[i].value.a;
			dst[i].value.b = src[i].value.b;
		}
	}
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t paramTypes, TEE_Param params[TEE_NUM_PARAMS],
				    void **sessionContext)
{
	__GP11_TEE_Param gp11_params[TEE_NUM_PARAMS] = { 0 };
	TEE_Result res;

	if (!params_to_gp11(gp11_params, paramTypes, params))
		return TEE_ERROR_BAD_PARAMETERS;
	res = __GP11_TA_OpenSessionEntryPoint(paramTypes, gp11_params, sessionContext);
	params_from_gp11(params, paramTypes, gp11_params);

	return res;
}

TEE_Result TA_InvokeCommandEntryPoint(void *sessionContext, uint32_t commandID, uint32_t paramTypes,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	__GP11_TEE_Param gp11_params[TEE_NUM_PARAMS] = { 0 };
	TEE_Result res;

	if (!params_to_gp11(gp11_params, paramTypes, params))
		return TEE_ERROR_BAD_PARAMETERS;
	res = __GP11_TA_InvokeCommandEntryPoint(sessionContext, commandID, paramTypes, gp11_params);
	params_from_gp11(params, paramTypes, gp11_params);

	return res;
}
#endif
