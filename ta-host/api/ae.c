/*
 * Internal Core API 6.6: authenticated encryption.
 *
 * GCM is the library's. Of CCM the library takes additional data and payload in one piece each, so
 * CCM is made here from its CBC and CTR, which take pieces (NIST SP 800-38C, RFC 3610).
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api.h>

#include "api/complaint.h"
#include "api/gcm_nonce.h"
#include "api/operation.h"

#define TAG_SIZE_MAX 16U
#define BLOCK	     16U
#define PIECE_MAX    ((size_t)1 << 30)
/* What the library takes. */
#define GCM_NONCE_MAX 128U

struct ae_context {
	/* GCM, or the CTR of CCM. */
	EVP_CIPHER_CTX *library;
	/* The CBC of CCM. */
	EVP_CIPHER_CTX *authentic;
	bool keyed;
	bool encrypt;
	size_t tag_size;
	/* GCM: what the library's context expects; 0: not told yet. */
	size_t nonce_size;
	/* Payload was there: no more additional data. */
	bool payload_begun;
	/* CCM: what is still to come, and what the MAC has of a block. */
	size_t aad_left;
	size_t payload_left;
	uint8_t held[BLOCK];
	size_t held_size;
	/* The MAC so far, and what the tag is masked with. */
	uint8_t mac[BLOCK];
	uint8_t mask[BLOCK];
};

static bool is_ccm(const struct operation *operation)
{
	return operation->algorithm->family == FAMILY_CCM;
}

static void ae_close(struct operation *operation)
{
	struct ae_context *context = operation->context;

	library_context_give(context->library);
	library_context_give(context->authentic);
	explicit_bzero(context, sizeof(*context));
	free(context);
}

static bool ae_open(struct operation *operation)
{
	struct ae_context *context = calloc(1, sizeof(*context));

	if (!context)
		return false;
	library_init();
	operation->context = context;
	context->encrypt = operation->mode == TEE_MODE_ENCRYPT;
	context->library = library_context_take();
	if (is_ccm(operation))
		context->authentic = library_context_take();
	return context->library && (!is_ccm(operation) || context->authentic);
}

static void ae_reset(struct operation *operation)
{
	struct ae_context *context = operation->context;

	if (is_ccm(operation)) {
		explicit_bzero(context->held, sizeof(context->held));
		explicit_bzero(context->mac, sizeof(context->mac));
		explicit_bzero(context->mask, sizeof(context->mask));
	}
	context->held_size = 0;
	context->payload_begun = false;
}

static bool ae_key_changed(struct operation *operation)
{
	struct ae_context *context = operation->context;

	if (!context->keyed)
		return true;
	context->keyed = false;
	context->nonce_size = 0;
	return EVP_CIPHER_CTX_reset(context->library) &&
	       (!context->authentic || EVP_CIPHER_CTX_reset(context->authentic));
}

static bool ae_copy(struct operation *to, const struct operation *from)
{
	struct ae_context *target = to->context;
	const struct ae_context *source = from->context;
	EVP_CIPHER_CTX *library = target->library;
	EVP_CIPHER_CTX *authentic = target->authentic;

	if (source->keyed && (!EVP_CIPHER_CTX_copy(library, source->library) ||
			      (authentic && !EVP_CIPHER_CTX_copy(authentic, source->authentic))))
		return false;
	*target = *source;
	target->library = library;
	target->authentic = authentic;
	return true;
}

const struct operation_methods gcm_methods = {
	.open = ae_open,
	.close = ae_close,
	.key_changed = ae_key_changed,
	.copy = ae_copy,
	.reset = ae_reset,
};

const struct operation_methods ccm_methods = {
	.open = ae_open,
	.close = ae_close,
	.key_changed = ae_key_changed,
	.copy = ae_copy,
	.reset = ae_reset,
};

