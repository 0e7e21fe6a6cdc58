/*
 * The TAM's keys: several pairs (RSA, P-256, P-384), each with its chain and the OCSP responses
 * that are stapled for it.
 *
 * Runs in teesim-tam. Private keys come from a PEM file that is closed to others, or stay in a
 * token behind PKCS #11 (OpenSSL's engine "pkcs11"), where only operations are asked for. Keys,
 * chains and files are the operator's own and trusted; that they fit each other is checked. After
 * tam_keys_open() every function may be called from any thread.
 */
#ifndef TEESIM_TEEP_TAM_KEY_H
#define TEESIM_TEEP_TAM_KEY_H

#include <openssl/x509.h>
#include <time.h>

#include "teep/otrp/algorithm.h"
#include "teep/otrp/arena.h"
#include "teep/pki/certificate.h"

#define TAM_KEYS_MAX 8

struct tam_key_source {
	/* A PEM file with mode 0600, or a URI "pkcs11:…" (RFC 7512), whose PIN is there by
	 * pin-value or, better, pin-source=/path of a file that is closed to others. */
	const char *key;
	const char *chain; /* PEM: the leaf first, and up to the root */
	/* Files of responses in DER, at most SPAN_LIST_MAX - 1, for the leaf and the authorities
	 * above it, in any order. They are read again when they change. */
	const char *const *ocsp;
	size_t ocsp_count;
};

struct tam_keys_options {
	struct tam_key_source source[TAM_KEYS_MAX];
	size_t count;
	/* Run by /bin/sh, in `directory`, when a response is past half of its life, at most once
	 * in a minute: fetches new responses into their files. NULL: somebody else does. */
	const char *refresh_command;
	/* The TAM's, which a pin-source that does not begin with / is relative to as well. NULL:
	 * where the process is. */
	const char *directory;
	/* The library behind "pkcs11:", NULL for the one that OpenSSL's configuration or p11-kit
	 * gives. */
	const char *pkcs11_module;
};

struct tam_key {
	size_t index;
	enum key_kind kind;
	EVP_PKEY *key;
	STACK_OF(X509) * chain; /* leaf first, root last */
	bool in_token;		/* the private half can't be read, only used */
	char name[80];		/* the leaf's common name, for people */
};

struct tam_keys;

/*
 * Open all. The certificates must name one and the same TAM identifier, and there must be at least
 * one pair. A missing, stale or foreign OCSP response is a warning, not a failure. Returns 0 or a
 * negative errno with one line in `err`.
 */
int tam_keys_open(struct tam_keys **keys, const struct tam_keys_options *options, char *err,
		  size_t errlen);
void tam_keys_close(struct tam_keys *keys);

const char *tam_keys_tamid(const struct tam_keys *keys);
size_t tam_keys_count(const struct tam_keys *keys);
const struct tam_key *tam_keys_at(const struct tam_keys *keys, size_t index);

/*
 * The pair to sign with for a peer that verifies these algorithms (bits 1 << enum jws_algorithm; 0:
 * not known, which means RS256 and ES256): RSA first, as the protocol's profile says. NULL: none.
 */
const struct tam_key *tam_keys_choose(const struct tam_keys *keys, unsigned int algorithms);

/* Copies of the present responses, in the order of the chain; those that are not there are left
 * out. 0 or -ENOMEM. */
int tam_key_ocsp(const struct tam_keys *keys, const struct tam_key *key, struct arena *arena,
		 struct span_list *out);

enum tam_keys_event {
	TAM_KEYS_CHANGED = 1 << 0,	/* a response was read */
	TAM_KEYS_COMMAND_HUNG = 1 << 1, /* the command took more than a minute, and was ended */
	TAM_KEYS_COMMAND_RUNS = 1 << 2, /* what it writes is to be looked for soon */
};

/*
 * To be called now and then, once in some seconds: reads files again that changed, and runs the
 * command when it is time, without waiting for it. Returns what happened, enum tam_keys_event.
 */
unsigned int tam_keys_refresh(struct tam_keys *keys, time_t now);

/* Whether each certificate that needs a response has one that holds now: without, no device
 * believes this TAM. */
bool tam_keys_are_vouched_for(struct tam_keys *keys, time_t now);

enum tam_expiry_state {
	EXPIRY_GOOD,
	EXPIRY_SOON, /* 30 days for a certificate, a quarter of its life for an OCSP response */
	EXPIRY_EXPIRED,
	EXPIRY_MISSING, /* a certificate of the chain that no response speaks for */
};

const char *tam_expiry_name(enum tam_expiry_state state);

struct tam_expiry {
	const char *what; /* "tam" or "ocsp" */
	const char *subject;
	const char *sha256; /* of the certificate that it is about */
	const char *file;
	const char *why; /* for an OCSP response that does not pass; "" otherwise */
	time_t not_before, not_after;
	enum tam_expiry_state state;
};

/* Every certificate and every response, the first to end first. */
int tam_keys_expiry(struct tam_keys *keys, time_t now, struct arena *arena,
		    struct tam_expiry **list, size_t *count);

/* The state of any certificate that is good from .. until. */
enum tam_expiry_state tam_expiry_of(time_t not_after, time_t now, time_t warn_before);

#endif
