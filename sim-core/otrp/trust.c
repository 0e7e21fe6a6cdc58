#include "otrp/trust.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "otrp/domains.h"
#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"

struct trust {
	STACK_OF(X509) * preloaded;
	STACK_OF(X509) * listed; /* NULL while there has been no list */
	struct arena arena;	 /* of what the list's spans point into */
	struct trust_list list;
};

static uint64_t version_of(const struct trust_list *list)
{
	uint64_t version = 0;

	if (list->version.size == sizeof(version))
		memcpy(&version, list->version.data, sizeof(version));
	return version;
}

static STACK_OF(X509) * roots_make(const struct trust_list *list)
{
	STACK_OF(X509) *roots = sk_X509_new_null();

	for (uint32_t i = 0; roots && i < list->roots.count; i++) {
		X509 *root = certificate_parse(list->roots.item[i].data, list->roots.item[i].size);

		if (!root || X509_check_ca(root) != 1 || !sk_X509_push(roots, root)) {
			X509_free(root);
			x509_stack_free(roots);
			return NULL;
		}
	}
	return roots;
}

int trust_open(struct trust **out, struct store *store, STACK_OF(X509) * preloaded)
{
	struct trust *trust = calloc(1, sizeof(*trust));
	struct span record;
	int rc;

	if (!trust)
		return -ENOMEM;
	trust->preloaded = preloaded;
	rc = trust_list_get(store, &trust->arena, &record);
	if (rc == 0)
		rc = otrp_record_parse(record, trust_list_layout, TRUST_LIST_LAYOUT_COUNT,
				       &trust->list);
	if (rc == 0) {
		trust->listed = roots_make(&trust->list);
		rc = trust->listed ? 0 : -EBADMSG;
	}
	if (rc && rc != -ENOENT) {
		trust_close(trust);
		return rc;
	}
	*out = trust;
	return 0;
}

void trust_close(struct trust *trust)
{
	if (!trust)
		return;
	x509_stack_free(trust->listed);
	arena_clear(&trust->arena);
	free(trust);
}

STACK_OF(X509) * trust_roots(const struct trust *trust)
{
	return trust->listed ? trust->listed : trust->preloaded;
}

bool trust_ta_allowed(const struct trust *trust, struct span taid)
{
	const struct span tas = trust->list.tas;

	if (!trust->listed || !trust->list.has_tas)
		return true;
	for (size_t at = 0; at + TRUST_LIST_TA_SIZE <= tas.size; at += TRUST_LIST_TA_SIZE)
		if (span_equal(span_of(tas.data + at, TRUST_LIST_TA_SIZE), taid))
			return true;
	return false;
}

static int list_write(struct store *store, struct arena *arena, struct span record)
{
	int rc = store_begin(store);

	if (rc == 0)
		rc = trust_list_put(store, arena, record);
	if (rc == 0)
		rc = store_commit(store);
	if (rc)
		store_rollback(store);
	return rc;
}

int trust_update(struct trust *trust, struct store *store, const struct trust_list *list, char *err,
		 size_t errlen)
{
	const uint64_t version = version_of(list), last = version_of(&trust->list);
	STACK_OF(X509) *roots = roots_make(list);
	struct arena arena = { 0 };
	struct trust_list kept;
	struct span record;
	int rc = 0;

	if (!roots) {
		snprintf(err, errlen, "the list: a root is no certificate of an authority");
		return -EBADMSG;
	}
	if (version <= last) {
		snprintf(err, errlen,
			 "the list: version %" PRIu64 " is not above %" PRIu64
			 ", which this device has",
			 version, last);
		rc = -ESTALE;
	}
	if (rc == 0)
		rc = otrp_record_encode(list, trust_list_layout, TRUST_LIST_LAYOUT_COUNT, &arena,
					&record);
	if (rc == 0)
		rc = otrp_record_parse(record, trust_list_layout, TRUST_LIST_LAYOUT_COUNT, &kept);
	if (rc == 0) {
		rc = list_write(store, &arena, record);
		if (rc)
			snprintf(err, errlen, "the list can't be kept: %s", strerror(-rc));
	}
	if (rc) {
		x509_stack_free(roots);
		arena_clear(&arena);
		return rc;
	}
	x509_stack_free(trust->listed);
	arena_clear(&trust->arena);
	trust->listed = roots;
	trust->list = kept;
	trust->arena = arena;
	return 0;
}
