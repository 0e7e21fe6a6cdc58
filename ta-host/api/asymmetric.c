/*
 * Internal Core API 6.7: asymmetric encryption and signatures.
 */
#include "api/asymmetric.h"

#include <endian.h>
#include <limits.h>
#include <string.h>
#include <tee_api.h>

#include "api/complaint.h"
#include "api/operation.h"

static const struct {
	asymmetric_transform *encrypt, *decrypt, *sign;
	asymmetric_check *verify;
} families[] = {
	[FAMILY_RSA_CIPHER] = { .encrypt = rsa_encrypt, .decrypt = rsa_decrypt },
	[FAMILY_RSA_SIGNATURE] = { .sign = rsa_sign, .verify = rsa_verify },
	[FAMILY_DSA] = { .sign = dsa_sign, .verify = dsa_verify },
	[FAMILY_ECDSA] = { .sign = ecdsa_sign, .verify = ecdsa_verify },
	[FAMILY_EDDSA] = { .sign = eddsa_sign, .verify = eddsa_verify },
	[FAMILY_SM2_SIGNATURE] = { .sign = sm2_sign, .verify = sm2_verify },
	[FAMILY_SM2_CIPHER] = { .encrypt = sm2_encrypt, .decrypt = sm2_decrypt },
};

bool asymmetric_has_room(const uint8_t *out, size_t *out_size, size_t needed)
{
	const size_t room = out ? *out_size : 0;

	*out_size = needed;
	return room >= needed;
}

/* The identifier of a digest that comes in four octets: of this machine's order, or big-endian. */
static enum digest digest_parse(const TEE_Attribute *attribute)
{
	enum digest digest;
	uint32_t id;

	if (attribute->content.ref.length != sizeof(id))
		return DIGEST_NONE;
	memcpy(&id, attribute->content.ref.buffer, sizeof(id));
	digest = library_digest_of(id);
	return digest != DIGEST_NONE ? digest : library_digest_of(be32toh(id));
}

static struct asymmetric_parameters parameters_parse(const TEE_Attribute *params, uint32_t count,
						     const char *function)
{
	struct asymmetric_parameters parsed = { .salt_length = -1 };

	if (!params && count)
		complain(function, TEE_ERROR_BAD_PARAMETERS, "params is NULL");
	for (uint32_t i = 0; i < count; i++) {
		const TEE_Attribute *attribute = &params[i];

		if (!(attribute->attributeID & TEE_ATTR_FLAG_VALUE))
			operation_check_buffer(attribute->content.ref.buffer,
					       attribute->content.ref.length, function);
		switch (attribute->attributeID) {
		case TEE_ATTR_RSA_OAEP_LABEL:
			parsed.label.at = attribute->content.ref.buffer;
			parsed.label.size = attribute->content.ref.length;
			break;
		case TEE_ATTR_RSA_OAEP_MGF_HASH:
			parsed.mgf = digest_parse(attribute);
			if (parsed.mgf == DIGEST_NONE)
				complain(function, TEE_ERROR_BAD_PARAMETERS,
					 "TEE_ATTR_RSA_OAEP_MGF_HASH names no digest");
			break;
		case TEE_ATTR_RSA_PSS_SALT_LENGTH:
			if (attribute->content.value.a <= INT_MAX)
				parsed.salt_length = (int)attribute->content.value.a;
			break;
		case TEE_ATTR_EDDSA_CTX:
			parsed.context.at = attribute->content.ref.buffer;
			parsed.context.size = attribute->content.ref.length;
			parsed.has_context = true;
			break;
		case TEE_ATTR_EDDSA_PREHASH:
			parsed.prehash = attribute->content.value.a;
			break;
		default:
			/* Of no meaning here. */
			break;
		}
	}
	return parsed;
}

static bool is_one_of(TEE_Result result, const TEE_Result *allowed)
{
	while (*allowed != TEE_ERROR_GENERIC)
		if (result == *allowed++)
			return true;
	return false;
}

static const TEE_Result cipher_results[] = { TEE_SUCCESS,
					     TEE_ERROR_SHORT_BUFFER,
					     TEE_ERROR_BAD_PARAMETERS,
					     TEE_ERROR_NOT_SUPPORTED,
					     TEE_ERROR_CIPHERTEXT_INVALID,
					     TEE_ERROR_GENERIC };
