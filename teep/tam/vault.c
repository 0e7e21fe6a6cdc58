#include "teep/tam/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "registry/atomic_file.h"

#define KEY_SIZE   crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_SIZE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE   crypto_aead_xchacha20poly1305_ietf_ABYTES
#define TEXT_SIZE  (2 * KEY_SIZE)

struct vault {
	uint8_t *key; /* guarded */
};

int vault_make(const char *path, char *err, size_t errlen)
{
	char text[TEXT_SIZE + 1];
	uint8_t key[KEY_SIZE];
	struct atomic_file_part parts[] = { { text, TEXT_SIZE }, { "\n", 1 } };
	int rc;

	if (sodium_init() < 0)
		return -EIO;
	randombytes_buf(key, sizeof(key));
	sodium_bin2hex(text, sizeof(text), key, sizeof(key));
	rc = atomic_file_write(path, parts, 2, 0600, ATOMIC_FILE_KEEP);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(text, sizeof(text));
	if (rc)
		snprintf(err, errlen, "%s: %s", path, strerror(-rc));
	return rc;
}

static int key_read(struct vault *vault, const char *path, char *err, size_t errlen)
{
	char text[TEXT_SIZE + 2];
	size_t size = 0;
	struct stat st;
	ssize_t got;
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int rc = -EBADMSG;

	if (fd < 0 || fstat(fd, &st) < 0) {
		rc = -errno;
		snprintf(err, errlen, "%s: %s", path, strerror(-rc));
	} else if (!S_ISREG(st.st_mode) || (st.st_mode & 077)) {
		rc = -EACCES;
		snprintf(err, errlen, "%s: others may read it; chmod 600 it", path);
	} else {
		got = read(fd, text, sizeof(text));
		if (got >= TEXT_SIZE && got <= TEXT_SIZE + 1 &&
		    (got == TEXT_SIZE || text[TEXT_SIZE] == '\n') &&
		    sodium_hex2bin(vault->key, KEY_SIZE, text, TEXT_SIZE, NULL, &size, NULL) == 0 &&
		    size == KEY_SIZE)
			rc = 0;
		else
			snprintf(err, errlen, "%s: is no secret of a TAM", path);
		sodium_memzero(text, sizeof(text));
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

int vault_open(struct vault **out, const char *path, char *err, size_t errlen)
{
	struct vault *vault;
	int rc;

	*out = NULL;
	if (sodium_init() < 0)
		return -EIO;
	vault = calloc(1, sizeof(*vault));
	if (vault)
		vault->key = sodium_malloc(KEY_SIZE);
	if (!vault || !vault->key) {
		free(vault);
		snprintf(err, errlen, "%s: no memory that can be locked", path);
		return -ENOMEM;
	}
	rc = key_read(vault, path, err, errlen);
	if (rc) {
		vault_close(vault);
		return rc;
	}
	sodium_mprotect_readonly(vault->key);
	*out = vault;
	return 0;
}

void vault_close(struct vault *vault)
{
	if (!vault)
		return;
	sodium_free(vault->key);
	free(vault);
}

/* What the value is bound to, in one piece that can be read in one way only. */
static struct span binding(const char *what, const char *whose, struct arena *arena)
{
	const size_t size = strlen(what) + 1 + (whose ? strlen(whose) : 0);
	char *text = arena_take(arena, size + 1);

	if (!text)
		return (struct span) { 0 };
	snprintf(text, size + 1, "%s\n%s", what, whose ? whose : "");
	return span_of(text, size);
}

int vault_seal(const struct vault *vault, const char *what, const char *whose, struct span plain,
	       struct arena *arena, struct span *sealed)
{
	const size_t size = NONCE_SIZE + plain.size + TAG_SIZE;
	const struct span bound = binding(what, whose, arena);
	uint8_t *out = arena_take(arena, size);

	if (!out || !bound.data)
		return -ENOMEM;
	randombytes_buf(out, NONCE_SIZE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE_SIZE, NULL, plain.data, plain.size,
						   bound.data, bound.size, NULL, out, vault->key);
	*sealed = span_of(out, size);
	return 0;
}

int vault_unseal(const struct vault *vault, const char *what, const char *whose, struct span sealed,
		 struct arena *arena, struct span *plain)
{
	struct span bound;
	uint8_t *out;

	if (sealed.size < NONCE_SIZE + TAG_SIZE)
		return -EBADMSG;
	bound = binding(what, whose, arena);
	out = arena_take(arena, sealed.size - NONCE_SIZE - TAG_SIZE);
	if (!out || !bound.data)
		return -ENOMEM;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.data + NONCE_SIZE,
						       sealed.size - NONCE_SIZE, bound.data,
						       bound.size, sealed.data, vault->key) != 0)
		return -EBADMSG;
	*plain = span_of(out, sealed.size - NONCE_SIZE - TAG_SIZE);
	return 0;
}

void vault_tag(const struct vault *vault, const char *what, struct span data,
	       uint8_t out[VAULT_TAG_SIZE])
{
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, vault->key, KEY_SIZE, VAULT_TAG_SIZE);
	/* Its end is told by the zero. */
	(void)crypto_generichash_update(&state, (const uint8_t *)what, strlen(what) + 1);
	(void)crypto_generichash_update(&state, data.data, data.size);
	(void)crypto_generichash_final(&state, out, VAULT_TAG_SIZE);
	sodium_memzero(&state, sizeof(state));
}
