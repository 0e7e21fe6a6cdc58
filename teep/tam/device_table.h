/*
 * The devices that the TAM knows: who they are, and what each is known to have.
 *
 * Runs in teesim-tam. A device gets in after its TEE was authenticated; nothing here does that.
 * `did` is the SHA-256 of the TEE's certificate in 64 lower-case hexadecimal digits. The picture of
 * a device may be stale: GetDeviceState is what makes it true again. Results live in the caller's
 * arena.
 *
 * Of two sessions with one device, the one that stores later wins only if it has seen what the
 * other stored: `revision` grows with each change, and a change says which it starts from.
 */
#ifndef TEESIM_TEEP_TAM_DEVICE_TABLE_H
#define TEESIM_TEEP_TAM_DEVICE_TABLE_H

#include "teep/otrp/arena.h"
#include "teep/tam/database.h"

enum device_status {
	DEVICE_UNKNOWN, /* never validated by the present rules */
	DEVICE_TRUSTED,
	DEVICE_REFUSED,	  /* validated, and did not pass: see `reason` */
	DEVICE_SUSPENDED, /* by a person; gets nothing */
};

const char *device_status_name(enum device_status status);
/* -1 for none. */
int device_status_parse(const char *name);

struct device {
	const char *did;
	int64_t revision;
	const char *tee_name, *tee_version, *model;
	const char *labels;				   /* a JSON object */
	struct span tee_certificate, firmware_certificate; /* DER; the latter may be absent */
	struct span tee_chain;				   /* DER after DER, issuer first */
	enum device_status status;
	/* Filled in when read: what it is in the table. */
	enum device_status status_stored;
	bool has_status_stored;
	const char *reason;
	/* The last DSI of this device for this TAM, as octets, and what goes with it. */
	struct span dsi, dsi_hash; /* absent: it has to be asked for */
	int64_t dsi_generation;	   /* -1: the TEE does not count */
	bool signer_required;	   /* certificates and OCSP go into each request */
	const char *algorithm;	   /* that was negotiated, "" for none */
	const char *address;	   /* from where it came last */
	int64_t first_seen, last_seen;
};

struct device_ta {
	const char *spid, *sdname, *taid, *name;
	int64_t version;	  /* 0: it has it, and the TAM does not know which */
	int64_t personalisation;  /* as ta_version's when it was sent */
	const char *image_sha256; /* "" when not known */
	const char *state;	  /* "installed", or what the last attempt came to */
	int64_t updated;
};

/* Of a domain that this TAM made, when the answer that would have told was lost. */
#define CERTIFICATES_UNKNOWN "?"

struct device_domain {
	const char *spid, *sdname;
	/* SHA-256 of those registered there, joined by spaces; "" in a domain that another made.
	 * When stored: NULL leaves them. */
	const char *certificates;
	int64_t updated;
};

struct device_aik {
	const char *spid, *type; /* "RSA" or "ECC" */
	struct span key;	 /* DER, as the TEE gave it */
	int64_t updated;
};

/*
 * First sight of an authenticated TEE: make the row, or find it. New devices join the deployments
 * under way for all devices.
 * -EEXIST when that did is known with another certificate, or that TEE key by another did: a copy.
 */
int device_table_register(struct tam_database *database, const char *did, struct span certificate,
			  struct span chain, const char *tee_name, struct arena *arena,
			  struct device *out);

/* The same with all that device_table_store() stores, of one that is not known. `revision`
 * becomes 1. -EEXIST when that did or its key is known. */
int device_table_add(struct tam_database *database, struct device *device);

/* Whether the key of that certificate is nobody's yet: 0, -EEXIST, or -EBADMSG when it is none. */
int device_table_key_free(struct tam_database *database, struct span certificate);

/* -ENOENT. */
int device_table_get(struct tam_database *database, const char *did, struct arena *arena,
		     struct device *out);

/*
 * Store the members from `tee_name` to `last_seen` but model, labels, first_seen and the
 * certificate of the TEE, with status and reason unless a person suspended it. `revision` is the
 * one that was read, and becomes the new one. -ESTALE: somebody else was quicker; nothing changed.
 */
int device_table_store(struct tam_database *database, struct device *device);

/* -ESTALE unless the device is there with that revision. */
int device_table_check(struct tam_database *database, const char *did, int64_t revision);

/* Replace what the device has by what its DSI told: domains, TAs and AIKs. What is known of a TA
 * beyond the DSI (version, image, personalisation) is kept unless the caller gives it. `there` is
 * what the rows have, of a device that was stored or added in this very transaction; NULL: they are
 * read. */
struct device_content {
	const struct device_domain *domains;
	size_t domain_count;
	const struct device_ta *tas;
	size_t ta_count;
	const struct device_aik *aiks;
	size_t aik_count;
};
int device_table_store_content(struct tam_database *database, const char *did,
			       const struct device_content *there,
			       const struct device_content *content);

int device_table_domains(struct tam_database *database, const char *did, struct arena *arena,
			 struct device_domain **list, size_t *count);
int device_table_tas(struct tam_database *database, const char *did, struct arena *arena,
		     struct device_ta **list, size_t *count);
int device_table_aiks(struct tam_database *database, const char *did, struct arena *arena,
		      struct device_aik **list, size_t *count);

/* By a person. Trusted means unknown until the next contact validates it anew. NULL: as it is. */
int device_table_set_status(struct tam_database *database, const char *did,
			    enum device_status status, const char *reason);
int device_table_describe(struct tam_database *database, const char *did, const char *model,
			  const char *labels);
/* Forgotten, with all that is known of it; wanted state for it alone too. -ENOENT. */
int device_table_remove(struct tam_database *database, const char *did);

/* TAs that client apps on the device asked for, most recent first, at most 64 per device. */
int device_table_request_ta(struct tam_database *database, const char *did, const char *taid);
int device_table_requested(struct tam_database *database, const char *did, struct arena *arena,
			   const char ***taids, size_t *count);

/* SQL: whether a device is one that an SP may see. It has a domain of it, or wanted state for it.
 */
#define TAM_DEVICE_OF_SP(did, spid)                                                       \
	"(EXISTS (SELECT 1 FROM device_domain x WHERE x.did = " did " AND x.spid = " spid \
	") OR EXISTS (SELECT 1 FROM wanted w WHERE w.spid = " spid                        \
	" AND (w.scope = 0 OR (w.scope = 2 AND w.scope_id = " did                         \
	") OR (w.scope = 1 AND EXISTS (SELECT 1 FROM group_member g WHERE g.did = " did   \
	" AND g.name = w.scope_id)))))"

struct device_filter {
	const char *q; /* a part of did, TEE name, model or labels, in any case; NULL */
	const char *group;
	const char *spid;  /* has a domain of it, or wanted state for it */
	int status;	   /* -1: any */
	const char *after; /* did */
	int64_t limit;
};

/* Whether an SP may see that device; 0 or -ENOENT. */
int device_table_visible(struct tam_database *database, const char *did, const char *spid);

/* By did. The list has neither certificates nor DSI; `*total`, unless NULL, is how many fit. */
int device_table_list(struct tam_database *database, const struct device_filter *filter,
		      struct arena *arena, struct device **list, size_t *count, int64_t *total);
/* Of each status. */
int device_table_count(struct tam_database *database, int64_t counts[4]);

#endif
