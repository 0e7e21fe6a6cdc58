/*
 * Internal Core API 6.4: symmetric ciphers.
 *
 * What does not fill a block yet, and what the last blocks of a mode have to be seen together for,
 * waits in the operation. The library gets whole blocks alone; XTS and ciphertext stealing are made
 * here from its ECB and CBC, because its own take a message in one piece only.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api.h>

#include "api/complaint.h"
#include "api/operation.h"

/* What one call of the library takes: its lengths are ints. */
#define PIECE_MAX ((size_t)1 << 30)

/* XTS works through a buffer of this size. */
#define XTS_PIECE 4096U

struct cipher_context {
	EVP_CIPHER_CTX *library;
	/* `library` has the present key. */
	bool keyed;
	bool encrypt;
	/* At most two blocks. */
	uint8_t held[2 * BLOCK_SIZE_MAX];
	size_t held_size;
	/* Something was there since the last reset. */
	bool held_used;
	/* XTS: of the next block. CTS: the last block of ciphertext, or the initial vector. */
	uint8_t chain[BLOCK_SIZE_MAX];
};

static enum block_mode library_mode(const struct operation *operation)
{
	switch (operation->algorithm->variant) {
	case CIPHER_CBC:
	case CIPHER_CBC_PADDED:
	case CIPHER_CTS:
		return BLOCK_CBC;
	case CIPHER_CTR:
		return BLOCK_CTR;
	default:
		return BLOCK_ECB;
	}
}

static size_t block_of(const struct operation *operation)
{
	return library_block_size((enum block_cipher)operation->algorithm->block);
}

/* How many octets an update keeps at most when it could give more: they may be the last. */
static size_t kept_of(const struct operation *operation)
{
	switch (operation->algorithm->variant) {
	case CIPHER_CTS:
	case CIPHER_XTS:
		return 2 * block_of(operation);
	case CIPHER_ECB_PADDED:
	case CIPHER_CBC_PADDED:
		return operation->mode == TEE_MODE_DECRYPT ? block_of(operation) : 0;
	default:
		return 0;
	}
}

static bool has_chain(const struct operation *operation)
{
	return operation->algorithm->variant == CIPHER_CTS ||
	       operation->algorithm->variant == CIPHER_XTS;
}

static void cipher_reset(struct operation *operation)
{
	struct cipher_context *context = operation->context;

	if (context->held_used)
		explicit_bzero(context->held, sizeof(context->held));
	if (has_chain(operation))
		explicit_bzero(context->chain, sizeof(context->chain));
	context->held_size = 0;
	context->held_used = false;
}

static void cipher_close(struct operation *operation)
{
	struct cipher_context *context = operation->context;

	library_context_give(context->library);
	explicit_bzero(context, sizeof(*context));
}

static bool is_ctr(const struct operation *operation)
{
	return operation->algorithm->variant == CIPHER_CTR;
}

static bool cipher_open(struct operation *operation)
{
	struct cipher_context *context = operation->context;

	/* CTR is the same both ways. */
	context->encrypt = operation->mode == TEE_MODE_ENCRYPT || is_ctr(operation);
	context->library = library_context_take();
	return context->library;
}

static bool cipher_key_changed(struct operation *operation)
{
	struct cipher_context *context = operation->context;

	if (!context->keyed)
		return true;
	context->keyed = false;
	/* Wipes the key that was there before. */
	return EVP_CIPHER_CTX_reset(context->library);
}

static bool cipher_copy(struct operation *to, const struct operation *from)
{
	struct cipher_context *target = to->context;
	const struct cipher_context *source = from->context;
	EVP_CIPHER_CTX *library = target->library;

	if (source->keyed && !EVP_CIPHER_CTX_copy(library, source->library))
		return false;
	*target = *source;
	target->library = library;
	return true;
}

const struct operation_methods cipher_methods = {
	.context_size = sizeof(struct cipher_context),
	.open = cipher_open,
	.close = cipher_close,
	.key_changed = cipher_key_changed,
	.copy = cipher_copy,
	.reset = cipher_reset,
};

