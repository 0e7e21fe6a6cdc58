#include "test_keys.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

EVP_PKEY *test_key(enum key_kind kind, int number)
{
	EVP_PKEY *key = NULL;
	char path[512];
	FILE *file;

	if (kind != KEY_RSA) {
		key = key_generate(kind);
	} else {
		snprintf(path, sizeof(path), "%s/rsa%d.pem", TEST_KEYS_DIR, number);
		file = fopen(path, "r");
		if (file) {
			key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
			(void)fclose(file);
		}
	}
	if (!key)
		abort();
	return key;
}
