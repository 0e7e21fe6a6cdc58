#include "otrp/rollback.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "boot/firmware.h"
#include "device/hardware_key.h"
#include "otrp/domains.h"
#include "otrp/store.h"

static int place_find(const char *directory, unsigned int tee, char out[PATH_MAX])
{
	char stem[16];

	return snprintf(out, PATH_MAX, "%s%s%s", directory, tee ? "/" : "",
			tee ? boot_tee_stem(tee, stem) : "") < PATH_MAX
		       ? 0
		       : -ENAMETOOLONG;
}

/* A counter that does not know of the store's last changes does not tell how many came after those:
 * more than any device has. */
#define CHANGES_UNKNOWN (1ULL << 32)

static bool file_is_there(const char *place, const char *name)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/%s", place, name);
	return access(path, F_OK) == 0 || errno != ENOENT;
}

static int take(struct store *store, const struct store_gap *gap)
{
	int rc = store_begin(store);

	if (rc == 0)
		rc = tams_advance(store, gap->ahead ? CHANGES_UNKNOWN : gap->behind);
	if (rc == 0)
		rc = store_commit(store);
	if (rc)
		store_rollback(store);
	return rc;
}

int rollback_accept(const char *directory, unsigned int tee, bool accept, struct store_gap *gap,
		    char *err, size_t errlen)
{
	uint8_t key[FIRMWARE_STORE_KEY_SIZE];
	/* What is taken is not to be lost at the next loss of power. */
	struct store_options options = { .durable = true, .key = key, .gap = gap };
	char place[PATH_MAX], purpose[48];
	struct store *store;
	int rc;

	*gap = (struct store_gap) { 0 };
	rc = place_find(directory, tee, place);
	/* A TEE that never ran. */
	if (rc == 0 && !file_is_there(place, "domains.counter") &&
	    !file_is_there(place, "domains.db"))
		return 0;
	if (rc == 0)
		rc = hardware_key_derive(directory, boot_purpose(BOOT_PURPOSE_STORE, tee, purpose),
					 key, sizeof(key));
	if (rc) {
		snprintf(err, errlen, "%s: no key for the store: %s", directory, strerror(-rc));
		return rc;
	}
	rc = store_open(&store, place, &options, err, errlen);
	OPENSSL_cleanse(key, sizeof(key));
	if (rc)
		return rc;
	if (accept && (gap->behind || gap->ahead)) {
		rc = take(store, gap);
		if (rc)
			snprintf(err, errlen, "%s/domains.db: can't be written: %s", place,
				 strerror(-rc));
	}
	store_close(store);
	return rc;
}