static bool library_start(EVP_CIPHER_CTX *library, const struct operation *operation,
			  unsigned int key_index, enum block_mode mode, const void *iv, int encrypt)
{
	const struct attribute *secret = operation_secret(operation, key_index);
	const enum block_cipher block = (enum block_cipher)operation->algorithm->block;
	const EVP_CIPHER *cipher = library_cipher(block, mode, secret->size);
	uint8_t key[LIBRARY_KEY_MAX];
	bool started;

	(void)library_key_expand(block, secret->bytes, secret->size, key);
	/* Only decryption holds the last block back when it expects padding, and CTR has no blocks.
	 */
	started = cipher && EVP_CipherInit_ex(library, cipher, NULL, key, iv, encrypt) &&
		  (encrypt || mode == BLOCK_CTR || EVP_CIPHER_CTX_set_padding(library, 0));
	explicit_bzero(key, sizeof(key));
	return started;
}

static bool library_pass(EVP_CIPHER_CTX *library, const uint8_t *in, uint8_t *out, size_t size)
{
	while (size) {
		const size_t piece = size < PIECE_MAX ? size : PIECE_MAX;
		int written;

		if (!EVP_CipherUpdate(library, out, &written, in, (int)piece) ||
		    written != (int)piece)
			return false;
		in += piece;
		out += piece;
		size -= piece;
	}
	return true;
}

/* The first tweak of XTS: the initial vector under the second key. */
static bool tweak_start(const struct operation *operation, const void *iv)
{
	struct cipher_context *context = operation->context;
	EVP_CIPHER_CTX *library = library_context_take();
	bool started = library && library_start(library, operation, 1, BLOCK_ECB, NULL, 1) &&
		       library_pass(library, iv, context->chain, BLOCK_SIZE_MAX);

	library_context_give(library);
	return started;
}

/* Times x in the field of XTS. */
static void tweak_next(uint8_t tweak[BLOCK_SIZE_MAX])
{
	uint8_t carry = 0;

	for (int i = 0; i < 16; i++) {
		const uint8_t out = tweak[i] >> 7;

		tweak[i] = (uint8_t)(tweak[i] << 1 | carry);
		carry = out;
	}
	tweak[0] ^= (uint8_t)(carry * 0x87);
}

static void block_xor(uint8_t *to, const uint8_t *a, const uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = a[i] ^ b[i];
}

/* Out of line, so that its buffers are not in every other mode's way. */
__attribute__((noinline)) static bool xts_pass(struct cipher_context *context, const uint8_t *in,
					       uint8_t *out, size_t size)
{
	uint8_t tweaks[XTS_PIECE], work[XTS_PIECE];
	bool passed = true;

	while (size && passed) {
		const size_t piece = size < XTS_PIECE ? size : XTS_PIECE;

		for (size_t i = 0; i < piece; i += BLOCK_SIZE_MAX) {
			memcpy(tweaks + i, context->chain, BLOCK_SIZE_MAX);
			tweak_next(context->chain);
		}
		block_xor(work, in, tweaks, piece);
		passed = library_pass(context->library, work, work, piece);
		block_xor(out, work, tweaks, piece);
		in += piece;
		out += piece;
		size -= piece;
	}
	explicit_bzero(work, sizeof(work));
	explicit_bzero(tweaks, sizeof(tweaks));
	return passed;
}

/* Whole blocks, or with CTR anything. */
static void blocks_pass(struct operation *operation, const uint8_t *in, uint8_t *out, size_t size,
			const char *function)
{
	struct cipher_context *context = operation->context;
	const bool stealing = operation->algorithm->variant == CIPHER_CTS;
	bool passed;

	if (!size)
		return;
	/* In place, the ciphertext would be gone afterwards. */
	if (stealing && !context->encrypt)
		memcpy(context->chain, in + size - BLOCK_SIZE_MAX, BLOCK_SIZE_MAX);
	if (operation->algorithm->variant == CIPHER_XTS)
		passed = xts_pass(context, in, out, size);
	else
		passed = library_pass(context->library, in, out, size);
	if (!passed)
		complain(function, TEE_ERROR_GENERIC, "libcrypto fails");
}

/* How much an update gives out of `total` octets, held ones included. */
static size_t given_of(const struct operation *operation, size_t total)
{
	const size_t block = block_of(operation);
	const size_t kept = kept_of(operation);

	if (operation->algorithm->variant == CIPHER_CTR)
		return total;
	if (!kept)
		return total - total % block;
	return total <= kept ? 0 : (total - kept + block - 1) / block * block;
}

