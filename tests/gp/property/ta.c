/*
 * Writes all properties of a set as lines "name=text" to output memory 1; value 0: which set, 0 to
 * 2 for TA, client and implementation. Command 2: what asking for the client gave in the create
 * entry point, in value 0.a.
 */
#include <string.h>
#include <tee_internal_api.h>

static TEE_Result in_create = TEE_ERROR_GENERIC;

static TEE_Result append(TEE_PropSetHandle enumerator, char *text, size_t room)
{
	char name[128], value[256];
	size_t name_length = sizeof(name);
	size_t value_length = sizeof(value);
	TEE_Result result = TEE_GetPropertyName(enumerator, name, &name_length);

	if (result == TEE_SUCCESS)
		result = TEE_GetPropertyAsString(enumerator, NULL, value, &value_length);
	if (result != TEE_SUCCESS)
		return result;
	if (strlen(text) + name_length + value_length + 1 > room)
		return TEE_ERROR_SHORT_BUFFER;
	strcat(strcat(strcat(strcat(text, name), "="), value), "\n");
	return TEE_SUCCESS;
}

static TEE_Result list(TEE_PropSetHandle set, char *text, size_t *size)
{
	TEE_PropSetHandle enumerator;
	TEE_Result result = TEE_AllocatePropertyEnumerator(&enumerator);

	if (result != TEE_SUCCESS)
		return result;
	text[0] = '\0';
	TEE_StartPropertyEnumerator(enumerator, set);
	do {
		result = append(enumerator, text, *size);
		if (result == TEE_SUCCESS)
			result = TEE_GetNextProperty(enumerator);
	} while (result == TEE_SUCCESS);
	TEE_FreePropertyEnumerator(enumerator);
	*size = strlen(text) + 1;
	return result == TEE_ERROR_ITEM_NOT_FOUND ? TEE_SUCCESS : result;
}

TEE_Result TA_CreateEntryPoint(void)
{
	TEE_Identity identity;

	in_create = TEE_GetPropertyAsIdentity(TEE_PROPSET_CURRENT_CLIENT, "gpd.client.identity",
					      &identity);
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
	const TEE_PropSetHandle sets[] = { TEE_PROPSET_CURRENT_TA, TEE_PROPSET_CURRENT_CLIENT,
					   TEE_PROPSET_TEE_IMPLEMENTATION };

	if (command == 2) {
		params[0].value.a = in_create;
		return TEE_SUCCESS;
	}
	return list(sets[params[0].value.a], params[1].memref.buffer, &params[1].memref.size);
}
