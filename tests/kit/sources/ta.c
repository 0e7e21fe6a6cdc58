/* Calls every source that sub.mk names. */
#include <tee_internal_api.h>
#include <external.h>
#include <table.h>

unsigned int corners(void);
unsigned int counter(unsigned int n);
unsigned int deep(void);
unsigned int extra(void);
unsigned int sloppy(void);

#ifdef ONLY_SLOPPY
#error "a macro for one file reached another"
#endif

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

TEE_Result TA_InvokeCommandEntryPoint(void *sess_ctx, uint32_t cmd_id, uint32_t param_types,
				      TEE_Param params[4])
{
	switch (cmd_id) {
	case 0:
		params[0].value.a = counter(params[0].value.a);
		break;
	case 1:
		params[0].value.a = corners();
		break;
	case 2:
		params[0].value.a = deep();
		break;
	case 3:
		params[0].value.a = sloppy();
		break;
	case 4:
		params[0].value.a = table;
		break;
	case 5:
		params[0].value.a = external();
		break;
	case 6:
		params[0].value.a = CFG_KIT_NUMBER;
		break;
#ifdef CFG_KIT_EXTRA
	case 7:
		params[0].value.a = extra();
		break;
#endif
	default:
		return TEE_ERROR_BAD_PARAMETERS;
	}

	return TEE_SUCCESS;
}