/* Passes on `given` of what is held and then `in`, and holds the rest. */
static void stream_pass(struct operation *operation, const uint8_t *in, size_t size, uint8_t *out,
			size_t given, const char *function)
{
	struct cipher_context *context = operation->context;
	const size_t block = block_of(operation);
	const size_t copy_size = size;
	uint8_t *copy = NULL;

	/* What is held comes out first and would run over input that is still to be read. */
	if (context->held_size && library_overlap(in, size, out, given)) {
		copy = malloc(copy_size);
		if (!copy)
			complain(function, TEE_ERROR_OUT_OF_MEMORY,
				 "no memory to work in place in");
		memcpy(copy, in, copy_size);
		in = copy;
	}
	if (context->held_size && given) {
		uint8_t front[3 * BLOCK_SIZE_MAX];
		const size_t filling = (block - context->held_size % block) % block;
		const size_t front_size = context->held_size + filling;
		const size_t now = given < front_size ? given : front_size;

		memcpy(front, context->held, context->held_size);
		memcpy(front + context->held_size, in, filling);
		in += filling;
		blocks_pass(operation, front, out, now, function);
		context->held_size = front_size - now;
		memcpy(context->held, front + now, context->held_size);
		explicit_bzero(front, sizeof(front));
		size -= filling;
		out += now;
		given -= now;
	}
	blocks_pass(operation, in, out, given, function);
	if (size > given) {
		context->held_used = true;
		memcpy(context->held + context->held_size, in + given, size - given);
		context->held_size += size - given;
	}
	if (copy) {
		explicit_bzero(copy, copy_size);
		free(copy);
	}
}

static bool needs_iv(const struct operation *operation)
{
	return operation->algorithm->variant != CIPHER_ECB &&
	       operation->algorithm->variant != CIPHER_ECB_PADDED;
}

void TEE_CipherInit(TEE_OperationHandle operation, const void *IV, size_t IVLen)
{
	struct operation *op = operation_of(operation, TEE_OPERATION_CIPHER, __func__);
	struct cipher_context *context = op->context;
	bool started;

	if (!(op->flags & TEE_HANDLE_FLAG_KEY_SET))
		PANIC_STATE("the operation has no key");
	if (needs_iv(op) ? !IV || IVLen != block_of(op) : IV && IVLen)
		PANIC_PARAMETER("IVLen is not what the algorithm has");
	cipher_reset(op);
	if (op->algorithm->variant == CIPHER_XTS) {
		started = tweak_start(op, IV);
		IV = NULL;
	} else {
		started = true;
		if (has_chain(op))
			memcpy(context->chain, IV, IVLen);
	}
	if (started && context->keyed)
		started = EVP_CipherInit_ex(context->library, NULL, NULL, NULL, IV, -1);
	else if (started)
		started = library_start(context->library, op, 0, library_mode(op),
					needs_iv(op) ? IV : NULL, context->encrypt);
	if (!started)
		complain(__func__, TEE_ERROR_OUT_OF_MEMORY, "libcrypto fails");
	context->keyed = true;
	operation_begin(op);
}

TEE_Result TEE_CipherUpdate(TEE_OperationHandle operation, const void *srcData, size_t srcLen,
			    void *destData, size_t *destLen)
{
	struct operation *op = operation_begun(operation, TEE_OPERATION_CIPHER, __func__);
	struct cipher_context *context = op->context;
	size_t room, given;

	operation_check_buffer(srcData, srcLen, __func__);
	if (!destLen)
		PANIC_PARAMETER("destLen is NULL");
	room = destData ? *destLen : 0;
	if (srcLen > SIZE_MAX / 2)
		PANIC_PARAMETER("srcLen is more than there is memory");
	/* By far the most usual, and by the shortest way. */
	if (is_ctr(op) && room >= srcLen && srcLen <= PIECE_MAX) {
		int written;

		if (srcLen &&
		    !EVP_EncryptUpdate(context->library, destData, &written, srcData, (int)srcLen))
			complain(__func__, TEE_ERROR_GENERIC, "libcrypto fails");
		*destLen = srcLen;
		return TEE_SUCCESS;
	}
	given = given_of(op, context->held_size + srcLen);
	*destLen = given;
	if (room < given)
		return TEE_ERROR_SHORT_BUFFER;
	stream_pass(op, srcData, srcLen, destData, given, __func__);
	return TEE_SUCCESS;
}

