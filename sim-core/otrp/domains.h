/*
 * Security domains, their TAs and keys, and what the TEE remembers of each TAM: the store's rows.
 *
 * Runs in the TEE's OTrP process, inside one of the store's transactions wherever something
 * changes. Domains are named by the TAM's identifier first, so that one TAM never meets another's.
 * Functions return 0, -ENOENT, -ENOSPC, or another -errno that means a broken store.
 */
#ifndef TEESIM_OTRP_DOMAINS_H
#define TEESIM_OTRP_DOMAINS_H

#include "otrp/store.h"
#include "wire/uuid.h"

struct domain_name {
	struct span tamid, spid, sdname;
};

#define DOMAIN_ID_SIZE 16 /* hexadecimal digits */

struct domain {
	struct domain_name name;
	struct span id;		  /* what TAs and their data belong to; survives renaming */
	struct span_list signers; /* DER */
};

int domain_get(struct store *store, struct arena *arena, const struct domain_name *name,
	       struct domain *out);

/* By TAM and name alone; *count says how many there are, and `out` is the last. */
int domain_find(struct store *store, struct arena *arena, struct span tamid, struct span sdname,
		struct domain *out, unsigned *count);

/* Writes the domain; a new one gets an id. */
int domain_put(struct store *store, struct arena *arena, struct domain *domain);

/* The domain alone: see to its TAs first. */
int domain_delete(struct store *store, struct arena *arena, const struct domain *domain);

/* Whether the SP has any domain with this TAM. */
int domain_any(struct store *store, struct arena *arena, struct span tamid, struct span spid,
	       bool *any);

/* Each domain of a TAM, in the order of SP and name. */
int domain_each(struct store *store, struct span tamid,
		int (*each)(void *context, const struct domain *domain), void *context);

/* By id. */
int domain_of_id(struct store *store, struct arena *arena, struct span id, struct domain *out);

struct domain_ta {
	struct span taid;   /* the UUID's text */
	struct span domain; /* id */
	struct span name;
	uint32_t version;
	struct span hash;      /* SHA-256 of the image */
	struct span signer;    /* DER */
	struct span tam_chain; /* DER, one after the other, of the TAM that installed it */
};

int ta_get(struct store *store, struct arena *arena, struct span taid, struct domain_ta *out);
int ta_put(struct store *store, struct arena *arena, const struct domain_ta *ta);

#define TA_MARK_SIZE   32
#define TA_NUMBER_SIZE 32

/* A TA that is about to be installed: what belongs to it belongs to no other, nor to itself when it
 * is installed again. Updates leave it. */
int ta_born(struct store *store, struct arena *arena, struct span taid);

/* What the TA's number is the hash of (storage/forgotten.h). */
int ta_mark_get(struct store *store, struct arena *arena, const struct domain_ta *ta,
		uint8_t mark[TA_MARK_SIZE]);

/* What the TA's objects belong to; another domain's, or another installation's, differs. */
int ta_number_get(struct store *store, struct arena *arena, const struct domain_ta *ta,
		  uint8_t number[TA_NUMBER_SIZE]);

/* The last TAs that were deleted: struct forgotten_record, one after the other. */
int ta_forgotten_get(struct store *store, struct arena *arena, struct span *records);

/* The TA with its image and data; what it has in trusted storage is noted as forgotten. */
int ta_delete(struct store *store, struct arena *arena, const struct domain_ta *ta);

/* Each TA of a domain: text of the UUID, and name. */
int ta_each(struct store *store, struct arena *arena, struct span domain,
	    int (*each)(void *context, struct span taid, struct span name), void *context);

/* Each TA of the device, with all that is known of it. */
int ta_each_of_device(struct store *store, struct arena *arena,
		      int (*each)(void *context, const struct domain_ta *ta), void *context);

/* Deletes all TAs of a domain. */
int ta_delete_all(struct store *store, struct arena *arena, struct span domain);
int ta_any(struct store *store, struct arena *arena, struct span domain, bool *any);

