/*
 * The trusted application of the authentication example: a key pair for each site, made here and
 * used here. What leaves is the public half, and signatures over what the site asked.
 */
#include <string.h>

#include <tee_internal_api.h>
#include <trace.h>

#include <authentication_ta.h>

#define CURVE_BITS 256
#define FIELD_SIZE 32

/* A site's name where the client can't change it any more. */
struct site {
	char name[AUTHENTICATION_SITE_MAX];
	size_t size;
};

static TEE_Result site_take(const TEE_Param *param, struct site *site)
{
	if (!param->memref.size || param->memref.size > sizeof(site->name))
		return TEE_ERROR_BAD_PARAMETERS;
	site->size = param->memref.size;
	memcpy(site->name, param->memref.buffer, site->size);
	return TEE_SUCCESS;
}

/* The key is an object of its site's name; the object's data is the count of its signatures. */
static TEE_Result key_open(const struct site *site, TEE_ObjectHandle *key)
{
	return TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, site->name, site->size,
					TEE_DATA_FLAG_ACCESS_READ | TEE_DATA_FLAG_ACCESS_WRITE,
					key);
}

static TEE_Result key_make(const struct site *site, TEE_ObjectHandle *key)
{
	TEE_ObjectHandle fresh = TEE_HANDLE_NULL;
	const uint32_t count = 0;
	TEE_Attribute curve;
	TEE_Result result;

	TEE_InitValueAttribute(&curve, TEE_ATTR_ECC_CURVE, TEE_ECC_CURVE_NIST_P256, 0);
	result = TEE_AllocateTransientObject(TEE_TYPE_ECDSA_KEYPAIR, CURVE_BITS, &fresh);
	if (result == TEE_SUCCESS)
		result = TEE_GenerateKey(fresh, CURVE_BITS, &curve, 1);
	/* From here on it may sign and nothing else. What was given up never comes back. */
	if (result == TEE_SUCCESS)
		result = TEE_RestrictObjectUsage1(fresh, TEE_USAGE_SIGN);
	if (result == TEE_SUCCESS)
		result = TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, site->name, site->size,
						    TEE_DATA_FLAG_ACCESS_READ, fresh, &count,
						    sizeof(count), key);
	TEE_FreeTransientObject(fresh);
	return result;
}

static TEE_Result enrol(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	size_t x_size = FIELD_SIZE, y_size = FIELD_SIZE;
	uint8_t *point = params[1].memref.buffer;
	TEE_ObjectHandle key;
	struct site site;
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT,
					   TEE_PARAM_TYPE_MEMREF_OUTPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	if (params[1].memref.size < AUTHENTICATION_POINT_SIZE) {
		params[1].memref.size = AUTHENTICATION_POINT_SIZE;
		return TEE_ERROR_SHORT_BUFFER;
	}
	result = site_take(&params[0], &site);
	if (result == TEE_SUCCESS)
		result = key_make(&site, &key);
	if (result != TEE_SUCCESS)
		return result;
	point[0] = 0x04;
	result = TEE_GetObjectBufferAttribute(key, TEE_ATTR_ECC_PUBLIC_VALUE_X, point + 1, &x_size);
	if (result == TEE_SUCCESS)
		result = TEE_GetObjectBufferAttribute(key, TEE_ATTR_ECC_PUBLIC_VALUE_Y,
						      point + 1 + FIELD_SIZE, &y_size);
	TEE_CloseObject(key);
	params[1].memref.size = AUTHENTICATION_POINT_SIZE;
	IMSG("a key was made for \"%.*s\"", (int)site.size, site.name);
	return result;
}

static TEE_Result digest(const void *data, size_t size, uint8_t out[AUTHENTICATION_HASH_SIZE])
{
	size_t out_size = AUTHENTICATION_HASH_SIZE;
	TEE_OperationHandle operation;
	TEE_Result result = TEE_AllocateOperation(&operation, TEE_ALG_SHA256, TEE_MODE_DIGEST, 0);

	if (result != TEE_SUCCESS)
		return result;
	result = TEE_DigestDoFinal(operation, data, size, out, &out_size);
	TEE_FreeOperation(operation);
	return result;
}

/* The next count, which is stored before anything is signed with it. */
static TEE_Result count_next(TEE_ObjectHandle key, uint32_t *count)
{
	size_t got = 0;
	TEE_Result result = TEE_ReadObjectData(key, count, sizeof(*count), &got);

	if (result == TEE_SUCCESS && got != sizeof(*count))
		result = TEE_ERROR_CORRUPT_OBJECT;
	++*count;
	if (result == TEE_SUCCESS)
		result = TEE_SeekObjectData(key, 0, TEE_DATA_SEEK_SET);
	if (result == TEE_SUCCESS)
		result = TEE_WriteObjectData(key, count, sizeof(*count));
	return result;
}

