/*
 * Internal Core API 6.2: operations, their keys and their states.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api.h>

#include "api/complaint.h"
#include "api/handle_table.h"
#include "api/operation.h"

static const struct operation_methods *const methods[] = {
	[FAMILY_DIGEST] = &digest_methods,
	[FAMILY_SHAKE] = &shake_methods,
	[FAMILY_CIPHER] = &cipher_methods,
	[FAMILY_HMAC] = &hmac_methods,
	[FAMILY_CMAC] = &cmac_methods,
	[FAMILY_CBC_MAC] = &cbc_mac_methods,
	[FAMILY_GCM] = &gcm_methods,
	[FAMILY_CCM] = &ccm_methods,
	[FAMILY_RSA_CIPHER] = &rsa_methods,
	[FAMILY_RSA_SIGNATURE] = &rsa_methods,
	[FAMILY_DSA] = &dsa_methods,
	[FAMILY_ECDSA] = &ecdsa_methods,
	[FAMILY_EDDSA] = &eddsa_methods,
	[FAMILY_SM2_SIGNATURE] = &sm2_methods,
	[FAMILY_SM2_CIPHER] = &sm2_methods,
	[FAMILY_SM2_EXCHANGE] = &derivation_methods,
	[FAMILY_DH] = &derivation_methods,
	[FAMILY_ECDH] = &derivation_methods,
	[FAMILY_XDH] = &derivation_methods,
	[FAMILY_HKDF] = &derivation_methods,
	[FAMILY_CONCAT_KDF] = &derivation_methods,
	[FAMILY_PBKDF2] = &derivation_methods,
};

void operation_check_buffer(const void *buffer, size_t size, const char *function)
{
	if (!buffer && size)
		complain(function, TEE_ERROR_BAD_PARAMETERS, "a buffer is NULL");
}

static struct operation *operation_any(TEE_OperationHandle handle, const char *function)
{
	struct operation *operation = handle_find(HANDLE_OPERATION, (uintptr_t)handle);

	if (!operation)
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "the operation's handle is not valid, or was freed");
	return operation;
}

struct operation *operation_of(TEE_OperationHandle handle, uint32_t class, const char *function)
{
	struct operation *operation = operation_any(handle, function);

	if (operation->algorithm->class != class)
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "the operation's algorithm is none for this function");
	return operation;
}

struct operation *operation_with_key(TEE_OperationHandle handle, uint32_t class, uint32_t mode,
				     const char *function)
{
	struct operation *operation = operation_of(handle, class, function);

	if (operation->mode != mode)
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "the operation's mode is none for this function");
	if (!(operation->flags & TEE_HANDLE_FLAG_KEY_SET))
		complain(function, TEE_ERROR_BAD_STATE, "the operation has no key");
	return operation;
}

struct operation *operation_begun(TEE_OperationHandle handle, uint32_t class, const char *function)
{
	struct operation *operation = operation_of(handle, class, function);

	if (!(operation->flags & TEE_HANDLE_FLAG_INITIALIZED))
		complain(function, TEE_ERROR_BAD_STATE, "the operation is not initialised");
	return operation;
}

void operation_begin(struct operation *operation)
{
	operation->flags |= TEE_HANDLE_FLAG_INITIALIZED;
	operation->state = TEE_OPERATION_STATE_ACTIVE;
}

void operation_end(struct operation *operation)
{
	if (operation->algorithm->class != TEE_OPERATION_DIGEST)
		operation->flags &= ~(uint32_t)TEE_HANDLE_FLAG_INITIALIZED;
	operation->flags &= ~(uint32_t)TEE_HANDLE_FLAG_EXTRACTING;
	operation->state = TEE_OPERATION_STATE_INITIAL;
}

const struct attribute *operation_secret(const struct operation *operation, unsigned int index)
{
	return &operation->key[index]->attribute[0];
}

static void operation_reset(struct operation *operation)
{
	if (operation->methods->reset)
		operation->methods->reset(operation);
	operation_end(operation);
}

static void operation_free(struct operation *operation)
{
	if (operation->context)
		operation->methods->close(operation);
	if (operation->handle)
		handle_remove(operation->handle);
	object_free(operation->key[0]);
	object_free(operation->key[1]);
	free(operation);
}

/* What the key must allow in that mode; false when the algorithm has no such mode. */
static bool usage_of(const struct algorithm *algorithm, uint32_t mode, uint32_t *usage)
{
	static const struct {
		uint8_t class;
		uint8_t mode;
		uint32_t usage;
	} modes[] = {
		{ TEE_OPERATION_CIPHER, TEE_MODE_ENCRYPT, TEE_USAGE_ENCRYPT },
		{ TEE_OPERATION_CIPHER, TEE_MODE_DECRYPT, TEE_USAGE_DECRYPT },
		{ TEE_OPERATION_AE, TEE_MODE_ENCRYPT, TEE_USAGE_ENCRYPT },
		{ TEE_OPERATION_AE, TEE_MODE_DECRYPT, TEE_USAGE_DECRYPT },
		{ TEE_OPERATION_MAC, TEE_MODE_MAC, TEE_USAGE_MAC },
		{ TEE_OPERATION_DIGEST, TEE_MODE_DIGEST, 0 },
		{ TEE_OPERATION_ASYMMETRIC_CIPHER, TEE_MODE_ENCRYPT, TEE_USAGE_ENCRYPT },
		{ TEE_OPERATION_ASYMMETRIC_CIPHER, TEE_MODE_DECRYPT, TEE_USAGE_DECRYPT },
		{ TEE_OPERATION_ASYMMETRIC_SIGNATURE, TEE_MODE_SIGN, TEE_USAGE_SIGN },
		{ TEE_OPERATION_ASYMMETRIC_SIGNATURE, TEE_MODE_VERIFY, TEE_USAGE_VERIFY },
		{ TEE_OPERATION_KEY_DERIVATION, TEE_MODE_DERIVE, TEE_USAGE_DERIVE },
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (modes[i].class != algorithm->class || modes[i].mode != mode)
			continue;
		*usage = modes[i].usage;
		/* Raw RSA is what signatures are made of, too. */
		if (algorithm->variant == RSA_PLAIN)
			*usage |= mode == TEE_MODE_ENCRYPT ? TEE_USAGE_VERIFY : TEE_USAGE_SIGN;
		return true;
	}
	return false;
}