/* `out` is NULL for what is authenticated alone. */
static bool library_pass(EVP_CIPHER_CTX *library, const uint8_t *in, uint8_t *out, size_t size)
{
	while (size) {
		const size_t piece = size < PIECE_MAX ? size : PIECE_MAX;
		int written;

		if (!EVP_CipherUpdate(library, out, &written, in, (int)piece))
			return false;
		in += piece;
		out = out ? out + piece : NULL;
		size -= piece;
	}
	return true;
}

/* A nonce that the library does not take, as one that is the same to GCM. */
static bool nonce_shorten(const struct attribute *key, const void *nonce, size_t nonce_size,
			  uint8_t shortened[GCM_BLOCK])
{
	static const uint8_t zeros[GCM_BLOCK];
	EVP_CIPHER_CTX *library = library_context_take();
	uint8_t subkey[GCM_BLOCK];
	const bool made =
		library &&
		EVP_EncryptInit_ex(library, library_cipher(BLOCK_AES, BLOCK_ECB, key->size), NULL,
				   key->bytes, NULL) &&
		library_pass(library, zeros, subkey, sizeof(subkey));

	library_context_give(library);
	if (made)
		gcm_nonce_shorten(subkey, nonce, nonce_size, shortened);
	explicit_bzero(subkey, sizeof(subkey));
	return made;
}

static bool gcm_start(struct operation *operation, const void *nonce, size_t nonce_size)
{
	struct ae_context *context = operation->context;
	uint8_t shortened[GCM_BLOCK];
	const struct attribute *key = operation_secret(operation, 0);
	const EVP_CIPHER *cipher = library_cipher(BLOCK_AES, BLOCK_GCM, key->size);

	if (nonce_size > GCM_NONCE_MAX) {
		if (!nonce_shorten(key, nonce, nonce_size, shortened))
			return false;
		nonce = shortened;
		nonce_size = sizeof(shortened);
	}
	if (!context->keyed &&
	    !EVP_CipherInit_ex(context->library, cipher, NULL, key->bytes, NULL, context->encrypt))
		return false;
	context->keyed = true;
	if (context->nonce_size != nonce_size &&
	    EVP_CIPHER_CTX_ctrl(context->library, EVP_CTRL_AEAD_SET_IVLEN, (int)nonce_size, NULL) <=
		    0)
		return false;
	context->nonce_size = nonce_size;
	return EVP_CipherInit_ex(context->library, NULL, NULL, NULL, nonce, -1);
}

/* CCM: into the CBC-MAC; what does not fill a block waits. */
static bool ccm_authenticate(struct ae_context *context, const uint8_t *in, size_t size)
{
	uint8_t out[1024];

	if (context->held_size) {
		size_t filling = BLOCK - context->held_size;

		if (filling > size)
			filling = size;
		memcpy(context->held + context->held_size, in, filling);
		context->held_size += filling;
		in += filling;
		size -= filling;
		if (context->held_size < BLOCK)
			return true;
		context->held_size = 0;
		if (!library_pass(context->authentic, context->held, context->mac, BLOCK))
			return false;
	}
	while (size >= BLOCK) {
		size_t piece = size < sizeof(out) ? size - size % BLOCK : sizeof(out);

		if (!library_pass(context->authentic, in, out, piece))
			return false;
		memcpy(context->mac, out + piece - BLOCK, BLOCK);
		in += piece;
		size -= piece;
	}
	memcpy(context->held, in, size);
	context->held_size = size;
	return true;
}

/* Zeros up to the next block. */
static bool ccm_align(struct ae_context *context)
{
	static const uint8_t zeros[BLOCK];

	return !context->held_size || ccm_authenticate(context, zeros, BLOCK - context->held_size);
}

