/*
 * The TAs that the TAM can deliver: packages as service providers sign them, in versions.
 *
 * Runs in teesim-tam. Packages are hostile: one gets in only when its CMS signature holds under a
 * certificate that was vetted for the SP, and its header says what it is. A taid belongs to one SP.
 * A version means one image; a version below the newest is refused, so that nothing is ever
 * lowered. What is retired stays known, and is never delivered.
 *
 * A version may be announced without a package, where its SP encrypts it for each device itself.
 *
 * Personalisation data is sealed under the vault; everything else is as public as the package.
 * Results live in the caller's arena. `why` as in sp.h.
 */
#ifndef TEESIM_TEEP_TAM_CATALOGUE_H
#define TEESIM_TEEP_TAM_CATALOGUE_H

#include "teep/tam/sp.h"

#define CATALOGUE_PACKAGE_MAX	      (16u << 20)
#define CATALOGUE_PERSONALISATION_MAX (1u << 20)

struct ta_version {
	const char *taid; /* the UUID in lower case */
	int64_t version;  /* from 1 on: 0 stands for the latest */
	const char *spid;
	const char *name;   /* the package's, or what the SP calls it */
	const char *sha256; /* of the CMS package */
	const char *image_sha256;
	const char *signer; /* SHA-256 of the certificate's DER */
	int64_t size;	    /* octets of the package */
	/* How often it was set; 0: there is none. Part of what a device has. */
	int64_t personalisation;
	bool bundled; /* client apps bring the package; the TAM authorises it by its hash */
	bool sealed;  /* its SP encrypts it for each device itself (sealed_delivery.h) */
	int64_t created, retired; /* 0: not retired */
	bool was_there;		  /* of what is added: nothing had to be */
};

/* Who brings a version's package, as the database has it. */
enum ta_source {
	TA_FROM_CATALOGUE,
	TA_BUNDLED,
	TA_SEALED,
};

struct ta_summary {
	const char *taid, *name, *spid; /* the name of the newest */
	int64_t latest;			/* newest version that is not retired; 0: none is */
	int64_t devices;		/* that have it, by what the TAM knows */
};

/*
 * Add a package of the SP. `name` NULL: the package's. `created_by` goes into the event log.
 *   -EKEYREJECTED  its signer is not vetted for this SP, or the signature does not hold
 *   -EBADMSG       it is no package, or version 0
 *   -EPERM         the taid is another SP's
 *   -ESTALE        its version is below the newest
 *   -EEXIST        that version is there with another image, name or way of delivery, or is
 *                  retired; the same package again is 0
 *   -ENOENT        no such SP; -EFBIG
 */
int catalogue_add(struct tam_database *database, const char *spid, struct span cms,
		  const char *name, bool bundled, struct arena *arena, struct ta_version *out,
		  const char **why);

/*
 * A version that the SP will encrypt for each device itself: the TAM knows that there is one, and
 * never has its package. `name` may be NULL. -EINVAL with why for a name, identifier or version;
 * -EPERM, -ESTALE, -EEXIST and -ENOENT as above; the same again is 0.
 */
int catalogue_announce(struct tam_database *database, const char *spid, const char *taid,
		       int64_t version, const char *name, struct arena *arena,
		       struct ta_version *out, const char **why);

/* version 0: the latest that is not retired. -ENOENT. */
int catalogue_get(struct tam_database *database, const char *taid, int64_t version,
		  struct arena *arena, struct ta_version *out);
/* The CMS octets; none of a version that is announced. */
int catalogue_package(struct tam_database *database, const char *taid, int64_t version,
		      struct arena *arena, struct span *cms);
int catalogue_retire(struct tam_database *database, const char *taid, int64_t version);

/* Data NULL removes. -EFBIG, -ENOENT. */
int catalogue_personalise(struct tam_database *database, const char *taid, int64_t version,
			  struct span data);
/* -ENOENT when there is none. The arena wipes it. */
int catalogue_personalisation(struct tam_database *database, const char *taid, int64_t version,
			      struct arena *arena, struct span *data);

/* By taid; of one SP unless NULL; `q` unless NULL is a part of UUID or name, in any case. */
int catalogue_list(struct tam_database *database, const char *spid, const char *q,
		   const char *after, int64_t limit, struct arena *arena, struct ta_summary **list,
		   size_t *count);
int catalogue_summary(struct tam_database *database, const char *taid, struct arena *arena,
		      struct ta_summary *out);
/* Newest first. */
int catalogue_versions(struct tam_database *database, const char *taid, struct arena *arena,
		       struct ta_version **list, size_t *count);

#endif