static const struct object_type *key_type_of(const struct algorithm *algorithm, uint32_t mode)
{
	const struct object_type *type = object_type_find(algorithm->key_type);

	if (type && type->public_type && (mode == TEE_MODE_VERIFY || mode == TEE_MODE_ENCRYPT))
		type = object_type_find(type->public_type);
	return type;
}

static struct operation *operation_new(const struct algorithm *algorithm, uint32_t mode,
				       uint32_t usage, uint32_t max_key_size)
{
	const struct operation_methods *const family = methods[algorithm->family];
	struct operation *operation = malloc(sizeof(*operation) + family->context_size);

	if (!operation)
		return NULL;
	*operation = (struct operation) {
		.algorithm = algorithm,
		.methods = family,
		.mode = mode,
		.usage = usage,
		.max_key_size = max_key_size,
		.key_type = key_type_of(algorithm, mode),
		.digest_length = (uint32_t)library_digest_size((enum digest)algorithm->digest),
	};
	if (family->context_size)
		operation->context = memset(operation + 1, 0, family->context_size);
	if (algorithm->family == FAMILY_CMAC || algorithm->family == FAMILY_CBC_MAC)
		operation->digest_length =
			(uint32_t)library_block_size((enum block_cipher)algorithm->block);
	if (algorithm->class == TEE_OPERATION_DIGEST)
		operation->flags = TEE_HANDLE_FLAG_KEY_SET | TEE_HANDLE_FLAG_INITIALIZED;
	else
		operation->key_count = algorithm_has_two_keys(algorithm) ? 2 : 1;
	if (operation->key_count == 2)
		operation->flags = TEE_HANDLE_FLAG_EXPECT_TWO_KEYS;
	for (unsigned int i = 0; i < operation->key_count; i++) {
		operation->key[i] =
			object_new(operation->key_type, max_key_size / operation->key_count);
		if (!operation->key[i])
			goto fail;
	}
	if (operation->methods->open(operation))
		return operation;
fail:
	operation_free(operation);
	return NULL;
}