static bool ccm_start(struct operation *operation, const uint8_t *nonce, size_t nonce_size,
		      size_t aad_size, size_t payload_size)
{
	struct ae_context *context = operation->context;
	const struct attribute *key = operation_secret(operation, 0);
	const size_t length_size = 15 - nonce_size;
	static const uint8_t zeros[BLOCK];
	uint8_t block[BLOCK] = { 0 };
	uint8_t aad_header[10];
	size_t header_size = 0;
	uint64_t left = payload_size;

	/* The counter block: its last octets count, from 0 for the tag's mask. */
	block[0] = (uint8_t)(length_size - 1);
	memcpy(block + 1, nonce, nonce_size);
	if (!EVP_EncryptInit_ex(context->library,
				context->keyed ? NULL
					       : library_cipher(BLOCK_AES, BLOCK_CTR, key->size),
				NULL, context->keyed ? NULL : key->bytes, block) ||
	    !EVP_EncryptInit_ex(context->authentic,
				context->keyed ? NULL
					       : library_cipher(BLOCK_AES, BLOCK_CBC, key->size),
				NULL, context->keyed ? NULL : key->bytes, zeros) ||
	    !EVP_CIPHER_CTX_set_padding(context->authentic, 0) ||
	    !library_pass(context->library, zeros, context->mask, BLOCK))
		return false;
	context->keyed = true;
	context->aad_left = aad_size;
	context->payload_left = payload_size;

	block[0] = (uint8_t)((aad_size ? 0x40 : 0) | (context->tag_size - 2) / 2 << 3 |
			     (length_size - 1));
	for (size_t i = BLOCK; i-- > BLOCK - length_size;) {
		block[i] = (uint8_t)left;
		left >>= 8;
	}
	if (!ccm_authenticate(context, block, BLOCK))
		return false;
	if (aad_size >= 0xFF00) {
		const size_t width = aad_size > UINT32_MAX ? 8 : 4;

		aad_header[header_size++] = 0xFF;
		aad_header[header_size++] = width == 8 ? 0xFF : 0xFE;
		for (size_t i = width; i--;)
			aad_header[header_size++] = (uint8_t)(aad_size >> 8 * i);
	} else if (aad_size) {
		aad_header[header_size++] = (uint8_t)(aad_size >> 8);
		aad_header[header_size++] = (uint8_t)aad_size;
	}
	return ccm_authenticate(context, aad_header, header_size);
}

static bool tag_bits_are_valid(const struct operation *operation, uint32_t bits)
{
	if (is_ccm(operation))
		return bits >= 32 && bits <= 128 && bits % 16 == 0;
	return bits >= 96 && bits <= 128 && bits % 8 == 0;
}

TEE_Result TEE_AEInit(TEE_OperationHandle operation, const void *nonce, size_t nonceLen,
		      uint32_t tagLen, size_t AADLen, size_t payloadLen)
{
	struct operation *op = operation_of(operation, TEE_OPERATION_AE, __func__);
	struct ae_context *context = op->context;
	bool started;

	if (!(op->flags & TEE_HANDLE_FLAG_KEY_SET))
		PANIC_STATE("the operation has no key");
	if (op->state != TEE_OPERATION_STATE_INITIAL)
		PANIC_STATE("the operation is not in the initial state");
	if (!nonce || !nonceLen)
		PANIC_PARAMETER("there is no nonce");
	if (!tag_bits_are_valid(op, tagLen))
		return TEE_ERROR_NOT_SUPPORTED;
	if (is_ccm(op)) {
		if (nonceLen < 7 || nonceLen > 13)
			PANIC_PARAMETER("the nonce of CCM has 7 to 13 octets");
		if (nonceLen > 7 && payloadLen >> 8 * (15 - nonceLen))
			PANIC_PARAMETER("payloadLen is more than CCM can do with that nonce");
	}
	ae_reset(op);
	context->tag_size = tagLen / 8;
	started = is_ccm(op) ? ccm_start(op, nonce, nonceLen, AADLen, payloadLen)
			     : gcm_start(op, nonce, nonceLen);
	if (!started)
		complain(__func__, TEE_ERROR_GENERIC, "libcrypto fails");
	op->digest_length = tagLen / 8;
	op->flags |= TEE_HANDLE_FLAG_INITIALIZED;
	return TEE_SUCCESS;
}

