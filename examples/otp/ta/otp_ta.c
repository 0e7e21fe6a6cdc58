/*
 * The trusted application of the one-time passwords: HMAC-SHA1 with a key that stays inside.
 */
#include <tee_internal_api.h>
#include <trace.h>

#include <otp_ta.h>

#define MAC_SIZE     20
#define STEP_SECONDS 30

struct token {
	/* Has the key; TEE_HANDLE_NULL: nothing was enrolled. */
	TEE_OperationHandle hmac;
	uint32_t modulus;
	uint64_t counter;
	unsigned int failures;
};

/* Dynamic truncation: the last four bits say which four octets become the number. */
static uint32_t password_of(struct token *token, uint64_t counter)
{
	uint8_t message[8], mac[MAC_SIZE];
	size_t size = sizeof(mac);
	const uint8_t *chosen;
	TEE_Result result;

	for (int i = 7; i >= 0; i--) {
		message[i] = (uint8_t)counter;
		counter >>= 8;
	}
	TEE_MACInit(token->hmac, NULL, 0);
	result = TEE_MACComputeFinal(token->hmac, message, sizeof(message), mac, &size);
	if (result != TEE_SUCCESS)
		TEE_Panic(result);
	chosen = mac + (mac[MAC_SIZE - 1] & 0x0f);
	return ((uint32_t)(chosen[0] & 0x7f) << 24 | (uint32_t)chosen[1] << 16 |
		(uint32_t)chosen[2] << 8 | chosen[3]) %
	       token->modulus;
}

static TEE_Result enrol(struct token *token, uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_ObjectHandle key = TEE_HANDLE_NULL;
	uint8_t copy[OTP_SECRET_SIZE_MAX];
	uint32_t modulus = 1;
	TEE_Attribute secret;
	TEE_Result result;
	size_t size;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_VALUE_INPUT,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	size = params[0].memref.size;
	if (size < OTP_SECRET_SIZE_MIN || size > OTP_SECRET_SIZE_MAX || params[1].value.a < 6 ||
	    params[1].value.a > 8)
		return TEE_ERROR_BAD_PARAMETERS;
	if (token->hmac != TEE_HANDLE_NULL)
		return TEE_ERROR_BAD_STATE;
	for (uint32_t digits = params[1].value.a; digits; digits--)
		modulus *= 10;

	/* Attributes must not lie in memory that the client can change meanwhile. */
	TEE_MemMove(copy, params[0].memref.buffer, size);
	TEE_InitRefAttribute(&secret, TEE_ATTR_SECRET_VALUE, copy, size);
	result = TEE_AllocateTransientObject(TEE_TYPE_HMAC_SHA1, 8 * sizeof(copy), &key);
	if (result == TEE_SUCCESS)
		result = TEE_PopulateTransientObject(key, &secret, 1);
	TEE_MemFill(copy, 0, sizeof(copy));
	if (result == TEE_SUCCESS)
		result = TEE_AllocateOperation(&token->hmac, TEE_ALG_HMAC_SHA1, TEE_MODE_MAC,
					       8 * sizeof(copy));
	if (result == TEE_SUCCESS)
		result = TEE_SetOperationKey(token->hmac, key);
	/* The operation has a copy. */
	TEE_FreeTransientObject(key);
	if (result != TEE_SUCCESS) {
		TEE_FreeOperation(token->hmac);
		token->hmac = TEE_HANDLE_NULL;
		return result;
	}
	token->modulus = modulus;
	IMSG("a token of %u digits was enrolled", (unsigned int)params[1].value.a);
	return TEE_SUCCESS;
}

static TEE_Result next(struct token *token, uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_OUTPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	params[0].value.a = password_of(token, token->counter++);
	return TEE_SUCCESS;
}

static TEE_Result at_time(struct token *token, uint32_t param_types,
			  TEE_Param params[TEE_NUM_PARAMS])
{
	uint64_t seconds;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT, TEE_PARAM_TYPE_VALUE_OUTPUT,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	seconds = (uint64_t)params[0].value.a << 32 | params[0].value.b;
	params[1].value.a = password_of(token, seconds / STEP_SECONDS);
	return TEE_SUCCESS;
}

static TEE_Result verify(struct token *token, uint32_t param_types,
			 TEE_Param params[TEE_NUM_PARAMS])
{
	uint64_t found = UINT64_MAX;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	if (token->failures >= OTP_ATTEMPTS)
		return TEE_ERROR_ACCESS_DENIED;
	/* All of them each time, so that how long it takes does not tell which it was. */
	for (uint64_t i = OTP_WINDOW; i--;)
		if (password_of(token, token->counter + i) == params[0].value.a)
			found = token->counter + i;
	if (found == UINT64_MAX) {
		token->failures++;
		IMSG("a wrong password, the %u. in a row", token->failures);
		return TEE_ERROR_SECURITY;
	}
	token->failures = 0;
	/* That one and those before it are used up. */
	token->counter = found + 1;
	return TEE_SUCCESS;
}

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS],
				    void **session)
{
	(void)params;
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	*session = TEE_Malloc(sizeof(struct token), TEE_MALLOC_FILL_ZERO);
	return *session ? TEE_SUCCESS : TEE_ERROR_OUT_OF_MEMORY;
}

void TA_CloseSessionEntryPoint(void *session)
{
	struct token *token = session;

	TEE_FreeOperation(token->hmac);
	TEE_Free(token);
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	struct token *token = session;

	if (command == OTP_CMD_ENROL)
		return enrol(token, param_types, params);
	if (token->hmac == TEE_HANDLE_NULL)
		return TEE_ERROR_BAD_STATE;
	switch (command) {
	case OTP_CMD_NEXT:
		return next(token, param_types, params);
	case OTP_CMD_AT_TIME:
		return at_time(token, param_types, params);
	case OTP_CMD_VERIFY:
		return verify(token, param_types, params);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