TEE_Result TEE_AllocateOperation(TEE_OperationHandle *operation, uint32_t algorithm, uint32_t mode,
				 uint32_t maxKeySize)
{
	const struct algorithm *found = algorithm_find(algorithm);
	const struct object_type *type;
	struct operation *op;
	uint32_t usage;

	if (!operation)
		PANIC_PARAMETER("operation is NULL");
	*operation = TEE_HANDLE_NULL;
	if (!found || !usage_of(found, mode, &usage))
		return TEE_ERROR_NOT_SUPPORTED;
	type = key_type_of(found, mode);
	if (type) {
		const uint32_t keys = algorithm_has_two_keys(found) ? 2 : 1;

		if (maxKeySize % keys || !object_type_has_size(type, maxKeySize / keys) ||
		    !algorithm_allows_size(found, maxKeySize))
			return TEE_ERROR_NOT_SUPPORTED;
	}
	op = operation_new(found, mode, usage, maxKeySize);
	if (!op)
		return TEE_ERROR_OUT_OF_MEMORY;
	op->handle = handle_insert(HANDLE_OPERATION, op);
	if (!op->handle) {
		operation_free(op);
		return TEE_ERROR_OUT_OF_MEMORY;
	}
	*operation = (TEE_OperationHandle)(uintptr_t)op->handle;
	return TEE_SUCCESS;
}

void TEE_FreeOperation(TEE_OperationHandle operation)
{
	if (operation != TEE_HANDLE_NULL)
		operation_free(operation_any(operation, __func__));
}

static uint32_t key_size_of(const struct operation *operation, unsigned int index)
{
	return operation->flags & TEE_HANDLE_FLAG_KEY_SET ? operation->key[index]->size : 0;
}

void TEE_GetOperationInfo(TEE_OperationHandle operation, TEE_OperationInfo *operationInfo)
{
	struct operation *op = operation_any(operation, __func__);

	if (!operationInfo)
		PANIC_PARAMETER("operationInfo is NULL");
	*operationInfo = (TEE_OperationInfo) {
		.algorithm = op->algorithm->id,
		.operationClass = op->algorithm->class,
		.mode = op->mode,
		.digestLength = op->digest_length,
		.maxKeySize = op->max_key_size,
		.handleState = op->flags,
	};
	/* Of two keys this form tells nothing. */
	if (op->key_count == 1) {
		operationInfo->keySize = key_size_of(op, 0);
		operationInfo->requiredKeyUsage = op->usage;
	}
}

TEE_Result TEE_GetOperationInfoMultiple(TEE_OperationHandle operation,
					TEE_OperationInfoMultiple *operationInfoMultiple,
					size_t *operationSize)
{
	struct operation *op = operation_any(operation, __func__);
	size_t room, needed;

	if (!operationInfoMultiple || !operationSize)
		PANIC_PARAMETER("operationInfoMultiple or operationSize is NULL");
	room = *operationSize;
	if (room < sizeof(*operationInfoMultiple))
		PANIC_PARAMETER("operationSize is less than the structure has without keys");
	needed = sizeof(*operationInfoMultiple) + op->key_count * sizeof(TEE_OperationInfoKey);
	*operationSize = needed;
	if (room < needed)
		return TEE_ERROR_SHORT_BUFFER;
	*operationInfoMultiple = (TEE_OperationInfoMultiple) {
		.algorithm = op->algorithm->id,
		.operationClass = op->algorithm->class,
		.mode = op->mode,
		.digestLength = op->digest_length,
		.maxKeySize = op->max_key_size,
		.handleState = op->flags,
		.operationState = op->state,
		.numberOfKeys = op->key_count,
	};
	for (unsigned int i = 0; i < op->key_count; i++) {
		operationInfoMultiple->keyInformation[i].keySize = key_size_of(op, i);
		operationInfoMultiple->keyInformation[i].requiredKeyUsage = op->usage;
	}
	return TEE_SUCCESS;
}

