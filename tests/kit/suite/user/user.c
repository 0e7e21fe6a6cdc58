#include <dlfcn.h>
#include <suite.h>
#include <tee_internal_api.h>
#include <tee_internal_api_extensions.h>

#if !defined(ARM32) && !defined(ARM64) && !defined(RV32) && !defined(RV64)
#error "for which machine?"
#endif
#if SUITE_COMMON != 3
#error "CPPFLAGS of the Makefile"
#endif

uint32_t lib_ready(void);

uint32_t ta_twice(uint32_t n)
{
	return 2 * n;
}

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t param_types, TEE_Param params[4], void **sess_ctx)
{
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *sess_ctx)
{
}

static TEE_Result add_by_dl(uint32_t *value)
{
	uint32_t (*add)(uint32_t a, uint32_t b) = NULL;
	void *handle = dlopen(LIB_DL_UUID_TEXT, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);

	if (!handle) {
		EMSG("%s", dlerror());
		return TEE_ERROR_GENERIC;
	}
	add = dlsym(handle, "lib_dl_add");
	if (!add)
		return TEE_ERROR_ITEM_NOT_FOUND;
	*value = add(*value, 22);
	dlclose(handle);
	return TEE_SUCCESS;
}

TEE_Result TA_InvokeCommandEntryPoint(void *sess_ctx, uint32_t cmd_id, uint32_t param_types,
				      TEE_Param params[4])
{
	switch (cmd_id) {
	case 0:
		params[0].value.a = lib_square(params[0].value.a);
		return TEE_SUCCESS;
	case 1:
		return add_by_dl(&params[0].value.a);
	case 2:
		params[0].value.a = lib_ready();
		return TEE_SUCCESS;
	case 3:
		params[0].value.a = lib_panic();
		return TEE_SUCCESS;
	default:
		return TEE_ERROR_BAD_PARAMETERS;
	}
}