void TEE_AEUpdateAAD(TEE_OperationHandle operation, const void *AADdata, size_t AADdataLen)
{
	struct operation *op = operation_begun(operation, TEE_OPERATION_AE, __func__);
	struct ae_context *context = op->context;
	bool taken;

	operation_check_buffer(AADdata, AADdataLen, __func__);
	if (op->state != TEE_OPERATION_STATE_INITIAL)
		PANIC_STATE("payload was there already");
	if (!AADdataLen)
		return;
	if (is_ccm(op)) {
		if (AADdataLen > context->aad_left)
			PANIC_PARAMETER("there is more additional data than TEE_AEInit was told");
		context->aad_left -= AADdataLen;
		taken = ccm_authenticate(context, AADdata, AADdataLen);
	} else {
		taken = library_pass(context->library, AADdata, NULL, AADdataLen);
	}
	if (!taken)
		complain(__func__, TEE_ERROR_GENERIC, "libcrypto fails");
}

static void payload_pass(struct operation *operation, const uint8_t *in, size_t size, uint8_t *out,
			 const char *function)
{
	struct ae_context *context = operation->context;
	bool passed;

	if (!size)
		return;
	if (!is_ccm(operation)) {
		context->payload_begun = true;
		if (!library_pass(context->library, in, out, size))
			complain(function, TEE_ERROR_GENERIC, "libcrypto fails");
		return;
	}
	if (context->aad_left)
		complain(function, TEE_ERROR_BAD_STATE,
			 "there is less additional data than TEE_AEInit was told");
	if (size > context->payload_left)
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "there is more payload than TEE_AEInit was told");
	passed = context->payload_begun || ccm_align(context);
	context->payload_begun = true;
	context->payload_left -= size;
	if (context->encrypt)
		passed = passed && ccm_authenticate(context, in, size) &&
			 library_pass(context->library, in, out, size);
	else
		passed = passed && library_pass(context->library, in, out, size) &&
			 ccm_authenticate(context, out, size);
	if (!passed)
		complain(function, TEE_ERROR_GENERIC, "libcrypto fails");
}

TEE_Result TEE_AEUpdate(TEE_OperationHandle operation, const void *srcData, size_t srcLen,
			void *destData, size_t *destLen)
{
	struct operation *op = operation_begun(operation, TEE_OPERATION_AE, __func__);
	size_t room;

	operation_check_buffer(srcData, srcLen, __func__);
	if (!destLen)
		PANIC_PARAMETER("destLen is NULL");
	room = destData ? *destLen : 0;
	*destLen = srcLen;
	if (room < srcLen)
		return TEE_ERROR_SHORT_BUFFER;
	payload_pass(op, srcData, srcLen, destData, __func__);
	if (srcLen)
		op->state = TEE_OPERATION_STATE_ACTIVE;
	return TEE_SUCCESS;
}

/* The tag of CCM, once all is there. */
static void ccm_tag(struct operation *operation, uint8_t tag[TAG_SIZE_MAX], const char *function)
{
	struct ae_context *context = operation->context;

	if (context->aad_left || context->payload_left)
		complain(function, TEE_ERROR_BAD_STATE,
			 "there is less additional data or payload than TEE_AEInit was told");
	if (!ccm_align(context))
		complain(function, TEE_ERROR_GENERIC, "libcrypto fails");
	for (size_t i = 0; i < context->tag_size; i++)
		tag[i] = context->mac[i] ^ context->mask[i];
}

/* As EVP_CTRL_AEAD_GET_TAG, but by the shorter way. */
static bool gcm_tag(struct ae_context *context, void *tag)
{
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, context->tag_size),
		OSSL_PARAM_END,
	};

	return EVP_CIPHER_CTX_get_params(context->library, parameters) > 0;
}

