/*
 * The trusted application of the notes: seals them by AES-GCM with a key that is this device's and
 * this trusted application's alone. It is never stored; the system derives it again in each
 * session.
 */
#include <pta_system.h>
#include <string.h>
#include <tee_internal_api.h>
#include <trace.h>

#include <notes_ta.h>

#define KEY_SIZE 32
#define OVERHEAD (NOTES_NONCE_SIZE + NOTES_TAG_SIZE)

/* Has the key. */
struct notes {
	TEE_ObjectHandle key;
};

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

static TEE_Result key_derive(uint8_t key[KEY_SIZE])
{
	static const TEE_UUID system_ta = PTA_SYSTEM_UUID;
	const uint32_t types =
		TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_MEMREF_OUTPUT,
				TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE);
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	TEE_TASessionHandle session;
	char purpose[] = "notes";
	TEE_Result result;

	result = TEE_OpenTASession(&system_ta, TEE_TIMEOUT_INFINITE, 0, NULL, &session, NULL);
	if (result != TEE_SUCCESS)
		return result;
	params[0].memref.buffer = purpose;
	params[0].memref.size = sizeof(purpose);
	params[1].memref.buffer = key;
	params[1].memref.size = KEY_SIZE;
	result = TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, PTA_SYSTEM_DERIVE_TA_UNIQUE_KEY,
				     types, params, NULL);
	TEE_CloseTASession(session);
	return result;
}

static TEE_Result key_make(TEE_ObjectHandle *out)
{
	TEE_ObjectHandle object;
	uint8_t key[KEY_SIZE];
	TEE_Attribute secret;
	TEE_Result result;

	result = key_derive(key);
	if (result != TEE_SUCCESS)
		return result;
	result = TEE_AllocateTransientObject(TEE_TYPE_AES, KEY_SIZE * 8, &object);
	if (result == TEE_SUCCESS) {
		TEE_InitRefAttribute(&secret, TEE_ATTR_SECRET_VALUE, key, sizeof(key));
		result = TEE_PopulateTransientObject(object, &secret, 1);
		if (result == TEE_SUCCESS)
			*out = object;
		else
			TEE_FreeTransientObject(object);
	}
	TEE_MemFill(key, 0, sizeof(key));
	return result;
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS],
				    void **session)
{
	struct notes *notes;
	TEE_Result result;

	(void)params;
	if (param_types)
		return TEE_ERROR_BAD_PARAMETERS;
	notes = TEE_Malloc(sizeof(*notes), TEE_MALLOC_FILL_ZERO);
	if (!notes)
		return TEE_ERROR_OUT_OF_MEMORY;
	result = key_make(&notes->key);
	if (result == TEE_SUCCESS)
		*session = notes;
	else
		TEE_Free(notes);
	return result;
}

void TA_CloseSessionEntryPoint(void *session)
{
	struct notes *notes = session;

	TEE_FreeTransientObject(notes->key);
	TEE_Free(notes);
}

/* An AES-GCM operation with the key, begun with a nonce. */
static TEE_Result operation_begin(const struct notes *notes, uint32_t mode, const uint8_t *nonce,
				  TEE_OperationHandle *out)
{
	TEE_OperationHandle operation;
	TEE_Result result;

	result = TEE_AllocateOperation(&operation, TEE_ALG_AES_GCM, mode, KEY_SIZE * 8);
	if (result != TEE_SUCCESS)
		return result;
	result = TEE_SetOperationKey(operation, notes->key);
	if (result == TEE_SUCCESS)
		result = TEE_AEInit(operation, nonce, NOTES_NONCE_SIZE, NOTES_TAG_SIZE * 8, 0, 0);
	if (result == TEE_SUCCESS)
		*out = operation;
	else
		TEE_FreeOperation(operation);
	return result;
}

/* Tells the client how much room the output takes, and whether it has it. */
static TEE_Result room_check(TEE_Param *output, size_t size)
{
	const bool fits = output->memref.size >= size;

	output->memref.size = size;
	return fits ? TEE_SUCCESS : TEE_ERROR_SHORT_BUFFER;
}

static TEE_Result note_seal(const struct notes *notes, const TEE_Param *note, TEE_Param *sealed)
{
	uint8_t nonce[NOTES_NONCE_SIZE], tag[NOTES_TAG_SIZE];
	size_t size = note->memref.size, tag_size = sizeof(tag);
	TEE_OperationHandle operation;
	TEE_Result result;
	uint8_t *out;

	result = room_check(sealed, size + OVERHEAD);
	if (result != TEE_SUCCESS)
		return result;
	out = sealed->memref.buffer;
	TEE_GenerateRandom(nonce, sizeof(nonce));
	result = operation_begin(notes, TEE_MODE_ENCRYPT, nonce, &operation);
	if (result != TEE_SUCCESS)
		return result;
	result = TEE_AEEncryptFinal(operation, note->memref.buffer, size, out + OVERHEAD, &size,
				    tag, &tag_size);
	TEE_FreeOperation(operation);
	memcpy(out, nonce, sizeof(nonce));
	memcpy(out + NOTES_NONCE_SIZE, tag, sizeof(tag));
	IMSG("sealed a note of %zu octets", size);
	return result;
}

static TEE_Result note_open(const struct notes *notes, const TEE_Param *sealed, TEE_Param *note)
{
	uint8_t head[OVERHEAD];
	TEE_OperationHandle operation;
	TEE_Result result;
	size_t size;

	if (sealed->memref.size < OVERHEAD)
		return TEE_ERROR_SECURITY;
	size = sealed->memref.size - OVERHEAD;
	result = room_check(note, size);
	if (result != TEE_SUCCESS)
		return result;
	/* Read once: the memory is the client's. */
	memcpy(head, sealed->memref.buffer, sizeof(head));
	result = operation_begin(notes, TEE_MODE_DECRYPT, head, &operation);
	if (result != TEE_SUCCESS)
		return result;
	result = TEE_AEDecryptFinal(operation, (uint8_t *)sealed->memref.buffer + OVERHEAD, size,
				    note->memref.buffer, &size, head + NOTES_NONCE_SIZE,
				    NOTES_TAG_SIZE);
	TEE_FreeOperation(operation);
	if (result == TEE_ERROR_MAC_INVALID) {
		EMSG("this was not sealed here");
		note->memref.size = 0;
		return TEE_ERROR_SECURITY;
	}
	IMSG("opened a note of %zu octets", size);
	return result;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT,
					   TEE_PARAM_TYPE_MEMREF_OUTPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	switch (command) {
	case NOTES_CMD_SEAL:
		return note_seal(session, &params[0], &params[1]);
	case NOTES_CMD_OPEN:
		return note_open(session, &params[0], &params[1]);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
