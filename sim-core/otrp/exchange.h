/*
 * One request on its way through the TEE: what is known of it so far, and how it ends.
 *
 * Runs in the TEE's OTrP process; shared by the files that are the steps of tee_process().
 */
#ifndef TEESIM_OTRP_EXCHANGE_H
#define TEESIM_OTRP_EXCHANGE_H

#include <openssl/x509.h>

#include "boot/firmware.h"
#include "otrp/certificate_cache.h"
#include "otrp/committer.h"
#include "otrp/domains.h"
#include "otrp/key_cache.h"
#include "otrp/parser.h"
#include "otrp/request_guess.h"
#include "otrp/state_lists.h"
#include "otrp/tee.h"
#include "otrp/trust.h"
#include "teep/pki/certificate.h"

struct tee {
	char *directory;
	struct tee_options options;
	struct firmware *firmware;
	struct boot boot;
	struct store *store;
	struct committer *committer;
	struct parser *parser;
	struct trust *trust;
	struct certificate_cache certificates;
	struct key_cache keys;
	struct state_lists_cache lists;
	/* What all states have in common, in canonical JSON, once one was made. */
	struct arena texts;
	struct span state_head, state_name, state_version, firmware_certificate;
	/* What the last query that passed began with (request_guess.h). */
	struct arena query_headers;
	struct span query_header;
	/* The session that began last, so that its commands need not read it: the hashes of its id
	 * and certificates, and of what its TAM was judged by; all zero for none. */
	uint8_t session_hash[32], session_evidence[32];
	uint64_t clock_floor; /* as the store has it, where it is known */
	bool clock_floor_known;
	uint8_t did[32];
	int changes_fd;	  /* TEE_CHANGES_FILE */
	int forgotten_fd; /* forgotten_path() */
};

/* Opens the file in which trusted storage is told of TAs that were deleted, and sees to it that it
 * tells of all of them. 0 or -errno. */
int forgotten_open(struct tee *tee);
/* The file tells what the store does. */
int forgotten_publish(struct tee *tee);

/* What was made before the request was parsed, and of what. */
struct ahead {
	struct span tid; /* the firmware was begun for it */
	struct jws jws;	 /* holds under `key`, which is ours; NULL: nothing was seen to hold */
	EVP_PKEY *key;
	struct span answer_cek, wrapped; /* of the answer, for the holder of that key */
	struct jwe content; /* the block in it has this key; no data: none was unwrapped */
	struct span cek;
	/* That of a TA, by the key of this SP; the SP has one key as long as the request lasts. */
	struct span spid, ta_cek;
};

struct exchange {
	struct tee *tee;
	struct arena arena;
	time_t now;
	struct otrp_failure failure;
	enum otrp_message message;
	struct otrp_envelope envelope;
	struct otrp_request request;
	struct otrp_content content;
	/* The sender, once authenticated. */
	bool authenticated;
	EVP_PKEY *fits;	       /* a key under which the signature was seen to hold */
	EVP_PKEY *sender;      /* the TAM's */
	struct span_list path; /* DER, leaf first, root last */
	char tamid_text[TAMID_SIZE];
	struct span tamid;
	struct tam_session session;	  /* certificates and responses that were used */
	struct tam_memory memory, before; /* the latter as the transaction found it */
	time_t produced;		  /* the latest of the OCSP responses */
	bool noted;			  /* this very request was here before */
	struct span cek;		  /* the content's key, once it is known */
	uint32_t encryption;		  /* enum jwe_encryption */
	struct span wrapped;		  /* jwe_wrap() for the sender, once that is made */
	/* What the command found and made. */
	struct domain domain;
	struct domain_ta ta;
	EVP_PKEY *aik; /* to be told in the answer, and how */
	struct aik_public aik_public;
	bool changed;		   /* something that the TAM sees */
	bool remembered;	   /* exchange_remember() was done in this transaction */
	bool signing;		   /* the firmware was asked for its word */
	struct span firmware_word; /* the firmware's signature, once it was fetched */
	bool committing;	   /* what the answer tells; not done yet */
	uint8_t evidence[32];	   /* what the sender was judged by */
	struct ahead ahead;
	struct span header; /* what stands before the payload (request_guess.h) */
};