/* More than one block is left, and less than two or just two: the last is cut short. */
static void cts_finish(struct operation *operation, uint8_t *out, const char *function)
{
	struct cipher_context *context = operation->context;
	const size_t tail = context->held_size - BLOCK_SIZE_MAX;
	uint8_t before[BLOCK_SIZE_MAX], first[BLOCK_SIZE_MAX], last[BLOCK_SIZE_MAX] = { 0 };

	memcpy(before, context->chain, sizeof(before));
	if (context->encrypt) {
		blocks_pass(operation, context->held, first, BLOCK_SIZE_MAX, function);
		memcpy(last, context->held + BLOCK_SIZE_MAX, tail);
		blocks_pass(operation, last, last, BLOCK_SIZE_MAX, function);
		memcpy(out, last, BLOCK_SIZE_MAX);
		memcpy(out + BLOCK_SIZE_MAX, first, tail);
	} else {
		/* CBC adds the block before; taking it away again leaves the bare decryption. */
		blocks_pass(operation, context->held, last, BLOCK_SIZE_MAX, function);
		block_xor(last, last, before, BLOCK_SIZE_MAX);
		memcpy(first, last, sizeof(first));
		memcpy(first, context->held + BLOCK_SIZE_MAX, tail);
		block_xor(last, last, first, BLOCK_SIZE_MAX);
		blocks_pass(operation, first, first, BLOCK_SIZE_MAX, function);
		block_xor(first, first, context->held, BLOCK_SIZE_MAX);
		block_xor(first, first, before, BLOCK_SIZE_MAX);
		memcpy(out, first, BLOCK_SIZE_MAX);
		memcpy(out + BLOCK_SIZE_MAX, last, tail);
	}
	explicit_bzero(first, sizeof(first));
	explicit_bzero(last, sizeof(last));
}

/* The same for XTS, where the tweaks of the two change places in decryption. */
static void xts_finish(struct operation *operation, uint8_t *out, const char *function)
{
	struct cipher_context *context = operation->context;
	const size_t tail = context->held_size - BLOCK_SIZE_MAX;
	uint8_t tweaks[2][BLOCK_SIZE_MAX], first[BLOCK_SIZE_MAX], last[BLOCK_SIZE_MAX];

	memcpy(tweaks[0], context->chain, BLOCK_SIZE_MAX);
	memcpy(tweaks[1], context->chain, BLOCK_SIZE_MAX);
	tweak_next(tweaks[1]);
	memcpy(context->chain, tweaks[context->encrypt ? 0 : 1], BLOCK_SIZE_MAX);
	blocks_pass(operation, context->held, first, BLOCK_SIZE_MAX, function);
	memcpy(last, first, BLOCK_SIZE_MAX);
	memcpy(last, context->held + BLOCK_SIZE_MAX, tail);
	memcpy(context->chain, tweaks[context->encrypt ? 1 : 0], BLOCK_SIZE_MAX);
	blocks_pass(operation, last, out, BLOCK_SIZE_MAX, function);
	memcpy(out + BLOCK_SIZE_MAX, first, tail);
	explicit_bzero(first, sizeof(first));
	explicit_bzero(last, sizeof(last));
}

/* PKCS#5: as many octets of that value as make a whole block, at least one. */
static TEE_Result padding_finish(struct operation *operation, uint8_t *out, size_t *written,
				 const char *function)
{
	struct cipher_context *context = operation->context;
	const size_t block = block_of(operation);
	uint8_t last[BLOCK_SIZE_MAX];
	unsigned int bad;
	uint8_t padding;

	if (context->encrypt) {
		padding = (uint8_t)(block - context->held_size);
		memset(context->held + context->held_size, padding, padding);
		blocks_pass(operation, context->held, out, block, function);
		*written = block;
		return TEE_SUCCESS;
	}
	blocks_pass(operation, context->held, last, block, function);
	/* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): blocks_pass() has filled it */
	padding = last[block - 1];
	bad = padding == 0 || padding > block;
	for (size_t i = 0; i < block; i++)
		bad |= (i + padding >= block) & (last[i] != padding);
	*written = bad ? 0 : block - padding;
	memcpy(out, last, *written);
	explicit_bzero(last, sizeof(last));
	return bad ? TEE_ERROR_CIPHERTEXT_INVALID : TEE_SUCCESS;
}

