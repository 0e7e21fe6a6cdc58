#include "teep/pki/key.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdbool.h>
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
	/* EVP_PKEY_is_a() looks for names. */
	const int type = key ? EVP_PKEY_get_id(key) : EVP_PKEY_NONE;
	char group[32] = "";

	if (type == EVP_PKEY_RSA)
		return EVP_PKEY_get_bits(key) >= RSA_BITS && EVP_PKEY_get_bits(key) <= RSA_BITS_MAX
			       ? KEY_RSA
			       : KEY_OTHER;
	if (type != EVP_PKEY_EC || !EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME,
								   group, sizeof(group), NULL))
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

/* SubjectPublicKeyInfo and PrivateKeyInfo (RFC 5208, RFC 5915) of a key on P-256 are always the
 * same but for its numbers. OpenSSL's encoders look for who can encode such a key, which takes
 * longer than to make one. */
#define P256_ALGORITHM \
	"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define P256_POINT  65U
#define P256_SCALAR 32U

static const char p256_public[] = "\x30\x59" P256_ALGORITHM "\x03\x42\x00";
static const char p256_private[] =
	"\x30\x81\x87\x02\x01\x00" P256_ALGORITHM "\x04\x6d\x30\x6b\x02\x01\x01\x04\x20";
static const char p256_private_public[] = "\xa1\x44\x03\x42\x00";

static bool p256_point(const EVP_PKEY *key, uint8_t point[P256_POINT])
{
	size_t size;

	return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, P256_POINT,
					       &size) == 1 &&
	       size == P256_POINT && point[0] == 4;
}

static bool p256_public_encode(const EVP_PKEY *key, uint8_t **der, size_t *size)
{
	uint8_t point[P256_POINT], *at;

	*size = sizeof(p256_public) - 1 + sizeof(point);
	*der = at = p256_point(key, point) ? OPENSSL_malloc(*size) : NULL;
	if (!at)
		return false;
	at = mempcpy(at, p256_public, sizeof(p256_public) - 1);
	memcpy(at, point, sizeof(point));
	return true;
}

static bool p256_private_encode(const EVP_PKEY *key, uint8_t **der, size_t *size)
{
	uint8_t point[P256_POINT], *at = NULL;
	BIGNUM *scalar = NULL;

	*der = NULL;
	*size = sizeof(p256_private) - 1 + P256_SCALAR + sizeof(p256_private_public) - 1 +
		sizeof(point);
	if (p256_point(key, point) &&
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1)
		*der = at = OPENSSL_malloc(*size);
	if (at) {
		at = mempcpy(at, p256_private, sizeof(p256_private) - 1);
		if (BN_bn2binpad(scalar, at, P256_SCALAR) != P256_SCALAR) {
			OPENSSL_clear_free(*der, *size);
			*der = NULL;
		}
		at = mempcpy(at + P256_SCALAR, p256_private_public,
			     sizeof(p256_private_public) - 1);
	}
	if (*der)
		memcpy(at, point, sizeof(point));
	BN_clear_free(scalar);
	return *der != NULL;
}

int key_public_encode(const EVP_PKEY *key, uint8_t **der, size_t *size)
{
	int n;

	if (key_kind(key) == KEY_P256 && p256_public_encode(key, der, size))
		return 0;
	*der = NULL;
	n = i2d_PUBKEY(key, der);
	*size = n > 0 ? (size_t)n : 0;
	return n > 0 ? 0 : -ENOMEM;
}

EVP_PKEY *key_public_decode(const uint8_t *der, size_t size)
{
	const uint8_t *at = der;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)size);

	if (!key) {
		at = der;
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)size);
	}
	if (key && (at != der + size || key_kind(key) == KEY_OTHER)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

int key_der_encode(const EVP_PKEY *key, uint8_t **der, size_t *size)
{
	PKCS8_PRIV_KEY_INFO *info;
	int n;

	if (key_kind(key) == KEY_P256 && p256_private_encode(key, der, size))
		return 0;
	info = EVP_PKEY2PKCS8((EVP_PKEY *)key);
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