/* What need not wait for the parsers (ahead.c): before they begin, while both work, and while that
 * of the request does. */
void exchange_ahead_begin(struct exchange *exchange, const struct request_guess *guess);
void exchange_ahead_verify(struct exchange *exchange, const struct request_guess *guess);
void exchange_ahead_unwrap(struct exchange *exchange, const struct request_guess *guess);
/* Whether the envelope's signature holds under a key, and what jwe_unwrap() makes of the request's
 * content: as they would be found out now, if that is not known already. */
bool exchange_signature_holds(const struct exchange *exchange, EVP_PKEY *key);
int exchange_content_key(struct exchange *exchange, struct span *cek);
/* Whether the answer's content key was wrapped already, for who sent the request; then it is taken.
 */
bool exchange_wrapped_ahead(struct exchange *exchange);
/* The same for the key of a TA, of which the decrypted content says whose it is: the former while
 * that is parsed, the latter once the domain is known. */
void exchange_ta_key_ahead(struct exchange *exchange, struct span content);
int exchange_ta_key(struct exchange *exchange, EVP_PKEY *aik, struct span *cek);
/* Of a query that passed. */
void exchange_header_keep(struct tee *tee, struct span header);

/* Steps 5 and 6: who signed, and whether it is a TAM that this TEE trusts. */
int exchange_authenticate(struct exchange *exchange);

/* A session has begun and is committed: its commands are those of the same TAM. */
void exchange_session_keep(struct exchange *exchange);

/* What a certificate's key and name are, out of the cache or by a child of the parser; nothing is
 * judged. The key is the caller's. 0; -EBADMSG for what is no certificate; or another -errno. */
int tee_certificate(struct tee *tee, struct arena *arena, struct span der,
		    struct certificate_known *out, struct otrp_failure *failure);

/* The same for a request, which fails by all errors but -EBADMSG. */
int exchange_certificate(struct exchange *exchange, struct span der, struct certificate_known *out);

/* Writes what a request that passed, or one that failed after it was authenticated, leaves behind,
 * but for the TAM's own row: once in a transaction, where there is time for it. 0 or -errno. */
int exchange_remember(struct exchange *exchange);

/* The latest time that an OCSP response told, in seconds; no clock may be before it. 0 or -errno.
 */
int exchange_clock_floor(struct exchange *exchange, uint64_t *seconds);

/* Steps 14 to 16: the command itself, inside a transaction. */
int exchange_execute(struct exchange *exchange);

/* The device state for this TAM: {"dsi":…} as text that is the caller's, and its hash; NULL without
 * memory or with a broken store. */
char *device_state_make(struct exchange *exchange, uint8_t hash[32]);

/* An anonymous key as the DSI has it, and its type. NULL on failure. */
json_t *aik_encode(EVP_PKEY *key, const char **type);

/* Has the firmware sign the transaction's id, where the answer will need that, while the TEE does
 * the rest. What is begun in vain is dropped. */
void exchange_sign_begin(struct exchange *exchange);

/* Has the firmware begin with a transaction's id, for a query or a command, on the CPU that suits
 * that. 0 or -errno. */
int exchange_firmware_ask(struct exchange *exchange, struct span tid, bool query);

/* The answer's content key for the sender, who is authenticated; it may be made as soon as that key
 * is settled: once the content was decrypted, or where there is none to decrypt. */
void exchange_wrap(struct exchange *exchange);

/* Step 17. The caller's text, or NULL. `state` may be NULL. */
char *answer_make(struct exchange *exchange, const char *state);

/* Maps a store's error to a failure; -ENOENT must have been seen to. */
int exchange_store_failed(struct exchange *exchange, int rc);

#endif
