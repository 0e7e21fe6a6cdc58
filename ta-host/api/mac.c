/*
 * Internal Core API 6.5: message authentication codes.
 */
/* The library's own contexts for HMAC and CMAC start without looking anything up by name. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/cmac.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api.h>

#include "api/complaint.h"
#include "api/operation.h"

static bool hmac_open(struct operation *operation)
{
	library_init();
	operation->context = HMAC_CTX_new();
	return operation->context && library_digest((enum digest)operation->algorithm->digest);
}

static void hmac_close(struct operation *operation)
{
	HMAC_CTX_free(operation->context);
}

static bool hmac_copy(struct operation *to, const struct operation *from)
{
	if (!(from->flags & TEE_HANDLE_FLAG_INITIALIZED))
		return true;
	return HMAC_CTX_copy(to->context, from->context);
}

static bool hmac_start(struct operation *operation)
{
	const struct attribute *key = operation_secret(operation, 0);

	/* NULL would mean the key that was there before. */
	return HMAC_Init_ex(operation->context, key->bytes ? key->bytes : (const uint8_t *)"",
			    (int)key->size,
			    library_digest((enum digest)operation->algorithm->digest), NULL);
}

static bool hmac_key_changed(struct operation *operation)
{
	return HMAC_CTX_reset(operation->context);
}

const struct operation_methods hmac_methods = {
	.open = hmac_open,
	.close = hmac_close,
	.key_changed = hmac_key_changed,
	.copy = hmac_copy,
};

static bool cmac_open(struct operation *operation)
{
	library_init();
	operation->context = CMAC_CTX_new();
	return operation->context;
}

static void cmac_close(struct operation *operation)
{
	CMAC_CTX_free(operation->context);
}

static bool cmac_copy(struct operation *to, const struct operation *from)
{
	if (!(from->flags & TEE_HANDLE_FLAG_INITIALIZED))
		return true;
	return CMAC_CTX_copy(to->context, from->context);
}

static bool cmac_key_changed(struct operation *operation)
{
	CMAC_CTX_cleanup(operation->context);
	return true;
}

const struct operation_methods cmac_methods = {
	.open = cmac_open,
	.close = cmac_close,
	.key_changed = cmac_key_changed,
	.copy = cmac_copy,
};

struct cbc_mac_context {
	EVP_CIPHER_CTX *library;
	uint8_t held[BLOCK_SIZE_MAX];
	size_t held_size;
	/* The last block of ciphertext; zeros before there is one. */
	uint8_t last[BLOCK_SIZE_MAX];
};

static bool cbc_mac_open(struct operation *operation)
{
	struct cbc_mac_context *context = calloc(1, sizeof(*context));

	if (!context)
		return false;
	library_init();
	operation->context = context;
	context->library = library_context_take();
	return context->library;
}

static void cbc_mac_close(struct operation *operation)
{
	struct cbc_mac_context *context = operation->context;

	library_context_give(context->library);
	explicit_bzero(context, sizeof(*context));
	free(context);
}

static void cbc_mac_reset(struct operation *operation)
{
	struct cbc_mac_context *context = operation->context;

	explicit_bzero(context->held, sizeof(context->held));
	explicit_bzero(context->last, sizeof(context->last));
	context->held_size = 0;
}

static bool cbc_mac_key_changed(struct operation *operation)
{
	const struct cbc_mac_context *context = operation->context;

	return EVP_CIPHER_CTX_reset(context->library);
}

static bool cbc_mac_copy(struct operation *to, const struct operation *from)
{
	struct cbc_mac_context *target = to->context;
	const struct cbc_mac_context *source = from->context;
	EVP_CIPHER_CTX *library = target->library;

	if (from->flags & TEE_HANDLE_FLAG_INITIALIZED &&
	    !EVP_CIPHER_CTX_copy(library, source->library))
		return false;
	*target = *source;
	target->library = library;
	return true;
}

const struct operation_methods cbc_mac_methods = {
	.open = cbc_mac_open,
	.close = cbc_mac_close,
	.key_changed = cbc_mac_key_changed,
	.copy = cbc_mac_copy,
	.reset = cbc_mac_reset,
};

/* CMAC and CBC-MAC: the block cipher's key, as the library wants it. */
static bool block_start(struct operation *operation)
{
	const enum block_cipher block = (enum block_cipher)operation->algorithm->block;
	const struct attribute *secret = operation_secret(operation, 0);
	const EVP_CIPHER *cipher = library_cipher(block, BLOCK_CBC, secret->size);
	static const uint8_t zeros[BLOCK_SIZE_MAX];
	uint8_t key[LIBRARY_KEY_MAX];
	const size_t size = library_key_expand(block, secret->bytes, secret->size, key);
	bool started;

	if (operation->algorithm->family == FAMILY_CMAC) {
		started = CMAC_Init(operation->context, key, size, cipher, NULL);
	} else {
		struct cbc_mac_context *context = operation->context;

		cbc_mac_reset(operation);
		started = EVP_EncryptInit_ex(context->library, cipher, NULL, key, zeros) &&
			  EVP_CIPHER_CTX_set_padding(context->library, 0);
	}
	explicit_bzero(key, sizeof(key));
	return started;
}

