#include "teep/pki/certificate.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry/atomic_file.h"
#include "registry/trusted_file.h"
#include "teep/pki/openssl_auto.h"

#define SERIAL_SIZE    16
#define CHAIN_FILE_MAX (256U << 10)

static bool extension_add(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;
	bool added;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	added = extension && X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	return added;
}

static bool is_dotted(const char *text)
{
	return text[0] && strspn(text, "0123456789.") == strlen(text) && strchr(text, '.');
}

static bool tamid_take(const GENERAL_NAME *name, char out[TAMID_SIZE])
{
	const ASN1_IA5STRING *uri;
	int size;

	if (name->type == GEN_RID) {
		size = OBJ_obj2txt(out, TAMID_SIZE, name->d.registeredID, 1);
		return size > 0 && size < TAMID_SIZE;
	}
	uri = name->d.uniformResourceIdentifier;
	size = ASN1_STRING_length(uri);
	if (size <= 0 || size >= TAMID_SIZE)
		return false;
	for (int i = 0; i < size; i++)
		if (ASN1_STRING_get0_data(uri)[i] < 0x20 || ASN1_STRING_get0_data(uri)[i] > 0x7e)
			return false;
	memcpy(out, ASN1_STRING_get0_data(uri), (size_t)size);
	out[size] = '\0';
	return true;
}

/* Built by hand: a configuration line would let an identifier with a comma name something else.
 * NULL for what would be read otherwise than it was given: 1.02 is 1.2. */
static GENERAL_NAME *tamid_name(const char *tamid)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *uri;
	ASN1_OBJECT *object;
	char read[TAMID_SIZE];

	if (!name)
		return NULL;
	if (is_dotted(tamid)) {
		object = OBJ_txt2obj(tamid, 1);
		if (!object)
			goto out;
		GENERAL_NAME_set0_value(name, GEN_RID, object);
	} else {
		uri = strchr(tamid, ':') ? ASN1_IA5STRING_new() : NULL;
		if (!uri || !ASN1_STRING_set(uri, tamid, -1)) {
			ASN1_IA5STRING_free(uri);
			goto out;
		}
		GENERAL_NAME_set0_value(name, GEN_URI, uri);
	}
	if (tamid_take(name, read) && strcmp(read, tamid) == 0)
		return name;
out:
	GENERAL_NAME_free(name);
	return NULL;
}

bool certificate_tamid_valid(const char *tamid)
{
	GENERAL_NAME *name = tamid_name(tamid);

	GENERAL_NAME_free(name);
	return name != NULL;
}

static bool tamid_add(X509 *certificate, const char *tamid)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *name = tamid_name(tamid);
	bool added = false;

	if (names && name && sk_GENERAL_NAME_push(names, name)) {
		name = NULL;
		added = X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1;
	}
	GENERAL_NAME_free(name);
	GENERAL_NAMES_free(names);
	return added;
}

static bool extensions_add(X509 *certificate, X509 *issuer,
			   const struct certificate_request *request)
{
	const bool authority = request->role <= ROLE_INTERMEDIATE;
	const char *usage = "critical,digitalSignature";

	if (authority)
		usage = "critical,keyCertSign,cRLSign,digitalSignature";
	else if (request->role == ROLE_TAM || request->role == ROLE_TEE)
		usage = key_kind(request->key) == KEY_RSA
				? "critical,digitalSignature,keyEncipherment"
				: "critical,digitalSignature,keyAgreement";
	return extension_add(certificate, issuer, NID_basic_constraints,
			     authority ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
	       extension_add(certificate, issuer, NID_key_usage, usage) &&
	       extension_add(certificate, issuer, NID_subject_key_identifier, "hash") &&
	       extension_add(certificate, issuer, NID_authority_key_identifier, "keyid") &&
	       (request->role != ROLE_OCSP ||
		(extension_add(certificate, issuer, NID_ext_key_usage, "OCSPSigning") &&
		 extension_add(certificate, issuer, NID_id_pkix_OCSP_noCheck, ""))) &&
	       (!request->tamid || tamid_add(certificate, request->tamid));
}

static bool serial_set(X509 *certificate)
{
	uint8_t octets[SERIAL_SIZE];
	BIGNUM *number;
	bool set;

	if (RAND_bytes(octets, sizeof(octets)) != 1)
		return false;
	octets[0] &= 0x7f;
	octets[0] |= 0x40;
	number = BN_bin2bn(octets, sizeof(octets), NULL);
	set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
	BN_free(number);
	return set;
}

static bool subject_set(X509 *certificate, const char *name)
{
	return X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName,
					  MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
}

X509 *certificate_issue(const struct certificate_request *request, X509 *issuer,
			EVP_PKEY *issuer_key)
{
	X509 *certificate = X509_new();
	X509 *by = issuer ? issuer : certificate;
	EVP_PKEY *signer = issuer ? issuer_key : request->key;

	if (certificate && X509_set_version(certificate, X509_VERSION_3) &&
	    serial_set(certificate) && subject_set(certificate, request->name) &&
	    X509_set_issuer_name(certificate, X509_get_subject_name(by)) &&
	    X509_set_pubkey(certificate, request->key) &&
	    ASN1_TIME_set(X509_getm_notBefore(certificate), request->not_before) &&
	    ASN1_TIME_set(X509_getm_notAfter(certificate), request->not_after) &&
	    extensions_add(certificate, by, request) &&
	    X509_sign(certificate, signer,
		      key_kind(signer) == KEY_P384 ? EVP_sha384() : EVP_sha256()) > 0)
		return certificate;
	X509_free(certificate);
	return NULL;
}

X509 *certificate_parse(const void *der, size_t size)
{
	const uint8_t *at = der;
	X509 *certificate = size <= INT32_MAX ? d2i_X509(NULL, &at, (long)size) : NULL;

	if (certificate && at != (const uint8_t *)der + size) {
		X509_free(certificate);
		return NULL;
	}
	return certificate;
}

uint8_t *certificate_encode(X509 *certificate, size_t *size)
{
	uint8_t *der = NULL;
	const int n = i2d_X509(certificate, &der);

	if (n <= 0)
		return NULL;
	*size = (size_t)n;
	return der;
}

bool certificate_hash(const X509 *certificate, uint8_t out[CERTIFICATE_HASH_SIZE])
{
	return X509_digest(certificate, EVP_sha256(), out, NULL) == 1;
}

bool certificate_fits(X509 *certificate, enum certificate_role role)
{
	const enum key_kind kind = key_kind(X509_get0_pubkey(certificate));
	const uint32_t usage = X509_get_key_usage(certificate);
	uint32_t wanted = KU_DIGITAL_SIGNATURE;

	if (kind == KEY_OTHER)
		return false;
	/* An SP's certificate is compared, not judged: the TAM vouches for it. */
	if (role == ROLE_SP)
		return true;
	if (role == ROLE_TAM || role == ROLE_TEE)
		wanted |= kind == KEY_RSA ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT;
	return !X509_check_ca(certificate) && (usage & wanted) == wanted;
}

bool certificate_tamid(X509 *certificate, char out[TAMID_SIZE])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	const GENERAL_NAME *oid = NULL, *uri = NULL;
	int oids = 0, uris = 0;
	bool found;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_RID) {
			oid = name;
			oids++;
		} else if (name->type == GEN_URI) {
			uri = name;
			uris++;
		}
	}
	if (oids)
		found = oids == 1 && tamid_take(oid, out);
	else
		found = uris == 1 && tamid_take(uri, out);
	GENERAL_NAMES_free(names);
	return found;
}

