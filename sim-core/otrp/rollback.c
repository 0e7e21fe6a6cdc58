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

static int take(struct store *store, uint64_t behind)
{
	int rc = store_begin(store);

	if (rc == 0)
		rc = tams_advance(store, behind);
	if (rc == 0)
		rc = store_commit(store);
	if (rc)
		store_rollback(store);
	return rc;
}

int rollback_accept(const char *directory, unsigned int tee, bool accept, uint64_t *behind,
		    char *err, size_t errlen)
{
	uint8_t key[FIRMWARE_STORE_KEY_SIZE];
	/* What is taken is not to be lost at the next loss of power. */
	struct store_options options = { .durable = true, .key = key, .behind = behind };
	char place[PATH_MAX], counter[PATH_MAX + 16], purpose[48];
	struct store *store;
	int rc;

	*behind = 0;
	rc = place_find(directory, tee, place);
	snprintf(counter, sizeof(counter), "%s/domains.counter", place);
	/* A TEE that never ran. */
	if (rc == 0 && access(counter, F_OK) < 0 && errno == ENOENT)
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
	if (accept && *behind) {
		rc = take(store, *behind);
		if (rc)
			snprintf(err, errlen, "%s/domains.db: can't be written: %s", place,
				 strerror(-rc));
	}
	store_close(store);
	return rc;
}