void TEE_ResetOperation(TEE_OperationHandle operation)
{
	struct operation *op = operation_any(operation, __func__);

	if (!(op->flags & TEE_HANDLE_FLAG_KEY_SET))
		PANIC_STATE("the operation has no key");
	operation_reset(op);
}

/* The key that a TA hands in, if the operation may have it; panics otherwise. */
static struct object *key_of(const struct operation *operation, TEE_ObjectHandle handle,
			     const char *function)
{
	struct object *key = object_of(handle, function);

	if (!(key->flags & TEE_HANDLE_FLAG_INITIALIZED))
		complain(function, TEE_ERROR_BAD_PARAMETERS, "the object holds no key");
	if (!operation->key_type || !object_can_fill(operation->key_type, key))
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "the key's type is none for the operation's algorithm and mode");
	if ((key->usage & operation->usage) != operation->usage)
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "the key's usage does not allow the operation's mode");
	if (key->size > operation->max_key_size / operation->key_count)
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "the key is bigger than the operation's maximum key size");
	return key;
}

static void keys_clear(struct operation *operation)
{
	for (unsigned int i = 0; i < operation->key_count; i++)
		object_clear(operation->key[i]);
	operation->flags &= ~(uint32_t)TEE_HANDLE_FLAG_KEY_SET;
}

/* `keys` are the operation's number of them, or all NULL; the rest is NULL. */
static void keys_set(struct operation *operation, struct object *const keys[OPERATION_KEYS],
		     const char *function)
{
	operation_reset(operation);
	keys_clear(operation);
	for (unsigned int i = 0; i < OPERATION_KEYS && keys[i]; i++) {
		object_copy(operation->key[i], keys[i]);
		operation->flags |= TEE_HANDLE_FLAG_KEY_SET;
	}
	if (operation->methods->key_changed && !operation->methods->key_changed(operation))
		complain(function, TEE_ERROR_OUT_OF_MEMORY, "no memory for the key");
}

TEE_Result TEE_SetOperationKey(TEE_OperationHandle operation, TEE_ObjectHandle key)
{
	struct operation *op = operation_any(operation, __func__);
	struct object *keys[OPERATION_KEYS] = { NULL, NULL };
	TEE_Result result;

	if (op->algorithm->class == TEE_OPERATION_DIGEST)
		PANIC_PARAMETER("a digest has no key");
	if (op->flags & TEE_HANDLE_FLAG_INITIALIZED)
		PANIC_STATE("the operation is initialised");
	if (op->key_count != 1)
		PANIC_PARAMETER("the operation takes two keys, by TEE_SetOperationKey2");
	if (key != TEE_HANDLE_NULL) {
		keys[0] = key_of(op, key, __func__);
		result = keys[0]->storage ? keys[0]->storage->check(keys[0]) : TEE_SUCCESS;
		if (result != TEE_SUCCESS)
			return result;
	}
	keys_set(op, keys, __func__);
	return TEE_SUCCESS;
}

/* Which of two keys it was that could not be had. */
static TEE_Result second_key_result(TEE_Result result)
{
	if (result == TEE_ERROR_CORRUPT_OBJECT)
		return TEE_ERROR_CORRUPT_OBJECT_2;
	if (result == TEE_ERROR_STORAGE_NOT_AVAILABLE)
		return TEE_ERROR_STORAGE_NOT_AVAILABLE_2;
	return result;
}

