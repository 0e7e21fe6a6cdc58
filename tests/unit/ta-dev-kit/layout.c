/*
 * What a TA is compiled with is fixed: values and layouts, in C and C++, with the API of either
 * version. Everything here is decided by the compiler; that it compiles is the test.
 */
#include <tee_internal_api.h>
#include <tee_internal_api_extensions.h>
#include <pta_system.h>
#include <user_ta_header.h>
#include "layout.h"

#define VALUE(name, value) __tee_static_assert((uint64_t)(name) == (value), #name);
#include "constants.def"

#define SAME_TYPE(a, b) __builtin_types_compatible_p(a, b)

__tee_static_assert(offsetof(TEE_Param, memref.size) == 8, "size follows a pointer");
__tee_static_assert(offsetof(TEE_Param, value.b) == 4, "values are two words");
__tee_static_assert(offsetof(TEE_Attribute, content) == 8, "content is aligned");
__tee_static_assert(offsetof(__GP11_TEE_ObjectInfo, dataSize) == 16, "1.1 has no padding");
__tee_static_assert(TEE_PARAM_TYPES(1, 2, 3, 5) == 0x5321, "the first type is lowest");
__tee_static_assert(TEE_PARAM_TYPE_GET(0x5321, 3) == 5, "the last type is highest");
#if __OPTEE_CORE_API_COMPAT_1_1
__tee_static_assert(sizeof(TEE_ObjectInfo) == 28, "1.1: plain names mean the 1.1 types");
__tee_static_assert(sizeof(((TEE_Param *)0)->memref.size) == 4, "1.1: lengths are 32 bits");
#else
__tee_static_assert(sizeof(TEE_ObjectInfo) == 40, "1.3.1 types");
__tee_static_assert(sizeof(((TEE_Param *)0)->memref.size) == 8, "1.3.1: lengths are size_t");
#endif

#ifndef __cplusplus
#if __OPTEE_CORE_API_COMPAT_1_1
_Static_assert(SAME_TYPE(__typeof__(&TEE_Malloc), void *(*)(uint32_t, uint32_t)), "renamed");
_Static_assert(SAME_TYPE(__typeof__(&TA_InvokeCommandEntryPoint),
			 TEE_Result (*)(void *, uint32_t, uint32_t, __GP11_TEE_Param *)),
	       "entry points too");
#else
_Static_assert(SAME_TYPE(__typeof__(&TEE_Malloc), void *(*)(size_t, uint32_t)), "size_t");
_Static_assert(SAME_TYPE(__typeof__(&TEE_SeekObjectData),
			 TEE_Result (*)(TEE_ObjectHandle, intmax_t, TEE_Whence)),
	       "intmax_t");
#endif
#endif

int LAYOUT_CHECKED(void)
{
	return sizeof(TEE_ObjectInfo);
}
