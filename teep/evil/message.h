/*
 * What an attacker in the middle can do to a message: all of it, but to sign it with a key that is
 * not his.
 *
 * Runs in teesim-evil-agent. Messages come from TAMs and TEEs of tests.
 */
#ifndef TEESIM_EVIL_MESSAGE_H
#define TEESIM_EVIL_MESSAGE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

struct octets {
	char *data; /* free(); a zero octet behind; NULL: none */
	size_t size;
};

void octets_clear(struct octets *octets);
int octets_copy(const struct octets *from, struct octets *to); /* 0 or -ENOMEM */
int octets_of_text(const char *text, struct octets *to);

/* What anybody can read of a message. */
struct message_look {
	char name[64];	  /* of the envelope; "" when it can't be read */
	char status[16];  /* of an answer: "pass", "fail"; "" */
	char reason[64];  /* of an answer: the code where it is not encrypted; an agent's own; "" */
	unsigned entries; /* of GetDeviceStateResponse */
	char tid[160];
};

void message_look(const struct octets *message, struct message_look *out);

/* Whether it is called that, with Request or Response left out. */
bool message_is(const struct message_look *look, const char *name);

/*
 * Changes, in place. `part` is "payload", "protected", "signature" or "x5c", decoded, changed and
 * encoded again; NULL: the octets as they stand. Of GetDeviceStateResponse the first entry is
 * changed. All return 0, or -errno: -EBADMSG for a message that has no such thing.
 */
int message_flip(struct octets *message, const char *part, size_t bit);
int message_truncate(struct octets *message, long size); /* below 0: so many from the end */
int message_rename(struct octets *message, const char *name);
int message_remove(struct octets *message, const char *member); /* of the JWS */
/* A member of the signed object; the signature stays as it was. `json` may be any value. */
int message_set(struct octets *message, const char *member, const char *json);
/* The payload signed anew; `chain` becomes x5c, or NULL leaves the header as it is. */
int message_resign(struct octets *message, EVP_PKEY *key, STACK_OF(X509) * chain);
/* "none" without a signature; "HS256" with the public key of the x5c's leaf as the secret; others
 * with the signature as it was. */
int message_alg(struct octets *message, const char *algorithm);

/* Of GetDeviceStateResponse: "empty", "reverse", "duplicate", or "add" all of another's. */
int message_entries(struct octets *message, const char *what, const struct octets *other);

#endif