static bool same_secret(const struct object *a, const struct object *b)
{
	return a->type->family == OBJECT_SECRET && a->attribute[0].size == b->attribute[0].size &&
	       CRYPTO_memcmp(a->attribute[0].bytes, b->attribute[0].bytes, a->attribute[0].size) ==
		       0;
}

TEE_Result TEE_SetOperationKey2(TEE_OperationHandle operation, TEE_ObjectHandle key1,
				TEE_ObjectHandle key2)
{
	struct operation *op = operation_any(operation, __func__);
	struct object *keys[OPERATION_KEYS] = { NULL, NULL };

	if (op->flags & TEE_HANDLE_FLAG_INITIALIZED && op->key_count)
		PANIC_STATE("the operation is initialised");
	if (op->key_count != 2)
		PANIC_PARAMETER("the operation does not take two keys");
	if ((key1 == TEE_HANDLE_NULL) != (key2 == TEE_HANDLE_NULL))
		PANIC_PARAMETER("one of the two keys is TEE_HANDLE_NULL");
	if (key1 != TEE_HANDLE_NULL) {
		TEE_Result result;

		keys[0] = key_of(op, key1, __func__);
		keys[1] = key_of(op, key2, __func__);
		result = keys[0]->storage ? keys[0]->storage->check(keys[0]) : TEE_SUCCESS;
		if (result != TEE_SUCCESS)
			return result;
		result = keys[1]->storage ? keys[1]->storage->check(keys[1]) : TEE_SUCCESS;
		if (result != TEE_SUCCESS)
			return second_key_result(result);
		if (keys[0]->size != keys[1]->size)
			PANIC_PARAMETER("the two keys differ in size");
		if (key1 == key2 || same_secret(keys[0], keys[1]))
			return TEE_ERROR_SECURITY;
	}
	keys_set(op, keys, __func__);
	return TEE_SUCCESS;
}

void TEE_CopyOperation(TEE_OperationHandle dstOperation, TEE_OperationHandle srcOperation)
{
	struct operation *to = operation_any(dstOperation, __func__);
	struct operation *from = operation_any(srcOperation, __func__);
	struct object *keys[OPERATION_KEYS] = { NULL, NULL };

	/* The algorithm tells how many keys there are. */
	if (to->algorithm != from->algorithm || to->mode != from->mode ||
	    to->key_count != from->key_count)
		PANIC_PARAMETER("the operations differ in algorithm or mode");
	if (to == from)
		return;
	if (from->flags & TEE_HANDLE_FLAG_KEY_SET) {
		for (unsigned int i = 0; i < to->key_count; i++) {
			keys[i] = from->key[i];
			if (keys[i]->size > to->max_key_size / to->key_count)
				PANIC_PARAMETER("the key is bigger than dstOperation's maximum");
		}
	}
	keys_set(to, keys, __func__);
	if (to->methods->copy && !to->methods->copy(to, from))
		complain(__func__, TEE_ERROR_OUT_OF_MEMORY, "no memory for the copy");
	to->flags = from->flags;
	to->state = from->state;
	to->digest_length = from->digest_length;
}

TEE_Result TEE_IsAlgorithmSupported(uint32_t algId, uint32_t element)
{
	const struct algorithm *algorithm = algorithm_find(algId);
	bool supported;

	if (!algorithm)
		return TEE_ERROR_NOT_SUPPORTED;
	if (algorithm->element == ELEMENT_NIST)
		supported =
			element >= TEE_ECC_CURVE_NIST_P192 && element <= TEE_ECC_CURVE_NIST_P521;
	else
		supported = element == algorithm->element;
	return supported ? TEE_SUCCESS : TEE_ERROR_NOT_SUPPORTED;
}