/* The control characters of ASCII, and those that UTF-8 has in two octets. */
static void controls_replace(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
		else if (c[0] == 0xc2 && c[1] && c[1] < 0xa0)
			c[0] = c[1] = '?';
}

const char *certificate_name(const X509 *certificate, char *out, size_t size)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	const X509_NAME_ENTRY *entry = at < 0 ? NULL : X509_NAME_get_entry(subject, at);
	unsigned char *text = NULL;
	size_t length;
	int n;

	ERR_set_mark();
	n = entry ? ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry)) : 0;
	ERR_pop_to_mark();
	if (n <= 0) {
		snprintf(out, size, "?");
	} else {
		/* What does not fit ends between two characters. */
		length = (size_t)n;
		if (length >= size)
			for (length = size - 1; length && (text[length] & 0xC0) == 0x80; length--)
				;
		for (size_t i = 0; i < length; i++)
			out[i] = text[i] ? (char)text[i] : '?';
		out[length] = '\0';
		controls_replace(out);
	}
	OPENSSL_free(text);
	return out;
}

time_t certificate_time(const ASN1_TIME *time)
{
	struct tm utc;

	/* OpenSSL takes none for now. */
	return time && ASN1_TIME_to_tm(time, &utc) == 1 ? timegm(&utc) : 0;
}

static STACK_OF(X509) * chain_parse(const char *text, int size)
{
	BIO_AUTO bio = BIO_new_mem_buf(text, size);
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *certificate;

	while (bio && chain && (certificate = PEM_read_bio_X509(bio, NULL, NULL, "")))
		if (!sk_X509_push(chain, certificate)) {
			X509_free(certificate);
			break;
		}
	if (sk_X509_num(chain) < 1) {
		x509_stack_free(chain);
		chain = NULL;
	}
	return chain;
}

STACK_OF(X509) * chain_read(const char *path, char *err, size_t errlen)
{
	STACK_OF(X509) *chain = NULL;
	struct stat st;
	char *text;
	int fd = trusted_file_open(path, TRUSTED_FILE_SHARED, CHAIN_FILE_MAX, &st, err, errlen);

	if (fd < 0)
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	if (text && trusted_file_read(fd, text, (size_t)st.st_size) == 0)
		chain = chain_parse(text, (int)st.st_size);
	free(text);
	(void)close(fd);
	if (!chain)
		snprintf(err, errlen, "%s: no certificates in PEM", path);
	return chain;
}

int chain_write(const char *path, STACK_OF(X509) * chain)
{
	BIO_AUTO bio = BIO_new(BIO_s_mem());
	struct atomic_file_part part;
	char *text;
	long size;

	for (int i = 0; i < sk_X509_num(chain); i++)
		if (!bio || !PEM_write_bio_X509(bio, sk_X509_value(chain, i)))
			return -ENOMEM;
	if (!bio)
		return -ENOMEM;
	size = BIO_get_mem_data(bio, &text);
	part = (struct atomic_file_part) { text, (size_t)size };
	return atomic_file_write(path, &part, 1, 0644, ATOMIC_FILE_REPLACE);
}
