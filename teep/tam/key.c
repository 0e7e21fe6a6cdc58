/* Engines are the only way of OpenSSL 3.0 to PKCS #11, and marked as obsolete in it. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "teep/tam/key.h"

#include <errno.h>
#include <limits.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/ui.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "registry/trusted_file.h"
#include "teep/otrp/encoding.h"
#include "teep/otrp/jwe.h"
#include "teep/pki/ocsp.h"
#include "teep/pki/openssl_auto.h"
#include "teep/pki/ready_key.h"
#include "teep/pki/signature.h"

#define PKCS11		"pkcs11:"
#define PIN_MAX		255
#define OCSP_FILE_MAX	65536
#define FILES_MAX	(SPAN_LIST_MAX - 1)
#define COMMAND_SECONDS 60
#define DAY		86400
#define WARN_DAYS	30

/* A file of OCSP responses' and what it was when it was read. */
struct response {
	char *path;
	struct timespec modified;
	off_t size;
	ino_t inode;
	uint8_t *der; /* NULL: it can't be read */
	size_t der_size;
};

struct pair {
	struct tam_key key;
	char *chain_path;
	struct response response[FILES_MAX];
	size_t responses;
	/* Which of them speaks for the n-th certificate; NULL: none. Found anew at each refresh,
	 * since that takes a signature to verify. */
	const struct response *chosen[SPAN_LIST_MAX];
};

struct tam_keys {
	struct pair pair[TAM_KEYS_MAX];
	size_t count;
	char tamid[TAMID_SIZE];
	char *command, *directory;
	ENGINE *engine;
	/* Everything below, and every response's content. */
	pthread_mutex_t lock;
	pid_t child;
	time_t last_run;
	bool given_up; /* the child was killed, and has not been reaped yet */
};

/* ---- Private keys ---------------------------------------------------------------------------- */

static void openssl_reason(char *out, size_t size)
{
	const char *data = NULL, *reason;
	int flags = 0;
	const unsigned long code = ERR_peek_error_all(NULL, NULL, NULL, &data, &flags);

	reason = ERR_reason_error_string(code);
	snprintf(out, size, "%s%s%s", reason ? reason : "no reason given",
		 data && *data && (flags & ERR_TXT_STRING) ? ": " : "",
		 data && (flags & ERR_TXT_STRING) ? data : "");
	ERR_clear_error();
}

