#include "teep/pki/key.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "registry/atomic_file.h"
#include "registry/trusted_file.h"
#include "teep/pki/openssl_auto.h"

#define KEY_FILE_MAX 16384
#define RSA_BITS     2048
#define RSA_BITS_MAX 8192

static const struct {
	const char *name;
	const char *group;
} kinds[] = {
	[KEY_OTHER] = { "other", NULL },
	[KEY_RSA] = { "rsa", NULL },
	[KEY_P256] = { "p256", "prime256v1" },
	[KEY_P384] = { "p384", "secp384r1" },
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

enum key_kind key_kind(const EVP_PKEY *key)
{
	char group[32] = "";

	if (!key)
		return KEY_OTHER;
	if (EVP_PKEY_is_a(key, "RSA"))
		return EVP_PKEY_get_bits(key) >= RSA_BITS && EVP_PKEY_get_bits(key) <= RSA_BITS_MAX
			       ? KEY_RSA
			       : KEY_OTHER;
	if (!EVP_PKEY_is_a(key, "EC") ||
	    !EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
					    NULL))
		return KEY_OTHER;
	if (strcmp(group, kinds[KEY_P256].group) == 0)
		return KEY_P256;
	return strcmp(group, kinds[KEY_P384].group) == 0 ? KEY_P384 : KEY_OTHER;
}

const char *key_kind_name(enum key_kind kind)
{
	return (unsigned)kind < KIND_COUNT ? kinds[kind].name : kinds[KEY_OTHER].name;
}

enum key_kind key_kind_parse(const char *name)
{
	for (unsigned i = KEY_RSA; i < KIND_COUNT; i++)
		if (strcmp(name, kinds[i].name) == 0)
			return (enum key_kind)i;
	return KEY_OTHER;
}

EVP_PKEY *key_generate(enum key_kind kind)
{
	if (kind == KEY_RSA)
		return EVP_RSA_gen(RSA_BITS);
	return kind == KEY_OTHER || kind >= KIND_COUNT ? NULL : EVP_EC_gen(kinds[kind].group);
}

EVP_PKEY *key_read(const char *path, char *err, size_t errlen)
{
	char text[KEY_FILE_MAX];
	EVP_PKEY *key = NULL;
	struct stat st;
	int fd, rc;

	fd = trusted_file_open(path, TRUSTED_FILE_SECRET, sizeof(text), &st, err, errlen);
	if (fd < 0)
		return NULL;
	rc = trusted_file_read(fd, text, (size_t)st.st_size);
	(void)close(fd);
	if (rc == 0) {
		BIO_AUTO bio = BIO_new_mem_buf(text, (int)st.st_size);

		if (bio)
			key = PEM_read_bio_PrivateKey(bio, NULL, NULL, "");
	}
	OPENSSL_cleanse(text, sizeof(text));
	if (!key)
		snprintf(err, errlen, "%s: not a private key in PEM", path);
	return key;
}

int key_write(const char *path, const EVP_PKEY *key)
{
	BIO_AUTO bio = BIO_new(BIO_s_secmem());
	struct atomic_file_part part;
	char *text;
	long size;

	if (!bio || !PEM_write_bio_PKCS8PrivateKey(bio, (EVP_PKEY *)key, NULL, NULL, 0, NULL, NULL))
		return -ENOMEM;
	size = BIO_get_mem_data(bio, &text);
	part = (struct atomic_file_part) { text, (size_t)size };
	return atomic_file_write(path, &part, 1, 0600, ATOMIC_FILE_KEEP);
}

int key_der_encode(const EVP_PKEY *key, uint8_t **der, size_t *size)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8((EVP_PKEY *)key);
	int n;

	*der = NULL;
	n = info ? i2d_PKCS8_PRIV_KEY_INFO(info, der) : -1;
	PKCS8_PRIV_KEY_INFO_free(info);
	if (n <= 0)
		return -ENOMEM;
	*size = (size_t)n;
	return 0;
}

void key_der_free(uint8_t *der, size_t size)
{
	OPENSSL_clear_free(der, size);
}

EVP_PKEY *key_der_decode(const uint8_t *der, size_t size)
{
	const uint8_t *at = der;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)size);

	if (key && at != der + size) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}
