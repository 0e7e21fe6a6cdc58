#include "teep/pki/signed_object.h"

#include <errno.h>

#include "teep/pki/der.h"

#define METHOD(number, text)                   \
	{                                      \
		number, sizeof(text) - 1, text \
	}

/* AlgorithmIdentifiers, whole. RSA's parameters are NULL or, by some, left out. */
static const struct {
	enum signature_method method;
	size_t size;
	const char *octets;
} methods[] = {
	METHOD(METHOD_RSA_SHA256, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"),
	METHOD(METHOD_RSA_SHA384, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00"),
	METHOD(METHOD_RSA_SHA512, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00"),
	METHOD(METHOD_RSA_SHA256, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"),
	METHOD(METHOD_RSA_SHA384, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"),
	METHOD(METHOD_RSA_SHA512, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"),
	METHOD(METHOD_ECDSA_SHA256, "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"),
	METHOD(METHOD_ECDSA_SHA384, "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"),
	METHOD(METHOD_ECDSA_SHA512, "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04"),
};

/* id-pkix-ocsp-basic */
static const char basic_response[] = "\x2b\x06\x01\x05\x05\x07\x30\x01\x01";

static enum signature_method method_find(struct span algorithm)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (span_equal(algorithm, span_of(methods[i].octets, methods[i].size)))
			return methods[i].method;
	return METHOD_NONE;
}

/* The three elements; what is behind them stays in *content. */
static bool object_take(struct span *content, struct signed_object *out)
{
	struct span unused, algorithm, bits;

	if (!der_take(content, DER_SEQUENCE, &unused, &out->body) ||
	    !der_take(content, DER_SEQUENCE, &algorithm, NULL) ||
	    !der_take(content, DER_BIT_STRING, &bits, NULL) || bits.size < 2 || bits.data[0])
		return false;
	out->method = method_find(algorithm);
	out->signature = span_of(bits.data + 1, bits.size - 1);
	return true;
}

int signed_certificate_parse(struct span der, struct signed_object *out)
{
	struct span content;

	return der_only(der, DER_SEQUENCE, &content) && object_take(&content, out) &&
			       content.size == 0
		       ? 0
		       : -EBADMSG;
}

/* The octets of the BasicOCSPResponse inside. */
static bool basic_find(struct span der, struct span *basic)
{
	struct span content, status, bytes, inner, type;

	return der_only(der, DER_SEQUENCE, &content) &&
	       der_take(&content, DER_ENUMERATED, &status, NULL) &&
	       span_equal(status, span_of("\0", 1)) && der_only(content, DER_CONTEXT_0, &bytes) &&
	       der_only(bytes, DER_SEQUENCE, &inner) && der_take(&inner, DER_OID, &type, NULL) &&
	       span_equal(type, span_of(basic_response, sizeof(basic_response) - 1)) &&
	       der_only(inner, DER_OCTET_STRING, basic);
}

int signed_response_parse(struct span der, struct signed_object *out, struct span_list *brought)
{
	struct span basic, content, tagged, list, unused;

	brought->count = 0;
	if (!basic_find(der, &basic) || !der_only(basic, DER_SEQUENCE, &content) ||
	    !object_take(&content, out))
		return -EBADMSG;
	if (content.size == 0)
		return 0;
	if (!der_only(content, DER_CONTEXT_0, &tagged) || !der_only(tagged, DER_SEQUENCE, &list))
		return -EBADMSG;
	while (brought->count < SPAN_LIST_MAX &&
	       der_take(&list, DER_SEQUENCE, &unused, &brought->item[brought->count]))
		brought->count++;
	return 0;
}

bool signed_object_holds(const struct signed_object *object, EVP_PKEY *key)
{
	return signature_holds_by(key, object->method, object->body.data, object->body.size,
				  object->signature.data, object->signature.size);
}
