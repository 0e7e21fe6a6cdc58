#include "teep/otrp/ta_cms.h"

#include <endian.h>
#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>

#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"

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

	if (strlen(name) > sizeof(out.name))
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

static bool signature_verify(CMS_ContentInfo *cms, X509 *signer)
{
	STACK_OF(X509) *only = sk_X509_new_null();
	bool holds;

	/* Not whoever is embedded: the one certificate that was chosen. */
	holds = only && sk_X509_push(only, signer) &&
		CMS_verify(cms, only, NULL, NULL, NULL,
			   CMS_BINARY | CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY) == 1;
	sk_X509_free(only);
	return holds;
}

static int content_parse(struct span content, struct arena *arena, struct ta_cms *out,
			 const char **why)
{
	struct header header;

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
	for (uint32_t i = 0; i < le32toh(header.name_length); i++)
		if ((uint8_t)header.name[i] < 0x20 || (uint8_t)header.name[i] > 0x7e)
			return -EACCES;
	return arena_copy(arena, header.name, le32toh(header.name_length), &out->name) &&
			       arena_copy(arena, content.data + sizeof(header),
					  content.size - sizeof(header), &out->image)
		       ? 0
		       : -ENOMEM;
}

int ta_cms_parse(struct span package, const struct span_list *allowed, struct arena *arena,
		 struct ta_cms *out, const char **why)
{
	const uint8_t *at = package.data;
	CMS_AUTO cms = package.size <= INT32_MAX
			       ? d2i_CMS_ContentInfo(NULL, &at, (long)package.size)
			       : NULL;
	X509_AUTO signer = NULL;
	ASN1_OCTET_STRING **content;
	int which;

	*out = (struct ta_cms) { 0 };
	*why = "is no CMS SignedData with one signer and SHA-256";
	if (!cms || at != package.data + package.size ||
	    OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed || !signer_info_fits(cms))
		return -EACCES;
	*why = "is not signed by a certificate of this security domain";
	which = signer_find(cms, allowed);
	if (which < 0)
		return -EACCES;
	out->signer = (uint32_t)which;
	signer = certificate_parse(allowed->item[which].data, allowed->item[which].size);
	*why = "has a signature that does not hold";
	if (!signer || key_kind(X509_get0_pubkey(signer)) == KEY_OTHER ||
	    !signature_verify(cms, signer))
		return -EACCES;
	content = CMS_get0_content(cms);
	*why = "has no content";
	if (!content || !*content || OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
		return -EACCES;
	return content_parse(span_of(ASN1_STRING_get0_data(*content),
				     (size_t)ASN1_STRING_length(*content)),
			     arena, out, why);
}