static bool cbc_mac_blocks(struct cbc_mac_context *context, const uint8_t *in, size_t size,
			   size_t block)
{
	uint8_t out[1024];

	while (size) {
		const size_t piece = size < sizeof(out) ? size : sizeof(out);
		int written;

		if (!EVP_EncryptUpdate(context->library, out, &written, in, (int)piece))
			return false;
		memcpy(context->last, out + piece - block, block);
		in += piece;
		size -= piece;
	}
	return true;
}

static bool cbc_mac_update(struct operation *operation, const uint8_t *in, size_t size)
{
	struct cbc_mac_context *context = operation->context;
	const size_t block = operation->digest_length;

	if (context->held_size) {
		size_t filling = block - context->held_size;

		if (filling > size)
			filling = size;
		memcpy(context->held + context->held_size, in, filling);
		context->held_size += filling;
		in += filling;
		size -= filling;
		if (context->held_size < block)
			return true;
		context->held_size = 0;
		if (!cbc_mac_blocks(context, context->held, block, block))
			return false;
	}
	/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): every MAC has a length */
	if (!cbc_mac_blocks(context, in, size - size % block, block))
		return false;
	memcpy(context->held, in + (size - size % block), size % block);
	context->held_size = size % block;
	return true;
}

static void mac_update(struct operation *operation, const void *chunk, size_t size,
		       const char *function)
{
	bool taken = true;

	if (!size)
		return;
	switch (operation->algorithm->family) {
	case FAMILY_HMAC:
		taken = HMAC_Update(operation->context, chunk, size);
		break;
	case FAMILY_CMAC:
		taken = CMAC_Update(operation->context, chunk, size);
		break;
	default:
		taken = cbc_mac_update(operation, chunk, size);
		break;
	}
	if (!taken)
		complain(function, TEE_ERROR_GENERIC, "libcrypto fails");
}

static void mac_finish(struct operation *operation, uint8_t mac[DIGEST_SIZE_MAX],
		       const char *function)
{
	struct cbc_mac_context *context = operation->context;
	const size_t block = operation->digest_length;
	size_t size = DIGEST_SIZE_MAX;
	unsigned int hmac_size = DIGEST_SIZE_MAX;
	uint8_t padding[BLOCK_SIZE_MAX];
	bool finished = true;

	switch (operation->algorithm->family) {
	case FAMILY_HMAC:
		finished = HMAC_Final(operation->context, mac, &hmac_size);
		break;
	case FAMILY_CMAC:
		finished = CMAC_Final(operation->context, mac, &size);
		break;
	default:
		if (operation->algorithm->variant == MAC_PADDED) {
			const size_t missing = block - context->held_size;

			memset(padding, (int)missing, missing);
			finished = cbc_mac_update(operation, padding, missing);
		} else if (context->held_size) {
			complain(function, TEE_ERROR_BAD_PARAMETERS,
				 "the message is not a whole number of blocks, and the algorithm "
				 "does not pad");
		}
		memcpy(mac, context->last, block);
		break;
	}
	if (!finished)
		complain(function, TEE_ERROR_GENERIC, "libcrypto fails");
	if (operation->methods->reset)
		operation->methods->reset(operation);
	operation_end(operation);
}

void TEE_MACInit(TEE_OperationHandle operation, const void *IV, size_t IVLen)
{
	struct operation *op =
		operation_with_key(operation, TEE_OPERATION_MAC, TEE_MODE_MAC, __func__);

	/* No algorithm here has one. */
	(void)IV;
	(void)IVLen;
	if (op->algorithm->family == FAMILY_HMAC ? !hmac_start(op) : !block_start(op))
		complain(__func__, TEE_ERROR_GENERIC, "libcrypto fails");
	operation_begin(op);
}

void TEE_MACUpdate(TEE_OperationHandle operation, const void *chunk, size_t chunkSize)
{
	struct operation *op = operation_begun(operation, TEE_OPERATION_MAC, __func__);

	operation_check_buffer(chunk, chunkSize, __func__);
	mac_update(op, chunk, chunkSize, __func__);
}

TEE_Result TEE_MACComputeFinal(TEE_OperationHandle operation, const void *message,
			       size_t messageLen, void *mac, size_t *macLen)
{
	struct operation *op = operation_begun(operation, TEE_OPERATION_MAC, __func__);
	uint8_t computed[DIGEST_SIZE_MAX];
	size_t room;

	operation_check_buffer(message, messageLen, __func__);
	if (!macLen)
		PANIC_PARAMETER("macLen is NULL");
	room = *macLen;
	*macLen = op->digest_length;
	if (!mac || room < op->digest_length)
		return TEE_ERROR_SHORT_BUFFER;
	mac_update(op, message, messageLen, __func__);
	mac_finish(op, computed, __func__);
	memcpy(mac, computed, op->digest_length);
	return TEE_SUCCESS;
}

TEE_Result TEE_MACCompareFinal(TEE_OperationHandle operation, const void *message,
			       size_t messageLen, const void *mac, size_t macLen)
{
	struct operation *op = operation_begun(operation, TEE_OPERATION_MAC, __func__);
	uint8_t computed[DIGEST_SIZE_MAX];

	operation_check_buffer(message, messageLen, __func__);
	operation_check_buffer(mac, macLen, __func__);
	mac_update(op, message, messageLen, __func__);
	mac_finish(op, computed, __func__);
	if (macLen != op->digest_length || CRYPTO_memcmp(mac, computed, macLen) != 0)
		return TEE_ERROR_MAC_INVALID;
	return TEE_SUCCESS;
}
