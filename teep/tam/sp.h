/*
 * Service providers that the TAM acts for, and the certificates vetted for each: the only ones that
 * may sign its TAs.
 *
 * Runs in teesim-tam. Names and certificates come from the admin API: hostile, checked here.
 * Results live in the caller's arena. Functions return 0 or a negative errno; those that take `why`
 * put a text there that lives for ever, or NULL when the database failed.
 */
#ifndef TEESIM_TEEP_TAM_SP_H
#define TEESIM_TEEP_TAM_SP_H

#include "teep/otrp/arena.h"
#include "teep/tam/database.h"

#define SHA256_SIZE	 32
#define SHA256_TEXT_SIZE 65

/* spid, sdname: 1 to 255 octets of UTF-8 without control characters. */
#define TAM_NAME_MAX 255
bool tam_name_fits(const char *name);
/* The same for what is named in paths of the admin API, where "." and ".." stand for others. */
bool tam_path_name_fits(const char *name);

struct sp {
	const char *spid;
	const char *name; /* "" when none was given */
	int64_t created;
	int64_t tas; /* that are not retired altogether */
};

struct sp_certificate {
	const char *spid;
	const char *sha256; /* lower-case hexadecimal */
	const char *subject;
	int64_t not_before, not_after, created; /* milliseconds */
	struct span der;
};

/* -EEXIST; -EINVAL with why. */
int sp_add(struct tam_database *database, const char *spid, const char *name, const char **why);
/* -ENOENT. */
int sp_get(struct tam_database *database, const char *spid, struct arena *arena, struct sp *out);
int sp_rename(struct tam_database *database, const char *spid, const char *name, const char **why);
/* -EBUSY while there are TAs or wanted state of it; its certificates and tokens go with it. */
int sp_remove(struct tam_database *database, const char *spid);
/* By spid, from behind `after` (NULL: the first) at most `limit`. */
int sp_list(struct tam_database *database, const char *after, int64_t limit, struct arena *arena,
	    struct sp **list, size_t *count);

/*
 * Vet a certificate (DER) for an SP; it may be self-signed. -EBADMSG with why: no certificate, or
 * one with a key of another kind, or expired; -EEXIST; -ENOENT: no such SP.
 */
int sp_certificate_add(struct tam_database *database, const char *spid, struct span der,
		       struct arena *arena, struct sp_certificate *out, const char **why);
/* -EBUSY when a version of a TA that is not retired is signed by it; -ENOENT. */
int sp_certificate_remove(struct tam_database *database, const char *spid, const char *sha256);
/* spid NULL: of all. */
int sp_certificate_list(struct tam_database *database, const char *spid, struct arena *arena,
			struct sp_certificate **list, size_t *count);

#endif
