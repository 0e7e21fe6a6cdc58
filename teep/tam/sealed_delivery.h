/*
 * TAs that a service provider encrypts for each device itself (teep/otrp/ta_delivery.h): what it
 * has delivered, for which device, and what became of it.
 *
 * Runs in teesim-tam. A delivery is of a version that the SP has announced
 * (catalogue_announce()), for a device in which the SP has a key. The TAM can't look into it: it
 * sends it when the version is wanted on that device, and the TEE checks what is inside. Of each TA
 * a device has one delivery, the last. What is encrypted is kept until the TEE says that it has it;
 * a device that needs it once more (it was reset, the TA was deleted meanwhile, or it has another
 * key) needs another delivery. A delivery of personalisation data alone is for a TA whose package
 * the TAM has, in whichever version, and is sent once that is installed.
 *
 * Results live in the caller's arena. `why` as in sp.h.
 */
#ifndef TEESIM_TEEP_TAM_SEALED_DELIVERY_H
#define TEESIM_TEEP_TAM_SEALED_DELIVERY_H

#include "teep/otrp/ta_delivery.h"
#include "teep/tam/dsi.h"
#include "teep/tam/wanted.h"

/* Which delivery a number stands for that a TA's `personalisation` has: negative for data alone. */
static inline int64_t sealed_delivery_id(int64_t personalisation)
{
	return personalisation < 0 ? -personalisation : personalisation;
}

/* Octets that wait for devices, of one SP. */
#define SEALED_OF_SP_MAX (INT64_C(1) << 30)

struct sealed_delivery {
	int64_t id;
	const char *did, *spid, *taid;
	int64_t version; /* 0: data alone */
	const char *name;
	int64_t size; /* octets of the delivery */
	bool personalisation;
	bool held; /* what is encrypted is still here, to be sent */
	/* It was encrypted for a key that the device is known not to have any more. */
	bool stale;
	bool there;	   /* by its last account, the device has it, with what came in it */
	const char *error; /* what the last attempt came to; "" for none */
	int64_t created, installed; /* 0: the TEE has not said so */
	const char *created_by;
};

/* "installed" as long as the device has it, "gone" after that; before, "waiting" for its contact,
 * "stale" or "failed". */
const char *sealed_delivery_state(const struct sealed_delivery *delivery);

/*
 * Take one for sending, in the place of an earlier one of that TA for that device. `tamid` is this
 * TAM's.
 *   -EBADMSG       it is for another TAM
 *   -ENOENT        no such device, no such version that its SP announced, or, of data alone, no
 *                  TA whose package the TAM has
 *   -ESTALE        the device has no key of the SP, or not this one; or the version is lower than
 *                  what was delivered
 *   -EFBIG         the SP has too much that waits
 */
int sealed_delivery_add(struct tam_database *database, const struct ta_delivery *delivery,
			size_t size, const char *tamid, const char *created_by, struct arena *arena,
			struct sealed_delivery *out, const char **why);

/* -ENOENT. */
int sealed_delivery_get(struct tam_database *database, int64_t id, struct arena *arena,
			struct sealed_delivery *out);
int sealed_delivery_remove(struct tam_database *database, int64_t id);

struct sealed_filter {
	const char *spid, *did, *taid; /* NULL: any */
	int64_t after, limit;	       /* by id */
};
int sealed_delivery_list(struct tam_database *database, const struct sealed_filter *filter,
			 struct arena *arena, struct sealed_delivery **list, size_t *count);

/* A version that is retired is not sent any more. */
int sealed_delivery_retire(struct tam_database *database, const char *taid, int64_t version);

/* ---- For the engine -------------------------------------------------------------------------- */

/* What there is for those decisions whose TA the SP encrypts, as the device's state stands: fills
 * in their `delivery`, and its id as `personalisation`. Asks nothing where there are none. */
int sealed_delivery_resolve(struct tam_database *database, const char *did, const struct dsi *dsi,
			    struct arena *arena, struct wanted_decision *wanted, size_t count);

/* encrypted_ta, in canonical form. -ENOENT. */
int sealed_delivery_octets(struct tam_database *database, int64_t id, struct arena *arena,
			   struct span *octets);

/* What became of it: installed, where `error` is NULL. What is encrypted goes unless it is kept for
 * another attempt. */
int sealed_delivery_note(struct tam_database *database, int64_t id, bool kept, const char *error);

#endif
