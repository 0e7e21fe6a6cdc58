#include "teep/otrp/ta_cms.h"

#include <endian.h>
#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>

#include "teep/pki/certificate.h"
#include "teep/pki/der.h"
#include "teep/pki/fetched.h"
#include "teep/pki/openssl_auto.h"
#include "teep/pki/signature.h"

#define MAGIC  "TEESIMCM"
#define FORMAT 1U

struct header {
	char magic[8];
	uint32_t format;
	uint32_t version;
	uint8_t uuid[16];
	uint32_t flags;
	uint32_t name_length;
	uint64_t image_size;
	char name[TA_CMS_NAME_MAX];
} __attribute__((packed));

_Static_assert(sizeof(struct header) == TA_CMS_HEADER_SIZE, "the header as documented");

static bool name_printable(const char *name, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((uint8_t)name[i] < 0x20 || (uint8_t)name[i] > 0x7e)
			return false;
	return true;
}

bool ta_cms_header(const struct uuid *uuid, uint32_t version, const char *name, size_t image_size,
		   uint8_t header[TA_CMS_HEADER_SIZE])
{
	struct header out = {
		.magic = MAGIC,
		.format = htole32(FORMAT),
		.version = htole32(version),
		.name_length = htole32((uint32_t)strlen(name)),
		.image_size = htole64(image_size),
	};

	if (strlen(name) > sizeof(out.name) || !name_printable(name, strlen(name)))
		return false;
	memcpy(out.uuid, uuid->octet, sizeof(out.uuid));
	memcpy(out.name, name, strlen(name));
	memcpy(header, &out, sizeof(out));
	return true;
}

uint8_t *ta_cms_sign(const uint8_t header[TA_CMS_HEADER_SIZE], const void *image, size_t image_size,
		     X509 *signer, EVP_PKEY *key, size_t *size)
{
	const unsigned int flags = CMS_BINARY | CMS_NOSMIMECAP;
	BIO_AUTO content = BIO_new(BIO_s_mem());
	CMS_AUTO cms = NULL;
	uint8_t *der = NULL;
	int n;

	if (!content || BIO_write(content, header, TA_CMS_HEADER_SIZE) != TA_CMS_HEADER_SIZE ||
	    (image_size && BIO_write(content, image, (int)image_size) != (int)image_size))
		return NULL;
	cms = CMS_sign(NULL, NULL, NULL, content, flags | CMS_PARTIAL);
	if (!cms ||
	    !CMS_add1_signer(cms, signer, key,
			     key_kind(key) == KEY_P384 ? EVP_sha384() : EVP_sha256(), flags) ||
	    CMS_final(cms, content, NULL, flags) != 1)
		return NULL;
	n = i2d_CMS_ContentInfo(cms, &der);
	*size = n > 0 ? (size_t)n : 0;
	return n > 0 ? der : NULL;
}

/* Which allowed certificate the package was signed with, by comparing octets; -1 for none. */
static int signer_find(CMS_ContentInfo *cms, const struct span_list *allowed)
{
	X509_STACK_AUTO embedded = CMS_get1_certs(cms);

	for (int i = 0; i < sk_X509_num(embedded); i++) {
		size_t size;
		uint8_t *der = certificate_encode(sk_X509_value(embedded, i), &size);
		int found = -1;

		for (uint32_t n = 0; der && found < 0 && n < allowed->count; n++)
			if (span_equal(span_of(der, size), allowed->item[n]))
				found = (int)n;
		OPENSSL_free(der);
		if (found >= 0)
			return found;
	}
	return -1;
}

/* One signer, signed attributes, a digest that is strong enough. */
static bool signer_info_fits(CMS_ContentInfo *cms)
{
	STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);
	CMS_SignerInfo *info;
	X509_ALGOR *digest;

	if (sk_CMS_SignerInfo_num(infos) != 1)
		return false;
	info = sk_CMS_SignerInfo_value(infos, 0);
	CMS_SignerInfo_get0_algs(info, NULL, NULL, &digest, NULL);
	switch (OBJ_obj2nid(digest->algorithm)) {
	case NID_sha256:
	case NID_sha384:
		return CMS_signed_get_attr_count(info) > 0;
	default:
		return false;
	}
}