static ENGINE *engine_start(const char *module, char *err, size_t errlen)
{
	char reason[256];
	ENGINE *engine;

	OPENSSL_init_crypto(OPENSSL_INIT_ENGINE_DYNAMIC | OPENSSL_INIT_LOAD_CONFIG, NULL);
	ERR_clear_error();
	engine = ENGINE_by_id("pkcs11");
	if (!engine) {
		ERR_clear_error();
		snprintf(err, errlen,
			 "pkcs11: OpenSSL has no engine for it; install libengine-pkcs11-openssl");
		return NULL;
	}
	/* What it would print has the URI in it, and that may have the PIN in it. */
	if (!ENGINE_ctrl_cmd_string(engine, "QUIET", NULL, 0) ||
	    (module && !ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", module, 0)) ||
	    !ENGINE_init(engine)) {
		openssl_reason(reason, sizeof(reason));
		snprintf(err, errlen, "pkcs11: the module %s can't be used: %s",
			 module ? module : "that OpenSSL is configured for", reason);
		ENGINE_free(engine);
		return NULL;
	}
	return engine;
}

/* The text of an attribute of the URI; NULL when it is not there. The caller's. */
static char *uri_attribute(const char *uri, const char *name)
{
	const size_t length = strlen(name);

	for (const char *at = uri; (at = strstr(at, name)) != NULL; at += length)
		if (at > uri && strchr(":;?&", at[-1]) && at[length] == '=')
			return strndup(at + length + 1, strcspn(at + length + 1, ";?&"));
	return NULL;
}

/*
 * The URI with the PIN in the place of the name of its file, which is as secret as a key's. The
 * engine would take the end of the file's line for a part of the PIN. The caller's, to be given to
 * uri_free().
 */
static char *uri_resolve(const char *uri, const char *directory, char *err, size_t errlen)
{
	char *path = uri_attribute(uri, "pin-source"), pin[PIN_MAX + 1] = "", *out = NULL;
	char full[PATH_MAX];
	const char *name;
	const char *at = strstr(uri, "pin-source=");
	struct stat st;
	size_t size;
	FILE *to;
	int fd;

	if (!path || !at) {
		free(path);
		return strdup(uri);
	}
	name = strncmp(path, "file:", 5) == 0 ? path + 5 : path;
	if (*name != '/' && directory &&
	    snprintf(full, sizeof(full), "%s/%s", directory, name) < (int)sizeof(full))
		name = full;
	fd = trusted_file_open(name, TRUSTED_FILE_SECRET, PIN_MAX, &st, err, errlen);
	free(path);
	if (fd < 0)
		return NULL;
	to = trusted_file_read(fd, pin, (size_t)st.st_size) == 0 ? open_memstream(&out, &size)
								 : NULL;
	close(fd);
	pin[strcspn(pin, "\r\n")] = '\0';
	if (to) {
		fprintf(to, "%.*spin-value=", (int)(at - uri), uri);
		for (const char *letter = pin; *letter; letter++)
			fprintf(to, "%%%02X", (unsigned char)*letter);
		fputs(at + strcspn(at, ";?&"), to);
		if (fclose(to)) {
			free(out);
			out = NULL;
		}
	}
	OPENSSL_cleanse(pin, sizeof(pin));
	if (!out)
		snprintf(err, errlen, "pkcs11: the PIN's file can't be read");
	return out;
}

static void uri_free(char *uri)
{
	if (uri)
		OPENSSL_cleanse(uri, strlen(uri));
	free(uri);
}

static EVP_PKEY *token_key(struct tam_keys *keys, const struct tam_keys_options *options,
			   const char *uri, char *err, size_t errlen)
{
	char *object = uri_attribute(uri, "object"), *resolved;
	char reason[256];
	EVP_PKEY *key;

	if (!keys->engine)
		keys->engine = engine_start(options->pkcs11_module, err, errlen);
	resolved = keys->engine ? uri_resolve(uri, options->directory, err, errlen) : NULL;
	if (!resolved) {
		free(object);
		return NULL;
	}
	/* Nobody is there to be asked for a PIN. */
	key = ENGINE_load_private_key(keys->engine, resolved, (UI_METHOD *)(uintptr_t)UI_null(),
				      NULL);
	if (!key) {
		openssl_reason(reason, sizeof(reason));
		snprintf(
			err, errlen,
			"pkcs11: no private key \"%.60s\" by %s (is it there, and the PIN right?): "
			"%s",
			object ? object : "",
			options->pkcs11_module ? options->pkcs11_module : "the default module",
			reason);
	}
	ERR_clear_error();
	uri_free(resolved);
	free(object);
	return key;
}

/* A token may hold a key and not let it be used; better to know before a device comes. */
static const char *token_key_try(const struct tam_key *key)
{
	const struct span text = span_of_text("{}");
	EVP_PKEY *public = X509_get0_pubkey(sk_X509_value(key->chain, 0));
	struct span cek = { 0 }, plain;
	struct otrp_failure failure;
	ARENA_AUTO arena = { 0 };
	struct jwe jwe = { 0 };
	size_t size = 0;
	uint8_t *signature = signature_make(key->key, SIGNATURE_JOSE, text.data, text.size, &size);
	const bool signs = signature && signature_holds(public, SIGNATURE_JOSE, text.data,
							text.size, signature, size);
	json_t *message = jwe_encrypt(text, public, ENC_A128CBC_HS256, &arena, &cek);
	const bool unwraps = message && jwe_parse(message, &arena, &jwe, &failure) == 0 &&
			     jwe_decrypt(&jwe, key->key, &arena, &plain, NULL) == 0;

	json_decref(message);
	OPENSSL_free(signature);
	ERR_clear_error();
	if (!signs)
		return "does not sign (CKA_SIGN)";
	if (!unwraps)
		return key->kind == KEY_RSA ? "does not decrypt (CKA_DECRYPT)"
					    : "does not derive (CKA_DERIVE)";
	return NULL;
}

/* ---- OCSP responses -------------------------------------------------------------------------- */

static uint8_t *response_decode(const uint8_t *octets, size_t size, size_t *der_size)
{
	const uint8_t *at = octets;
	OCSP_RESPONSE_AUTO response = d2i_OCSP_RESPONSE(NULL, &at, (long)size);
	uint8_t *der = NULL;
	int n;

	ERR_clear_error();
	n = response ? i2d_OCSP_RESPONSE(response, &der) : 0;
	*der_size = n > 0 ? (size_t)n : 0;
	return n > 0 ? der : NULL;
}

/* Reads the file if it is not what was read before. Returns whether it was. */
static bool response_update(struct response *response)
{
	uint8_t octets[OCSP_FILE_MAX];
	struct stat st = { 0 };
	char err[256];
	const int fd = trusted_file_open(response->path, TRUSTED_FILE_SHARED, sizeof(octets), &st,
					 err, sizeof(err));
	bool changed;

	if (fd < 0) {
		/* What is there is good until its time is over, file or no file. */
		return false;
	}
	changed = !response->der || st.st_mtim.tv_sec != response->modified.tv_sec ||
		  st.st_mtim.tv_nsec != response->modified.tv_nsec ||
		  st.st_size != response->size || st.st_ino != response->inode;
	if (changed && trusted_file_read(fd, octets, (size_t)st.st_size) == 0) {
		size_t size;
		uint8_t *der = response_decode(octets, (size_t)st.st_size, &size);

		response->modified = st.st_mtim;
		response->size = st.st_size;
		response->inode = st.st_ino;
		/* One that is being written, or is none, does not push out the last good one. */
		if (der) {
			OPENSSL_free(response->der);
			response->der = der;
			response->der_size = size;
		}
		changed = der != NULL;
	} else {
		changed = false;
	}
	close(fd);
	return changed;
}

struct spoken {
	const struct response *response; /* NULL: none speaks for the certificate */
	const char *why;		 /* what is wrong; NULL for nothing */
	time_t since, until;
};

/* The response for the n-th certificate of the chain: one that holds, rather than one that does
 * not. */
static struct spoken response_find(const struct pair *pair, int n, time_t now)
{
	X509 *subject = sk_X509_value(pair->key.chain, n);
	X509 *issuer = sk_X509_value(pair->key.chain, n + 1);
	struct spoken best = { .why = "there is none" };

	for (size_t i = 0; i < pair->responses; i++) {
		struct spoken spoken = { .response = &pair->response[i] };
		int rc;

		if (!spoken.response->der)
			continue;
		rc = ocsp_check(spoken.response->der, spoken.response->der_size, subject, issuer,
				now, OCSP_SKEW_DEFAULT, &spoken.since, &spoken.until, &spoken.why);
		if (rc == -ENOENT)
			continue;
		if (!rc)
			spoken.why = NULL;
		if (!best.response || (best.why && !spoken.why) ||
		    (!best.why && !spoken.why && spoken.until > best.until))
			best = spoken;
	}
	ERR_clear_error();
	return best;
}

static void responses_choose(struct pair *pair, time_t now)
{
	for (int n = 0; n + 1 < sk_X509_num(pair->key.chain); n++)
		pair->chosen[n] = response_find(pair, n, now).response;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static void pair_clear(struct pair *pair)
{
	EVP_PKEY_free(pair->key.key);
	x509_stack_free(pair->key.chain);
	free(pair->chain_path);
	for (size_t i = 0; i < pair->responses; i++) {
		free(pair->response[i].path);
		OPENSSL_free(pair->response[i].der);
	}
}

void tam_keys_close(struct tam_keys *keys)
{
	if (!keys)
		return;
	if (keys->child > 0) {
		(void)kill(-keys->child, SIGTERM);
		while (waitpid(keys->child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	for (size_t i = 0; i < keys->count; i++)
		pair_clear(&keys->pair[i]);
	if (keys->engine) {
		ENGINE_finish(keys->engine);
		ENGINE_free(keys->engine);
	}
	free(keys->command);
	free(keys->directory);
	pthread_mutex_destroy(&keys->lock);
	free(keys);
}

/* The key, its chain, and that they belong together. */
static int pair_open(struct tam_keys *keys, const struct tam_keys_options *options,
		     const struct tam_key_source *source, char *err, size_t errlen)
{
	struct pair *pair = &keys->pair[keys->count];
	struct tam_key *key = &pair->key;
	char tamid[TAMID_SIZE];
	X509 *leaf;

	key->index = keys->count++;
	key->in_token = strncmp(source->key, PKCS11, strlen(PKCS11)) == 0;
	key->chain = chain_read(source->chain, err, errlen);
	pair->chain_path = strdup(source->chain);
	if (!key->chain || !pair->chain_path)
		return -EBADMSG;
	leaf = sk_X509_value(key->chain, 0);
	certificate_name(leaf, key->name, sizeof(key->name));
	key->key = key->in_token ? token_key(keys, options, source->key, err, errlen)
				 : key_read(source->key, err, errlen);
	if (!key->key)
		return -EACCES;
	if (!key->in_token)
		ready_key_make(key->key);
	key->kind = key_kind(X509_get0_pubkey(leaf));
	if (!certificate_fits(leaf, ROLE_TAM)) {
		snprintf(err, errlen,
			 "%s: its first certificate is not one of a TAM's (make one "
			 "with `teesim pki tam`)",
			 source->chain);
		return -EBADMSG;
	}
	if (X509_check_private_key(leaf, key->key) != 1) {
		ERR_clear_error();
		snprintf(err, errlen, "%s: is not for the key %s", source->chain,
			 key->in_token ? "in the token" : source->key);
		return -EBADMSG;
	}
	if (key->in_token) {
		const char *what = token_key_try(key);

		if (what) {
			snprintf(err, errlen, "pkcs11: the key for %s %s, and a TAM needs that",
				 source->chain, what);
			return -EACCES;
		}
	}
	if (sk_X509_num(key->chain) < 2 || sk_X509_num(key->chain) > SPAN_LIST_MAX) {
		snprintf(err, errlen,
			 "%s: has %d certificates, and needs the TAM's and those up to the root",
			 source->chain, sk_X509_num(key->chain));
		return -EBADMSG;
	}
	for (int i = 0; i + 1 < sk_X509_num(key->chain); i++)
		if (X509_check_issued(sk_X509_value(key->chain, i + 1),
				      sk_X509_value(key->chain, i)) != X509_V_OK) {
			snprintf(err, errlen, "%s: certificate %d is not issued by the next",
				 source->chain, i + 1);
			return -EBADMSG;
		}
	if (!certificate_tamid(leaf, tamid)) {
		snprintf(err, errlen, "%s: names no TAM, or several", source->chain);
		return -EBADMSG;
	}
	if (*keys->tamid && strcmp(keys->tamid, tamid) != 0) {
		snprintf(err, errlen,
			 "%s: is for the TAM %s, and those before for %s: one TAM has one "
			 "identifier",
			 source->chain, tamid, keys->tamid);
		return -EBADMSG;
	}
	strcpy(keys->tamid, tamid);
	if (source->ocsp_count > FILES_MAX) {
		snprintf(err, errlen, "%s: more than %d files of OCSP responses", source->chain,
			 FILES_MAX);
		return -E2BIG;
	}
	for (; pair->responses < source->ocsp_count; pair->responses++) {
		struct response *response = &pair->response[pair->responses];

		response->path = strdup(source->ocsp[pair->responses]);
		if (!response->path)
			return -ENOMEM;
		(void)response_update(response);
	}
	responses_choose(pair, time(NULL));
	return 0;
}

int tam_keys_open(struct tam_keys **out, const struct tam_keys_options *options, char *err,
		  size_t errlen)
{
	struct tam_keys *keys = calloc(1, sizeof(*keys));
	int rc = 0;

	*out = NULL;
	if (!keys)
		return -ENOMEM;
	pthread_mutex_init(&keys->lock, NULL);
	err[0] = '\0';
	if (!options->count || options->count > TAM_KEYS_MAX) {
		snprintf(err, errlen, "a TAM has one key or more, and at most %d", TAM_KEYS_MAX);
		rc = -EINVAL;
	}
	for (size_t i = 0; !rc && i < options->count; i++)
		rc = pair_open(keys, options, &options->source[i], err, errlen);
	if (!rc && options->refresh_command) {
		keys->command = strdup(options->refresh_command);
		keys->directory = options->directory ? strdup(options->directory) : NULL;
		rc = keys->command && (keys->directory || !options->directory) ? 0 : -ENOMEM;
	}
	if (rc) {
		if (!err[0])
			snprintf(err, errlen, "the keys: %s", strerror(-rc));
		tam_keys_close(keys);
		return rc;
	}
	*out = keys;
	return 0;
}

const char *tam_keys_tamid(const struct tam_keys *keys)
{
	return keys->tamid;
}

size_t tam_keys_count(const struct tam_keys *keys)
{
	return keys->count;
}

const struct tam_key *tam_keys_at(const struct tam_keys *keys, size_t index)
{
	return index < keys->count ? &keys->pair[index].key : NULL;
}

const struct tam_key *tam_keys_choose(const struct tam_keys *keys, unsigned int algorithms)
{
	static const enum key_kind preferred[] = { KEY_RSA, KEY_P256, KEY_P384 };

	if (!algorithms)
		algorithms = 1u << JWS_RS256 | 1u << JWS_ES256;
	for (size_t i = 0; i < sizeof(preferred) / sizeof(preferred[0]); i++)
		for (size_t k = 0; k < keys->count; k++)
			if (keys->pair[k].key.kind == preferred[i] &&
			    (algorithms & 1u << jws_algorithm_of(preferred[i])))
				return &keys->pair[k].key;
	return NULL;
}

int tam_key_ocsp(const struct tam_keys *shared, const struct tam_key *key, struct arena *arena,
		 struct span_list *out)
{
	/* Only its lock is changed. */
	struct tam_keys *keys = (struct tam_keys *)(uintptr_t)shared;
	const struct pair *pair = &keys->pair[key->index];
	int rc = 0;

	out->count = 0;
	pthread_mutex_lock(&keys->lock);
	for (int n = 0; !rc && n + 1 < sk_X509_num(key->chain); n++) {
		const struct response *response = pair->chosen[n];

		if (response &&
		    !arena_copy(arena, response->der, response->der_size, &out->item[out->count++]))
			rc = -ENOMEM;
	}
	pthread_mutex_unlock(&keys->lock);
	return rc;
}

/* ---- Keeping fresh --------------------------------------------------------------------------- */

static bool command_is_due(const struct tam_keys *keys, time_t now)
{
	for (size_t i = 0; i < keys->count; i++)
		for (int n = 0; n + 1 < sk_X509_num(keys->pair[i].key.chain); n++) {
			const struct spoken spoken = response_find(&keys->pair[i], n, now);

			if (spoken.why || now - spoken.since > (spoken.until - spoken.since) / 2)
				return true;
		}
	return false;
}

bool tam_keys_are_vouched_for(struct tam_keys *keys, time_t now)
{
	bool all = true;

	pthread_mutex_lock(&keys->lock);
	for (size_t i = 0; i < keys->count; i++)
		for (int n = 0; n + 1 < sk_X509_num(keys->pair[i].key.chain); n++)
			all = all && !response_find(&keys->pair[i], n, now).why;
	pthread_mutex_unlock(&keys->lock);
	return all;
}

/* In a process group of its own, so that it can be ended with all that it starts. */
static pid_t command_start(const char *command, const char *directory)
{
	posix_spawn_file_actions_t actions;
	char *argv[] = { "/bin/sh", "-c", (char *)command, NULL };
	posix_spawnattr_t attributes;
	sigset_t none;
	pid_t child = 0;

	if (posix_spawnattr_init(&attributes))
		return 0;
	if (posix_spawn_file_actions_init(&actions)) {
		posix_spawnattr_destroy(&attributes);
		return 0;
	}
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	if ((directory && posix_spawn_file_actions_addchdir_np(&actions, directory)) ||
	    posix_spawn(&child, argv[0], &actions, &attributes, argv, environ))
		child = 0;
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return child;
}

/* One that hangs must not be the last: it is ended when the next may run, and reaped later. */
static bool command_look_after(struct tam_keys *keys, time_t now)
{
	if (keys->child > 0 && waitpid(keys->child, NULL, WNOHANG) != 0)
		keys->child = 0;
	if (keys->child <= 0 || keys->given_up || now - keys->last_run < COMMAND_SECONDS)
		return false;
	(void)kill(-keys->child, SIGKILL);
	keys->given_up = true;
	return true;
}

unsigned int tam_keys_refresh(struct tam_keys *keys, time_t now)
{
	unsigned int happened = 0;

	pthread_mutex_lock(&keys->lock);
	if (command_look_after(keys, now))
		happened |= TAM_KEYS_COMMAND_HUNG;
	for (size_t i = 0; i < keys->count; i++) {
		bool here = false;

		for (size_t n = 0; n < keys->pair[i].responses; n++)
			here |= response_update(&keys->pair[i].response[n]);
		if (here)
			responses_choose(&keys->pair[i], now);
		happened |= here ? TAM_KEYS_CHANGED : 0;
	}
	if (keys->command && !keys->child &&
	    (!keys->last_run || now - keys->last_run >= COMMAND_SECONDS) &&
	    command_is_due(keys, now)) {
		keys->child = command_start(keys->command, keys->directory);
		keys->last_run = now;
		keys->given_up = false;
	}
	happened |= keys->child > 0 ? TAM_KEYS_COMMAND_RUNS : 0;
	pthread_mutex_unlock(&keys->lock);
	return happened;
}

/* ---- What expires ---------------------------------------------------------------------------- */

const char *tam_expiry_name(enum tam_expiry_state state)
{
	static const char *const name[] = {
		[EXPIRY_GOOD] = "good",
		[EXPIRY_SOON] = "soon",
		[EXPIRY_EXPIRED] = "expired",
		[EXPIRY_MISSING] = "missing",
	};

	return name[state];
}

enum tam_expiry_state tam_expiry_of(time_t not_after, time_t now, time_t warn_before)
{
	if (now >= not_after)
		return EXPIRY_EXPIRED;
	return not_after - now < warn_before ? EXPIRY_SOON : EXPIRY_GOOD;
}

static const char *text_copy(const char *text, struct arena *arena)
{
	struct span copy;

	return arena_copy(arena, text, strlen(text), &copy) ? span_text(copy) : NULL;
}

static bool subject_describe(X509 *certificate, struct arena *arena, struct tam_expiry *out)
{
	uint8_t hash[CERTIFICATE_HASH_SIZE];
	char *digits = arena_take(arena, 2 * sizeof(hash) + 1);
	char *name = arena_take(arena, 256);

	if (!digits || !name || !certificate_hash(certificate, hash))
		return false;
	out->sha256 = hex_encode(hash, sizeof(hash), digits);
	out->subject = certificate_name(certificate, name, 256);
	return true;
}

static bool certificate_expiry(const struct pair *pair, int n, time_t now, struct arena *arena,
			       struct tam_expiry *out)
{
	X509 *certificate = sk_X509_value(pair->key.chain, n);

	*out = (struct tam_expiry) {
		.what = "tam",
		.file = text_copy(pair->chain_path, arena),
		.why = "",
		.not_before = certificate_time(X509_get0_notBefore(certificate)),
		.not_after = certificate_time(X509_get0_notAfter(certificate)),
	};
	out->state = tam_expiry_of(out->not_after, now, WARN_DAYS * DAY);
	return out->file && subject_describe(certificate, arena, out);
}

static bool response_expiry(const struct pair *pair, int n, time_t now, struct arena *arena,
			    struct tam_expiry *out)
{
	const struct spoken spoken = response_find(pair, n, now);

	*out = (struct tam_expiry) {
		.what = "ocsp",
		.file = text_copy(spoken.response ? spoken.response->path : "", arena),
		.why = spoken.why ? spoken.why : "",
		.not_before = spoken.since,
		.not_after = spoken.until,
		.state = !spoken.response ? EXPIRY_MISSING
			 : spoken.why	  ? EXPIRY_EXPIRED
					  : tam_expiry_of(spoken.until, now,
							  (spoken.until - spoken.since) / 4),
	};
	return out->file && subject_describe(sk_X509_value(pair->key.chain, n), arena, out);
}

static int first_to_end(const void *a, const void *b)
{
	const struct tam_expiry *left = a, *right = b;

	return left->not_after < right->not_after ? -1 : left->not_after > right->not_after;
}

/* Pairs share their authorities. */
static bool listed(const struct tam_expiry *list, size_t count, const struct tam_expiry *one)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(list[i].what, one->what) && !strcmp(list[i].sha256, one->sha256))
			return true;
	return false;
}

int tam_keys_expiry(struct tam_keys *keys, time_t now, struct arena *arena,
		    struct tam_expiry **list, size_t *count)
{
	size_t most = 0;
	int rc = 0;

	for (size_t i = 0; i < keys->count; i++)
		most += 2 * (size_t)sk_X509_num(keys->pair[i].key.chain);
	*count = 0;
	*list = arena_take(arena, most * sizeof(**list));
	if (!*list)
		return -ENOMEM;
	pthread_mutex_lock(&keys->lock);
	for (size_t i = 0; !rc && i < keys->count; i++) {
		const struct pair *pair = &keys->pair[i];
		const int certificates = sk_X509_num(pair->key.chain);

		for (int n = 0; !rc && n < 2 * certificates - 1; n++) {
			struct tam_expiry *one = &(*list)[*count];
			const bool done =
				n < certificates
					? certificate_expiry(pair, n, now, arena, one)
					: response_expiry(pair, n - certificates, now, arena, one);

			if (!done)
				rc = -ENOMEM;
			else if (!listed(*list, *count, one))
				(*count)++;
		}
	}
	pthread_mutex_unlock(&keys->lock);
	qsort(*list, *count, sizeof(**list), first_to_end);
	return rc;
}
