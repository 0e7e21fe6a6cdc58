#include "registry/signing_key.h"

#include "device/paths.h"
#include "registry/atomic_file.h"
#include "registry/ta_refusal.h"
#include "registry/trusted_file.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECRET_TAG    "teesim-ed25519-secret-1 "
#define PUBLIC_TAG    "teesim-ed25519-1 "
#define KEY_FILE_MAX  512
#define SEED_SIZE     crypto_sign_SEEDBYTES
#define BASE64_SIZE   sodium_base64_ENCODED_LEN(SEED_SIZE, sodium_base64_VARIANT_ORIGINAL)
#define BASE64_LENGTH (BASE64_SIZE - 1)

_Static_assert(PUBLIC_KEY_SIZE == crypto_sign_PUBLICKEYBYTES, "Ed25519");
_Static_assert(PUBLIC_KEY_SIZE == SEED_SIZE, "both kinds of file hold 32 bytes");
_Static_assert(SIGNATURE_SIZE == crypto_sign_BYTES, "Ed25519");

/* After the tag, exactly the encoding of 32 bytes; returns where it ends, NULL when it is not so.
 */
static const char *decode(const char *text, size_t length, const char *tag, uint8_t out[SEED_SIZE])
{
	const size_t tag_length = strlen(tag);
	size_t decoded;

	if (length < tag_length + BASE64_LENGTH || memcmp(text, tag, tag_length) != 0 ||
	    sodium_base642bin(out, SEED_SIZE, text + tag_length, BASE64_LENGTH, NULL, &decoded,
			      NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    decoded != SEED_SIZE)
		return NULL;
	return text + tag_length + BASE64_LENGTH;
}

static int parse_secret(const char *text, size_t length, struct signing_key *out)
{
	uint8_t *seed = sodium_malloc(SEED_SIZE);
	const char *end;
	int rc = 0;

	out->secret = sodium_malloc(crypto_sign_SECRETKEYBYTES);
	if (!seed || !out->secret) {
		rc = -ENOMEM;
		goto out;
	}
	end = decode(text, length, SECRET_TAG, seed);
	if (!end || (size_t)(text + length - end) > 1 || (end < text + length && *end != '\n')) {
		rc = -EBADMSG;
		goto out;
	}
	crypto_sign_seed_keypair(out->public_key.bytes, out->secret, seed);
	sodium_mprotect_readonly(out->secret);
out:
	sodium_free(seed);
	if (rc) {
		sodium_free(out->secret);
		out->secret = NULL;
	}
	return rc;
}

int signing_key_load(const char *path, struct signing_key *out, char *err, size_t errlen)
{
	struct stat st;
	char *text;
	int fd, rc;

	memset(out, 0, sizeof(*out));
	if (sodium_init() < 0)
		return refuse(-ENOSYS, err, errlen, "libsodium does not start");
	fd = trusted_file_open(path, TRUSTED_FILE_SECRET, KEY_FILE_MAX, &st, err, errlen);
	if (fd < 0)
		return fd;
	text = sodium_malloc((size_t)st.st_size + 1);
	rc = text ? trusted_file_read(fd, text, (size_t)st.st_size) : -ENOMEM;
	close(fd);
	if (rc == 0)
		rc = parse_secret(text, (size_t)st.st_size, out);
	sodium_free(text);
	if (rc)
		return refuse(rc, err, errlen, "%s: %s", path,
			      rc == -EBADMSG ? "not a teesim signing key" : strerror(-rc));
	return 0;
}

void signing_key_close(struct signing_key *key)
{
	sodium_free(key->secret);
	key->secret = NULL;
}

void signing_key_sign(const struct signing_key *key, const void *message, size_t size,
		      uint8_t signature[SIGNATURE_SIZE])
{
	crypto_sign_detached(signature, NULL, message, size, key->secret);
}

static int make_secret_file(const char *path)
{
	struct atomic_file_part part;
	uint8_t *seed = sodium_malloc(SEED_SIZE);
	char *text = sodium_malloc(sizeof(SECRET_TAG) + BASE64_SIZE);
	int rc = -ENOMEM;

	if (!seed || !text)
		goto out;
	randombytes_buf(seed, SEED_SIZE);
	memcpy(text, SECRET_TAG, strlen(SECRET_TAG));
	sodium_bin2base64(text + strlen(SECRET_TAG), BASE64_SIZE, seed, SEED_SIZE,
			  sodium_base64_VARIANT_ORIGINAL);
	part.bytes = text;
	part.size = strlen(text);
	text[part.size++] = '\n';
	rc = atomic_file_write(path, &part, 1, 0600, ATOMIC_FILE_KEEP);
	/* Another program was faster: its key is the key. */
	if (rc == -EEXIST)
		rc = 0;
out:
	sodium_free(seed);
	sodium_free(text);
	return rc;
}

static int write_public_file(const char *path, const struct public_key *key)
{
	char base64[BASE64_SIZE], line[sizeof(PUBLIC_TAG) + BASE64_SIZE + PUBLIC_KEY_NAME_SIZE + 2];
	struct atomic_file_part part = { .bytes = line };

	sodium_bin2base64(base64, sizeof(base64), key->bytes, PUBLIC_KEY_SIZE,
			  sodium_base64_VARIANT_ORIGINAL);
	part.size = (size_t)snprintf(line, sizeof(line), PUBLIC_TAG "%s %s\n", base64, key->name);
	return atomic_file_write(path, &part, 1, 0644, ATOMIC_FILE_REPLACE);
}

static void name_development_key(struct public_key *key)
{
	struct passwd entry, *found = NULL;
	char text[4096], name[PUBLIC_KEY_NAME_SIZE];

	if (getpwuid_r(geteuid(), &entry, text, sizeof(text), &found) == 0 && found)
		snprintf(name, sizeof(name), "development key of %.40s", entry.pw_name);
	else
		snprintf(name, sizeof(name), "development key of user %u", (unsigned)geteuid());
	text_printable(key->name, sizeof(key->name), name, strlen(name));
}

int signing_key_open_development(const char *keys_dir, struct signing_key *out, char *err,
				 size_t errlen)
{
	char secret_path[PATH_MAX], public_path[PATH_MAX];
	struct public_key known;
	int rc;

	memset(out, 0, sizeof(*out));
	if (snprintf(secret_path, sizeof(secret_path), "%s/dev.key", keys_dir) >=
		    (int)sizeof(secret_path) ||
	    snprintf(public_path, sizeof(public_path), "%s/dev.pub", keys_dir) >=
		    (int)sizeof(public_path))
		return refuse(-ENAMETOOLONG, err, errlen, "%s: path too long", keys_dir);
	if (sodium_init() < 0)
		return refuse(-ENOSYS, err, errlen, "libsodium does not start");
	rc = signing_key_load(secret_path, out, err, errlen);
	if (rc == -ENOENT) {
		rc = paths_make_dir(keys_dir);
		if (rc == 0)
			rc = make_secret_file(secret_path);
		if (rc)
			return refuse(rc, err, errlen, "cannot make the development key %s: %s",
				      secret_path, strerror(-rc));
		rc = signing_key_load(secret_path, out, err, errlen);
	}
	if (rc)
		return rc;
	name_development_key(&out->public_key);
	if (public_key_load(public_path, &known, NULL, 0) == 0 &&
	    sodium_memcmp(known.bytes, out->public_key.bytes, PUBLIC_KEY_SIZE) == 0)
		return 0;
	rc = write_public_file(public_path, &out->public_key);
	if (rc) {
		signing_key_close(out);
		return refuse(rc, err, errlen, "cannot write %s: %s", public_path, strerror(-rc));
	}
	return 0;
}

int public_key_parse(const char *text, size_t length, struct public_key *out)
{
	const char *end = decode(text, length, PUBLIC_TAG, out->bytes);
	const char *stop;

	if (!end)
		return -EBADMSG;
	out->name[0] = '\0';
	if (end < text + length && *end == ' ') {
		end++;
		stop = memchr(end, '\n', (size_t)(text + length - end));
		if (!stop)
			stop = text + length;
		text_printable(out->name, sizeof(out->name), end, (size_t)(stop - end));
		end = stop;
	}
	return end == text + length || (end == text + length - 1 && *end == '\n') ? 0 : -EBADMSG;
}

int public_key_load(const char *path, struct public_key *out, char *err, size_t errlen)
{
	char text[KEY_FILE_MAX];
	struct stat st;
	int fd, rc;

	fd = trusted_file_open(path, TRUSTED_FILE_SHARED, sizeof(text), &st, err, errlen);
	if (fd < 0)
		return fd;
	rc = trusted_file_read(fd, text, (size_t)st.st_size);
	close(fd);
	if (rc == 0)
		rc = public_key_parse(text, (size_t)st.st_size, out);
	if (rc)
		return refuse(rc, err, errlen, "%s: %s", path,
			      rc == -EBADMSG ? "not a teesim public key" : strerror(-rc));
	return 0;
}

const char *public_key_fingerprint(const uint8_t key[PUBLIC_KEY_SIZE],
				   char out[PUBLIC_KEY_FINGERPRINT_SIZE])
{
	uint8_t digest[(PUBLIC_KEY_FINGERPRINT_SIZE - 1) / 2];

	crypto_generichash(digest, sizeof(digest), key, PUBLIC_KEY_SIZE, NULL, 0);
	return sodium_bin2hex(out, PUBLIC_KEY_FINGERPRINT_SIZE, digest, sizeof(digest));
}