TEE_Result TEE_AEEncryptFinal(TEE_OperationHandle operation, const void *srcData, size_t srcLen,
			      void *destData, size_t *destLen, void *tag, size_t *tagLen)
{
	struct operation *op = operation_begun(operation, TEE_OPERATION_AE, __func__);
	struct ae_context *context = op->context;
	size_t room, tag_room;
	uint8_t rest[BLOCK];
	int written;

	operation_check_buffer(srcData, srcLen, __func__);
	if (op->mode != TEE_MODE_ENCRYPT)
		PANIC_PARAMETER("the operation's mode is not TEE_MODE_ENCRYPT");
	if (!destLen || !tagLen)
		PANIC_PARAMETER("destLen or tagLen is NULL");
	room = destData ? *destLen : 0;
	tag_room = tag ? *tagLen : 0;
	if (room < srcLen || tag_room < context->tag_size) {
		*destLen = srcLen;
		*tagLen = context->tag_size;
		return TEE_ERROR_SHORT_BUFFER;
	}
	*destLen = srcLen;
	*tagLen = context->tag_size;
	payload_pass(op, srcData, srcLen, destData, __func__);
	if (is_ccm(op))
		ccm_tag(op, tag, __func__);
	else if (!EVP_EncryptFinal_ex(context->library, rest, &written) || !gcm_tag(context, tag))
		complain(__func__, TEE_ERROR_GENERIC, "libcrypto fails");
	ae_reset(op);
	operation_end(op);
	return TEE_SUCCESS;
}

TEE_Result TEE_AEDecryptFinal(TEE_OperationHandle operation, const void *srcData, size_t srcLen,
			      void *destData, size_t *destLen, void *tag, size_t tagLen)
{
	struct operation *op = operation_begun(operation, TEE_OPERATION_AE, __func__);
	struct ae_context *context = op->context;
	uint8_t computed[TAG_SIZE_MAX], rest[BLOCK];
	bool authentic;
	size_t room;
	int written;

	operation_check_buffer(srcData, srcLen, __func__);
	operation_check_buffer(tag, tagLen, __func__);
	if (op->mode != TEE_MODE_DECRYPT)
		PANIC_PARAMETER("the operation's mode is not TEE_MODE_DECRYPT");
	if (!destLen)
		PANIC_PARAMETER("destLen is NULL");
	room = destData ? *destLen : 0;
	if (room < srcLen) {
		*destLen = srcLen;
		return TEE_ERROR_SHORT_BUFFER;
	}
	/* In place, the tag may lie behind the data but not in it. */
	if (tagLen)
		memcpy(computed, tag, tagLen < sizeof(computed) ? tagLen : sizeof(computed));
	payload_pass(op, srcData, srcLen, destData, __func__);
	authentic = tagLen == context->tag_size;
	if (is_ccm(op)) {
		uint8_t expected[TAG_SIZE_MAX];

		ccm_tag(op, expected, __func__);
		authentic = authentic && CRYPTO_memcmp(expected, computed, tagLen) == 0;
		explicit_bzero(expected, sizeof(expected));
	} else {
		authentic = authentic &&
			    EVP_CIPHER_CTX_ctrl(context->library, EVP_CTRL_AEAD_SET_TAG,
						(int)tagLen, computed) > 0 &&
			    EVP_DecryptFinal_ex(context->library, rest, &written) > 0;
	}
	ae_reset(op);
	operation_end(op);
	if (!authentic) {
		/* What is not authentic is not handed out here; TEE_AEUpdate() can't know. */
		if (srcLen)
			memset(destData, 0, srcLen);
		*destLen = 0;
		return TEE_ERROR_MAC_INVALID;
	}
	*destLen = srcLen;
	return TEE_SUCCESS;
}