/* The set of signed attributes as it was signed: OpenSSL has no call that gives it. */
static int attributes_take(CMS_SignerInfo *info, struct arena *arena, struct span *out)
{
	uint8_t *octets, *at;
	int size = 0;

	for (int i = 0; i < CMS_signed_get_attr_count(info); i++)
		size += i2d_X509_ATTRIBUTE(CMS_signed_get_attr(info, i), NULL);
	octets = at = arena_take(arena, (size_t)ASN1_object_size(1, size, V_ASN1_SET));
	if (!octets)
		return -ENOMEM;
	ASN1_put_object(&at, 1, size, V_ASN1_SET, V_ASN1_UNIVERSAL);
	for (int i = 0; i < CMS_signed_get_attr_count(info); i++)
		(void)i2d_X509_ATTRIBUTE(CMS_signed_get_attr(info, i), &at);
	*out = span_of(octets, (size_t)(at - octets));
	return 0;
}

static const char data_type[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
static const char signed_data_type[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
static const char sha256_type[] = "\x60\x86\x48\x01\x65\x03\x04\x02\x01";
static const char sha384_type[] = "\x60\x86\x48\x01\x65\x03\x04\x02\x02";

#define OID_OF(octets) span_of(octets, sizeof(octets) - 1)

/* The certificates' place in the list of those that are allowed, the first that is in both. */
static bool signer_cut(struct span embedded, const struct span_list *allowed, uint32_t *signer)
{
	struct span unused, der;

	while (embedded.size) {
		if (!der_take(&embedded, DER_SEQUENCE, &unused, &der))
			return false;
		for (uint32_t n = 0; n < allowed->count; n++)
			if (span_equal(der, allowed->item[n])) {
				*signer = n;
				return true;
			}
	}
	return false;
}

/* Of the one SignerInfo: the octets of its attributes, and what it says of the rest. */
static bool signer_info_cut(struct span infos, struct span *attributes, struct ta_cms_parts *out)
{
	struct span info, algorithm, type, unused;

	if (!der_only(infos, DER_SEQUENCE, &info) || !der_take(&info, DER_INTEGER, &unused, NULL) ||
	    !der_take(&info, DER_SEQUENCE, &unused, NULL) ||
	    !der_take(&info, DER_SEQUENCE, &algorithm, NULL) ||
	    !der_take(&algorithm, DER_OID, &type, NULL) ||
	    !der_take(&info, DER_CONTEXT_0, attributes, NULL) || !attributes->size ||
	    !der_take(&info, DER_SEQUENCE, &unused, NULL) ||
	    !der_only(info, DER_OCTET_STRING, &out->signature))
		return false;
	if (span_equal(type, OID_OF(sha256_type)))
		out->digest = 32;
	else if (span_equal(type, OID_OF(sha384_type)))
		out->digest = 48;
	return out->digest;
}

/* A package as nearly everybody makes it, without a look at what is in its certificates: OpenSSL
 * takes a multiple of the rest of a command for that. Whatever has another form is OpenSSL's to
 * take or to refuse. The spans are the package's own. */
static bool package_cut(struct span package, const struct span_list *allowed,
			struct span *attributes, struct ta_cms_parts *out)
{
	struct span outer, type, tagged, data, content, embedded, infos, unused;

	return der_only(package, DER_SEQUENCE, &outer) && der_take(&outer, DER_OID, &type, NULL) &&
	       span_equal(type, OID_OF(signed_data_type)) &&
	       der_only(outer, DER_CONTEXT_0, &tagged) && der_only(tagged, DER_SEQUENCE, &data) &&
	       der_take(&data, DER_INTEGER, &unused, NULL) &&
	       der_take(&data, DER_SET, &unused, NULL) &&
	       der_take(&data, DER_SEQUENCE, &content, NULL) &&
	       der_take(&content, DER_OID, &type, NULL) && span_equal(type, OID_OF(data_type)) &&
	       der_only(content, DER_CONTEXT_0, &tagged) &&
	       der_only(tagged, DER_OCTET_STRING, &out->content) &&
	       der_take(&data, DER_CONTEXT_0, &embedded, NULL) && der_only(data, DER_SET, &infos) &&
	       signer_cut(embedded, allowed, &out->signer) &&
	       signer_info_cut(infos, attributes, out);
}

/* The parts that were cut, in the arena. */
static int parts_keep(struct span attributes, struct arena *arena, struct ta_cms_parts *out)
{
	const int size = (int)attributes.size;
	uint8_t *octets, *at;

	octets = at = arena_take(arena, (size_t)ASN1_object_size(1, size, V_ASN1_SET));
	if (!octets || !arena_copy(arena, out->content.data, out->content.size, &out->content) ||
	    !arena_copy(arena, out->signature.data, out->signature.size, &out->signature))
		return -ENOMEM;
	ASN1_put_object(&at, 1, size, V_ASN1_SET, V_ASN1_UNIVERSAL);
	at = mempcpy(at, attributes.data, attributes.size);
	out->attributes = span_of(octets, (size_t)(at - octets));
	return 0;
}

int ta_cms_take(struct span package, const struct span_list *allowed, struct arena *arena,
		struct ta_cms_parts *out, const char **why)
{
	const uint8_t *at = package.data;
	const ASN1_OCTET_STRING *signature;
	ASN1_OCTET_STRING **content;
	CMS_SignerInfo *info;
	struct span attributes;
	X509_ALGOR *digest;
	CMS_AUTO cms = NULL;
	int which;

	*out = (struct ta_cms_parts) { 0 };
	if (package.size <= INT32_MAX && package_cut(package, allowed, &attributes, out))
		return parts_keep(attributes, arena, out);
	*out = (struct ta_cms_parts) { 0 };
	if (package.size <= INT32_MAX)
		cms = d2i_CMS_ContentInfo(NULL, &at, (long)package.size);
	*why = "is no CMS SignedData with one signer and SHA-256";
	if (!cms || at != package.data + package.size ||
	    OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed || !signer_info_fits(cms))
		return -EACCES;
	*why = "is not signed by a certificate of this security domain";
	which = signer_find(cms, allowed);
	if (which < 0)
		return -EACCES;
	out->signer = (uint32_t)which;
	*why = "has no content";
	content = CMS_get0_content(cms);
	if (!content || !*content || OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
		return -EACCES;
	info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
	CMS_SignerInfo_get0_algs(info, NULL, NULL, &digest, NULL);
	out->digest = OBJ_obj2nid(digest->algorithm) == NID_sha256 ? 32 : 48;
	signature = CMS_SignerInfo_get0_signature(info);
	if (attributes_take(info, arena, &out->attributes) ||
	    !arena_copy(arena, ASN1_STRING_get0_data(signature),
			(size_t)ASN1_STRING_length(signature), &out->signature) ||
	    !arena_copy(arena, ASN1_STRING_get0_data(*content),
			(size_t)ASN1_STRING_length(*content), &out->content))
		return -ENOMEM;
	return 0;
}

/* The value of the attribute, which stands there once and has one value. */
static bool attribute_find(struct span attributes, struct span type, enum der_tag tag,
			   struct span *value)
{
	struct span set, attribute, oid, values;
	unsigned found = 0;

	if (!der_only(attributes, DER_SET, &set))
		return false;
	while (set.size) {
		if (!der_take(&set, DER_SEQUENCE, &attribute, NULL) ||
		    !der_take(&attribute, DER_OID, &oid, NULL))
			return false;
		if (!span_equal(oid, type))
			continue;
		if (!der_only(attribute, DER_SET, &values) || !der_only(values, tag, value))
			return false;
		found++;
	}
	return found == 1;
}

static const char content_type[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03";
static const char message_digest[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";

int ta_cms_attributes_parse(struct span attributes, struct span *digest)
{
	struct span type;

	return attribute_find(attributes, OID_OF(content_type), DER_OID, &type) &&
			       span_equal(type, OID_OF(data_type)) &&
			       attribute_find(attributes, OID_OF(message_digest), DER_OCTET_STRING,
					      digest)
		       ? 0
		       : -EACCES;
}

/* RFC 5652 section 5.6: the attributes stand for the content by its digest. */
static bool content_fits(const struct ta_cms_parts *parts)
{
	const EVP_MD *method =
		fetched_digest(parts->digest == 32 ? FETCHED_SHA256 : FETCHED_SHA384);
	struct span stated;
	uint8_t digest[48];

	return ta_cms_attributes_parse(parts->attributes, &stated) == 0 &&
	       EVP_Digest(parts->content.data, parts->content.size, digest, NULL, method, NULL) ==
		       1 &&
	       span_equal(stated, span_of(digest, parts->digest));
}

int ta_cms_header_parse(struct span content, struct ta_cms *out, const char **why)
{
	struct header header;

	*out = (struct ta_cms) { 0 };
	*why = "has a damaged header";
	if (content.size < sizeof(header))
		return -EACCES;
	memcpy(&header, content.data, sizeof(header));
	if (memcmp(header.magic, MAGIC, sizeof(header.magic)) != 0 ||
	    le32toh(header.format) != FORMAT || header.flags ||
	    le32toh(header.name_length) > sizeof(header.name) ||
	    le64toh(header.image_size) != content.size - sizeof(header))
		return -EACCES;
	memcpy(out->uuid.octet, header.uuid, sizeof(out->uuid.octet));
	out->version = le32toh(header.version);
	if (!name_printable(header.name, le32toh(header.name_length)))
		return -EACCES;
	out->name =
		span_of(content.data + offsetof(struct header, name), le32toh(header.name_length));
	out->image = span_of(content.data + sizeof(header), content.size - sizeof(header));
	return 0;
}

int ta_cms_check(const struct ta_cms_parts *parts, EVP_PKEY *key, struct ta_cms *out,
		 const char **why)
{
	const bool rsa = key_kind(key) == KEY_RSA;
	enum signature_method method;
	int rc;

	*out = (struct ta_cms) { 0 };
	if (parts->digest == 32)
		method = rsa ? METHOD_RSA_SHA256 : METHOD_ECDSA_SHA256;
	else
		method = rsa ? METHOD_RSA_SHA384 : METHOD_ECDSA_SHA384;
	*why = "has a signature that does not hold";
	if ((parts->digest != 32 && parts->digest != 48) || !parts->content.data ||
	    !signature_holds_by(key, method, parts->attributes.data, parts->attributes.size,
				parts->signature.data, parts->signature.size) ||
	    !content_fits(parts))
		return -EACCES;
	rc = ta_cms_header_parse(parts->content, out, why);
	out->signer = parts->signer;
	return rc;
}

int ta_cms_parse(struct span package, const struct span_list *allowed, struct arena *arena,
		 struct ta_cms *out, const char **why)
{
	X509_AUTO signer = NULL;
	struct ta_cms_parts parts;
	int rc;

	*out = (struct ta_cms) { 0 };
	rc = ta_cms_take(package, allowed, arena, &parts, why);
	if (rc)
		return rc;
	signer = certificate_parse(allowed->item[parts.signer].data,
				   allowed->item[parts.signer].size);
	return ta_cms_check(&parts, signer ? X509_get0_pubkey(signer) : NULL, out, why);
}