/* What TEE_CipherDoFinal() needs room for; panics when no message of the mode is that long. */
static size_t final_size(const struct operation *operation, size_t total, const char *function)
{
	const size_t block = block_of(operation);

	switch (operation->algorithm->variant) {
	case CIPHER_ECB:
	case CIPHER_CBC:
		if (total % block)
			complain(function, TEE_ERROR_BAD_PARAMETERS,
				 "the data is not a whole number of blocks, and the algorithm does "
				 "not pad");
		return total;
	case CIPHER_CTS:
	case CIPHER_XTS:
		if (total < block)
			complain(function, TEE_ERROR_BAD_PARAMETERS,
				 "the data is less than one block");
		return total;
	case CIPHER_ECB_PADDED:
	case CIPHER_CBC_PADDED:
		if (operation->mode == TEE_MODE_ENCRYPT)
			return total - total % block + block;
		return total;
	default:
		return total;
	}
}

static bool is_padded(const struct operation *operation)
{
	return operation->algorithm->variant == CIPHER_ECB_PADDED ||
	       operation->algorithm->variant == CIPHER_CBC_PADDED;
}

static TEE_Result held_finish(struct operation *operation, uint8_t *out, size_t *written,
			      const char *function)
{
	struct cipher_context *context = operation->context;

	*written = context->held_size;
	switch (operation->algorithm->variant) {
	case CIPHER_ECB_PADDED:
	case CIPHER_CBC_PADDED:
		return padding_finish(operation, out, written, function);
	case CIPHER_CTS:
		if (context->held_size == BLOCK_SIZE_MAX)
			blocks_pass(operation, context->held, out, BLOCK_SIZE_MAX, function);
		else if (context->held_size)
			cts_finish(operation, out, function);
		return TEE_SUCCESS;
	case CIPHER_XTS:
		if (context->held_size % BLOCK_SIZE_MAX == 0)
			blocks_pass(operation, context->held, out, context->held_size, function);
		else
			xts_finish(operation, out, function);
		return TEE_SUCCESS;
	default:
		return TEE_SUCCESS;
	}
}

TEE_Result TEE_CipherDoFinal(TEE_OperationHandle operation, const void *srcData, size_t srcLen,
			     void *destData, size_t *destLen)
{
	struct operation *op = operation_begun(operation, TEE_OPERATION_CIPHER, __func__);
	struct cipher_context *context = op->context;
	uint8_t tail[2 * BLOCK_SIZE_MAX];
	size_t total, room, given, written = 0;
	TEE_Result result;
	uint8_t *out = destData;

	operation_check_buffer(srcData, srcLen, __func__);
	if (srcLen > SIZE_MAX / 2)
		PANIC_PARAMETER("srcLen is more than there is memory");
	total = context->held_size + srcLen;
	room = destData && destLen ? *destLen : 0;
	given = final_size(op, total, __func__);
	/* Of a padded message it shows only at the end how long it is. */
	if (op->mode == TEE_MODE_DECRYPT && kept_of(op) == block_of(op) &&
	    (!total || total % block_of(op))) {
		cipher_reset(op);
		operation_end(op);
		if (destLen)
			*destLen = 0;
		return TEE_ERROR_CIPHERTEXT_INVALID;
	}
	if (room < given) {
		if (!destLen)
			PANIC_PARAMETER("destLen is NULL, and there is output");
		*destLen = given;
		return TEE_ERROR_SHORT_BUFFER;
	}
	given = given_of(op, total);
	stream_pass(op, srcData, srcLen, out, given, __func__);
	/* Nothing is left of most messages in the other modes. */
	result = kept_of(op) || is_padded(op) ? held_finish(op, tail, &written, __func__)
					      : TEE_SUCCESS;
	if (written) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): room is memory */
		memcpy(out + given, tail, written);
		explicit_bzero(tail, sizeof(tail));
	}
	if (destLen)
		*destLen = given + written;
	cipher_reset(op);
	operation_end(op);
	return result;
}
