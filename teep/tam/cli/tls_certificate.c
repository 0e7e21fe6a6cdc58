#include "teep/tam/cli/tls_certificate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"

/* What browsers still accept. */
#define DAYS 825

static bool extension_add(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;
	bool added;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
	added = extension && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return added;
}

static bool is_address(const char *name)
{
	uint8_t octets[16];

	return inet_pton(AF_INET, name, octets) == 1 || inet_pton(AF_INET6, name, octets) == 1;
}

/* Letters, digits, dots, hyphens, and * for a wildcard: nothing that OpenSSL's syntax would take
 * for its own. */
static bool name_fits(const char *name)
{
	return is_address(name) ||
	       (*name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-*") == strlen(name));
}

/* "DNS:localhost,IP:127.0.0.1,…" */
static char *names_text(const char *const *names, size_t count, char *err, size_t errlen)
{
	char host[256] = "", *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);
	bool good = true;

	if (!to)
		return NULL;
	fputs("DNS:localhost,IP:127.0.0.1,IP:::1", to);
	if (gethostname(host, sizeof(host) - 1) == 0 && name_fits(host) &&
	    strcmp(host, "localhost") != 0)
		fprintf(to, ",DNS:%s", host);
	for (size_t i = 0; good && i < count; i++) {
		good = name_fits(names[i]);
		if (good)
			fprintf(to, ",%s:%s", is_address(names[i]) ? "IP" : "DNS", names[i]);
		else
			snprintf(err, errlen, "--name: \"%.200s\" is no machine's name or address",
				 names[i]);
	}
	fclose(to);
	if (good)
		return out;
	free(out);
	return NULL;
}

static X509 *make(EVP_PKEY *key, const char *names)
{
	X509 *certificate = X509_new();
	uint8_t serial[16];
	BIGNUM *number = NULL;
	bool made = false;

	if (certificate && RAND_bytes(serial, sizeof(serial)) == 1) {
		serial[0] &= 0x7F;
		number = BN_bin2bn(serial, sizeof(serial), NULL);
		made = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) &&
		       X509_set_version(certificate, X509_VERSION_3) &&
		       X509_gmtime_adj(X509_getm_notBefore(certificate), -300) &&
		       X509_time_adj_ex(X509_getm_notAfter(certificate), DAYS, 0, NULL) &&
		       X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
						  MBSTRING_UTF8, (const uint8_t *)"teesim TAM", -1,
						  -1, 0) &&
		       X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) &&
		       X509_set_pubkey(certificate, key) &&
		       extension_add(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
		       extension_add(certificate, NID_key_usage, "critical,digitalSignature") &&
		       extension_add(certificate, NID_ext_key_usage, "serverAuth") &&
		       extension_add(certificate, NID_subject_alt_name, names) &&
		       X509_sign(certificate, key, EVP_sha256()) > 0;
	}
	BN_free(number);
	if (made)
		return certificate;
	X509_free(certificate);
	return NULL;
}

int tls_certificate_make(const char *certificate, const char *key_path, const char *const *names,
			 size_t count, char *err, size_t errlen)
{
	PKEY_AUTO key = key_generate(KEY_P256);
	X509_STACK_AUTO chain = sk_X509_new_null();
	char *text;
	X509 *made;
	int rc;

	err[0] = '\0';
	text = names_text(names, count, err, errlen);
	made = key && text ? make(key, text) : NULL;
	free(text);
	if (!made || !chain || !sk_X509_push(chain, made)) {
		X509_free(made);
		if (!err[0])
			snprintf(err, errlen, "%s: can't be made", certificate);
		return -EINVAL;
	}
	rc = key_write(key_path, key);
	if (!rc)
		rc = chain_write(certificate, chain);
	if (rc)
		snprintf(err, errlen, "%s: %s", certificate, strerror(-rc));
	return rc;
}