enum ta_part {
	TA_PART_IMAGE,
	TA_PART_PERSONAL,
};

/* A part that is put is there once it is committed (store_put_late()); `octets` stay until then. */
int ta_part_get(struct store *store, struct arena *arena, struct span taid, enum ta_part part,
		struct span *out);
int ta_part_put(struct store *store, struct arena *arena, struct span taid, enum ta_part part,
		struct span octets);

/* The SP's anonymous key with a TAM: PKCS #8. */
int aik_get(struct store *store, struct arena *arena, struct span tamid, struct span spid,
	    struct span *der);
int aik_put(struct store *store, struct arena *arena, struct span tamid, struct span spid,
	    struct span der);

/* What is told of it: as the device state has it, and its type. */
struct aik_public {
	struct span text, type;
};

int aik_public_get(struct store *store, struct arena *arena, struct span tamid, struct span spid,
		   struct aik_public *out);
int aik_public_put(struct store *store, struct arena *arena, struct span tamid, struct span spid,
		   const struct aik_public *key);

/* Both. */
int aik_delete(struct store *store, struct arena *arena, struct span tamid, struct span spid);

#define DSI_HASH_SIZE 32

/* Never deleted: its count must not start anew. */
struct tam_memory {
	uint64_t dsigen;
	uint64_t requests;  /* how many were remembered */
	uint32_t dsi_valid; /* dsi_hash is of a state that has not changed since */
	uint8_t dsi_hash[DSI_HASH_SIZE];
};

/* All zero for a TAM that was never heard of, but for the count, where tams_advance() raised it.
 * What is put is there once it is committed (store_put_late()), as `memory` then is. */
int tam_get(struct store *store, struct arena *arena, struct span tamid, struct tam_memory *out);
int tam_put(struct store *store, struct arena *arena, struct span tamid,
	    const struct tam_memory *memory);

/* Raises the count of every TAM, also of those that are yet to come, and forgets which state each
 * was told. In a transaction. */
int tams_advance(struct store *store, uint64_t by);

#define REQUESTS_REMEMBERED 256
#define SESSIONS_REMEMBERED 16

/* Whether (rid, tid) is among the TAM's last ones; noting it forgets the oldest. */
int request_seen(struct store *store, struct arena *arena, struct span tamid, struct span rid,
		 struct span tid, bool *seen);
int request_note(struct store *store, struct arena *arena, struct span tamid,
		 struct tam_memory *memory, struct span rid, struct span tid);

/* Certificates and OCSP responses that a session came with. */
struct tam_session {
	struct span tamid;
	struct span_list chain; /* DER, leaf first, without the root */
	struct span_list ocsp;
};

int session_put(struct store *store, struct arena *arena, struct span tid,
		struct tam_memory *memory, const struct tam_session *session);

/* Each session of that id; several TAMs may have chosen the same. */
int session_each(struct store *store, struct arena *arena, struct span tid,
		 int (*each)(void *context, const struct tam_session *session), void *context);

/* TAs that client applications want, the latest last; each is the text of a UUID and, right behind
 * it, a name, which may be empty. None is an empty list. */
#define REQUESTED_TAID_SIZE 36U
int requested_get(struct store *store, struct arena *arena, struct span_list *out);
int requested_put(struct store *store, struct arena *arena, const struct span_list *tas);

/* Takes one out, if it is there. */
int requested_drop(struct store *store, struct arena *arena, struct span taid);

/* The highest time that was ever believed. */
int clock_floor_get(struct store *store, struct arena *arena, uint64_t *seconds);
int clock_floor_put(struct store *store, struct arena *arena, uint64_t seconds);

/* What the administrator lets the TEE trust, as a record of trust_list_layout. */
int trust_list_get(struct store *store, struct arena *arena, struct span *record);
int trust_list_put(struct store *store, struct arena *arena, struct span record);

#endif
