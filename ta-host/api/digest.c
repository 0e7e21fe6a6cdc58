/*
 * Internal Core API 6.3: message digests.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api.h>

#include "api/complaint.h"
#include "api/keccak.h"
#include "api/operation.h"

struct digest_context {
	EVP_MD_CTX *library;
	/* The library's context has taken in nothing yet, and needs EVP_DigestInit_ex(). */
	bool stale;
	/* While extracting: the whole digest, and how much of it is gone. */
	uint8_t whole[DIGEST_SIZE_MAX];
	size_t gone;
};

static void digest_close(struct operation *operation)
{
	struct digest_context *context = operation->context;

	EVP_MD_CTX_free(context->library);
	explicit_bzero(context, sizeof(*context));
	free(context);
}

static void digest_reset(struct operation *operation)
{
	struct digest_context *context = operation->context;

	context->stale = true;
	context->gone = 0;
	explicit_bzero(context->whole, sizeof(context->whole));
}

static bool digest_open(struct operation *operation)
{
	struct digest_context *context = calloc(1, sizeof(*context));

	if (!context)
		return false;
	library_init();
	operation->context = context;
	context->library = EVP_MD_CTX_new();
	context->stale = true;
	return context->library && library_digest((enum digest)operation->algorithm->digest);
}

static EVP_MD_CTX *digest_library(const struct operation *operation)
{
	struct digest_context *context = operation->context;

	if (context->stale &&
	    !EVP_DigestInit_ex(context->library,
			       library_digest((enum digest)operation->algorithm->digest), NULL))
		return NULL;
	context->stale = false;
	return context->library;
}

static bool digest_copy(struct operation *to, const struct operation *from)
{
	struct digest_context *target = to->context;
	const struct digest_context *source = from->context;

	target->stale = source->stale;
	memcpy(target->whole, source->whole, sizeof(target->whole));
	target->gone = source->gone;
	return source->stale || EVP_MD_CTX_copy_ex(target->library, source->library);
}

const struct operation_methods digest_methods = {
	.open = digest_open,
	.close = digest_close,
	.copy = digest_copy,
	.reset = digest_reset,
};

static void shake_reset(struct operation *operation)
{
	keccak_init(operation->context, operation->algorithm->variant == SHAKE_128 ? 128 : 256);
}

static bool shake_open(struct operation *operation)
{
	operation->context = calloc(1, sizeof(struct keccak));
	if (operation->context)
		shake_reset(operation);
	return operation->context;
}

static void shake_close(struct operation *operation)
{
	explicit_bzero(operation->context, sizeof(struct keccak));
	free(operation->context);
}

static bool shake_copy(struct operation *to, const struct operation *from)
{
	memcpy(to->context, from->context, sizeof(struct keccak));
	return true;
}

const struct operation_methods shake_methods = {
	.open = shake_open,
	.close = shake_close,
	.copy = shake_copy,
	.reset = shake_reset,
};

static bool is_shake(const struct operation *operation)
{
	return operation->algorithm->family == FAMILY_SHAKE;
}

static void digest_update(struct operation *operation, const void *chunk, size_t size,
			  const char *function)
{
	EVP_MD_CTX *library;

	if (!size)
		return;
	if (operation->state == TEE_OPERATION_STATE_EXTRACTING)
		complain(function, TEE_ERROR_BAD_STATE,
			 "the digest is being extracted, and takes no more data");
	if (is_shake(operation)) {
		keccak_absorb(operation->context, chunk, size);
		return;
	}
	library = digest_library(operation);
	if (!library || !EVP_DigestUpdate(library, chunk, size))
		complain(function, TEE_ERROR_GENERIC, "libcrypto fails");
}

static void digest_finish(struct operation *operation, uint8_t *hash, const char *function)
{
	EVP_MD_CTX *library = digest_library(operation);
	struct digest_context *context = operation->context;

	if (!library || !EVP_DigestFinal_ex(library, hash, NULL))
		complain(function, TEE_ERROR_GENERIC, "libcrypto fails");
	context->stale = true;
}

/* The next of what is being extracted. */
static size_t digest_extract(struct operation *operation, void *hash, size_t room,
			     const char *function)
{
	struct digest_context *context = operation->context;
	size_t left;

	if (is_shake(operation)) {
		keccak_squeeze(operation->context, hash, room);
		return room;
	}
	if (operation->state != TEE_OPERATION_STATE_EXTRACTING) {
		digest_finish(operation, context->whole, function);
		context->gone = 0;
	}
	left = operation->digest_length - context->gone;
	if (left > room)
		left = room;
	if (left)
		memcpy(hash, context->whole + context->gone, left);
	context->gone += left;
	return left;
}

void TEE_DigestUpdate(TEE_OperationHandle operation, const void *chunk, size_t chunkSize)
{
	struct operation *op = operation_of(operation, TEE_OPERATION_DIGEST, __func__);

	operation_check_buffer(chunk, chunkSize, __func__);
	if (op->state == TEE_OPERATION_STATE_EXTRACTING)
		PANIC_STATE("the digest is being extracted, and takes no more data");
	digest_update(op, chunk, chunkSize, __func__);
	op->state = TEE_OPERATION_STATE_ACTIVE;
}

TEE_Result TEE_DigestDoFinal(TEE_OperationHandle operation, const void *chunk, size_t chunkLen,
			     void *hash, size_t *hashLen)
{
	struct operation *op = operation_of(operation, TEE_OPERATION_DIGEST, __func__);
	const bool extracting = op->state == TEE_OPERATION_STATE_EXTRACTING;

	operation_check_buffer(chunk, chunkLen, __func__);
	if (!hashLen)
		PANIC_PARAMETER("hashLen is NULL");
	if (extracting && chunkLen)
		PANIC_STATE("the digest is being extracted, and takes no more data");
	operation_check_buffer(hash, extracting || is_shake(op) ? *hashLen : 0, __func__);
	if (extracting || is_shake(op)) {
		digest_update(op, chunk, chunkLen, __func__);
		*hashLen = digest_extract(op, hash, *hashLen, __func__);
	} else {
		const size_t room = hash ? *hashLen : 0;

		*hashLen = op->digest_length;
		if (room < op->digest_length)
			return TEE_ERROR_SHORT_BUFFER;
		digest_update(op, chunk, chunkLen, __func__);
		digest_finish(op, hash, __func__);
	}
	op->methods->reset(op);
	operation_end(op);
	return TEE_SUCCESS;
}

TEE_Result TEE_DigestExtract(TEE_OperationHandle operation, void *hash, size_t *hashLen)
{
	struct operation *op = operation_of(operation, TEE_OPERATION_DIGEST, __func__);

	if (!hashLen)
		PANIC_PARAMETER("hashLen is NULL");
	operation_check_buffer(hash, *hashLen, __func__);
	*hashLen = digest_extract(op, hash, *hashLen, __func__);
	op->state = TEE_OPERATION_STATE_EXTRACTING;
	op->flags |= TEE_HANDLE_FLAG_EXTRACTING;
	return TEE_SUCCESS;
}