static TEE_Result statement_sign(TEE_ObjectHandle key,
				 const struct authentication_statement *statement,
				 TEE_Param *signature)
{
	TEE_OperationHandle operation = TEE_HANDLE_NULL;
	uint8_t hash[AUTHENTICATION_HASH_SIZE];
	TEE_Result result = digest(statement, sizeof(*statement), hash);

	if (result == TEE_SUCCESS)
		result = TEE_AllocateOperation(&operation, TEE_ALG_ECDSA_SHA256, TEE_MODE_SIGN,
					       CURVE_BITS);
	if (result == TEE_SUCCESS)
		result = TEE_SetOperationKey(operation, key);
	if (result == TEE_SUCCESS)
		result =
			TEE_AsymmetricSignDigest(operation, NULL, 0, hash, sizeof(hash),
						 signature->memref.buffer, &signature->memref.size);
	TEE_FreeOperation(operation);
	return result;
}

static TEE_Result sign_in(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	struct authentication_statement statement;
	TEE_ObjectHandle key;
	struct site site;
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_MEMREF_INPUT,
					   TEE_PARAM_TYPE_MEMREF_OUTPUT,
					   TEE_PARAM_TYPE_MEMREF_OUTPUT) ||
	    params[1].memref.size != sizeof(statement.challenge) ||
	    params[2].memref.size < sizeof(statement) ||
	    params[3].memref.size < AUTHENTICATION_SIGNATURE_SIZE)
		return TEE_ERROR_BAD_PARAMETERS;
	result = site_take(&params[0], &site);
	if (result == TEE_SUCCESS)
		result = key_open(&site, &key);
	if (result != TEE_SUCCESS)
		return result;
	memcpy(statement.challenge, params[1].memref.buffer, sizeof(statement.challenge));
	result = digest(site.name, site.size, statement.site_hash);
	if (result == TEE_SUCCESS)
		result = count_next(key, &statement.count);
	if (result == TEE_SUCCESS)
		result = statement_sign(key, &statement, &params[3]);
	/* A corrupt object's handle is closed already. */
	if (result != TEE_ERROR_CORRUPT_OBJECT)
		TEE_CloseObject(key);
	if (result != TEE_SUCCESS)
		return result;
	memcpy(params[2].memref.buffer, &statement, sizeof(statement));
	params[2].memref.size = sizeof(statement);
	IMSG("signed in to \"%.*s\", the %u. time", (int)site.size, site.name,
	     (unsigned int)statement.count);
	return TEE_SUCCESS;
}

/* A container that could be read, for a copy of the key. */
static TEE_Result readable_copy(TEE_ObjectHandle key, TEE_ObjectHandle *copy)
{
	TEE_Result result = TEE_AllocateTransientObject(TEE_TYPE_ECDSA_KEYPAIR, CURVE_BITS, copy);

	return result == TEE_SUCCESS ? TEE_CopyObjectAttributes1(*copy, key) : result;
}

static TEE_Result leak(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_ObjectHandle key, copy = TEE_HANDLE_NULL;
	struct site site;
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_VALUE_INPUT,
					   TEE_PARAM_TYPE_MEMREF_OUTPUT, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	result = site_take(&params[0], &site);
	if (result == TEE_SUCCESS)
		result = key_open(&site, &key);
	if (result != TEE_SUCCESS)
		return result;
	IMSG("somebody wants the private key of \"%.*s\"", (int)site.size, site.name);
	if (params[1].value.a == AUTHENTICATION_LEAK_WIDEN)
		result = TEE_RestrictObjectUsage1(key, TEE_USAGE_SIGN | TEE_USAGE_EXTRACTABLE);
	else if (params[1].value.a == AUTHENTICATION_LEAK_COPY)
		result = readable_copy(key, &copy);
	/* This is as far as it gets. */
	if (result == TEE_SUCCESS)
		result = TEE_GetObjectBufferAttribute(copy == TEE_HANDLE_NULL ? key : copy,
						      TEE_ATTR_ECC_PRIVATE_VALUE,
						      params[2].memref.buffer,
						      &params[2].memref.size);
	TEE_FreeTransientObject(copy);
	TEE_CloseObject(key);
	return result;
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
	(void)session;
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *session)
{
	(void)session;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	(void)session;
	switch (command) {
	case AUTHENTICATION_CMD_REGISTER:
		return enrol(param_types, params);
	case AUTHENTICATION_CMD_SIGN_IN:
		return sign_in(param_types, params);
	case AUTHENTICATION_CMD_LEAK:
		return leak(param_types, params);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