static const TEE_Result sign_results[] = { TEE_SUCCESS, TEE_ERROR_SHORT_BUFFER,
					   TEE_ERROR_NOT_SUPPORTED, TEE_ERROR_GENERIC };
static const TEE_Result verify_results[] = { TEE_SUCCESS, TEE_ERROR_SIGNATURE_INVALID,
					     TEE_ERROR_NOT_SUPPORTED, TEE_ERROR_GENERIC };

static TEE_Result result_check(TEE_Result result, const TEE_Result *allowed, const char *function)
{
	if (is_one_of(result, allowed))
		return result;
	if (result == TEE_ERROR_BAD_PARAMETERS)
		complain(function, result,
			 "the digest's length is not that of the algorithm's, or too much for the "
			 "key");
	complain(function, result, "the key can't be used with the algorithm");
}

static TEE_Result transform(asymmetric_transform *function, struct operation *operation,
			    const TEE_Attribute *params, uint32_t count, struct octets in,
			    uint8_t *out, size_t *out_size, const char *name)
{
	const struct asymmetric_parameters parsed = parameters_parse(params, count, name);

	operation_check_buffer(in.at, in.size, name);
	if (!out_size)
		complain(name, TEE_ERROR_BAD_PARAMETERS,
			 "the pointer to the output's length is NULL");
	return function(operation, &parsed, in, out, out_size);
}

TEE_Result TEE_AsymmetricEncrypt(TEE_OperationHandle operation, const TEE_Attribute *params,
				 uint32_t paramCount, const void *srcData, size_t srcLen,
				 void *destData, size_t *destLen)
{
	struct operation *op = operation_with_key(operation, TEE_OPERATION_ASYMMETRIC_CIPHER,
						  TEE_MODE_ENCRYPT, __func__);
	const struct octets in = { srcData, srcLen };

	return result_check(transform(families[op->algorithm->family].encrypt, op, params,
				      paramCount, in, destData, destLen, __func__),
			    cipher_results, __func__);
}

TEE_Result TEE_AsymmetricDecrypt(TEE_OperationHandle operation, const TEE_Attribute *params,
				 uint32_t paramCount, const void *srcData, size_t srcLen,
				 void *destData, size_t *destLen)
{
	struct operation *op = operation_with_key(operation, TEE_OPERATION_ASYMMETRIC_CIPHER,
						  TEE_MODE_DECRYPT, __func__);
	const struct octets in = { srcData, srcLen };

	return result_check(transform(families[op->algorithm->family].decrypt, op, params,
				      paramCount, in, destData, destLen, __func__),
			    cipher_results, __func__);
}

TEE_Result TEE_AsymmetricSignDigest(TEE_OperationHandle operation, const TEE_Attribute *params,
				    uint32_t paramCount, const void *digest, size_t digestLen,
				    void *signature, size_t *signatureLen)
{
	struct operation *op = operation_with_key(operation, TEE_OPERATION_ASYMMETRIC_SIGNATURE,
						  TEE_MODE_SIGN, __func__);
	const struct octets in = { digest, digestLen };

	return result_check(transform(families[op->algorithm->family].sign, op, params, paramCount,
				      in, signature, signatureLen, __func__),
			    sign_results, __func__);
}

TEE_Result TEE_AsymmetricVerifyDigest(TEE_OperationHandle operation, const TEE_Attribute *params,
				      uint32_t paramCount, const void *digest, size_t digestLen,
				      const void *signature, size_t signatureLen)
{
	struct operation *op = operation_with_key(operation, TEE_OPERATION_ASYMMETRIC_SIGNATURE,
						  TEE_MODE_VERIFY, __func__);
	const struct asymmetric_parameters parsed = parameters_parse(params, paramCount, __func__);
	const struct octets in = { digest, digestLen }, sealed = { signature, signatureLen };

	operation_check_buffer(digest, digestLen, __func__);
	operation_check_buffer(signature, signatureLen, __func__);
	return result_check(families[op->algorithm->family].verify(op, &parsed, in, sealed),
			    verify_results, __func__);
}
