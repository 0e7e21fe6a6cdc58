#include "otrp/trust.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "otrp/domains.h"
#include "teep/pki/certificate.h"
#include "teep/pki/fetched.h"
#include "teep/pki/openssl_auto.h"

/* A root that so many children did not survive is bad. */
#define ANCHOR_FAILURES_MAX 3

struct trust {
	STACK_OF(X509) * preloaded;
	bool has_list;
	struct arena arena; /* of what the list's spans point into */
	struct trust_list list;
	bool loaded; /* the anchors are those that count now */
	struct anchors anchors;
};

static uint64_t version_of(const struct trust_list *list)
{
	uint64_t version = 0;

	if (list->version.size == sizeof(version))
		memcpy(&version, list->version.data, sizeof(version));
	return version;
}

static void anchors_clear(struct anchors *anchors)
{
	for (size_t i = 0; i < anchors->count; i++) {
		free((void *)anchors->item[i].der.data);
		EVP_PKEY_free(anchors->item[i].key);
	}
	free(anchors->item);
	memset(anchors, 0, sizeof(*anchors));
}

/* -EBADMSG for what is no certificate of an authority, -ECHILD for what a child did not survive. */
static int anchor_read(struct anchor *anchor, struct parser *parser)
{
	struct parser_certificate found;
	struct otrp_failure failure;
	struct arena arena = { 0 };
	int rc = parser_certificate(parser, anchor->der, &arena, &found, &failure);

	if (rc == -EBADMSG && parser_child_failed(parser)) {
		anchor->failures++;
		rc = -ECHILD;
	} else if (rc == 0 || rc == -EBADMSG) {
		anchor->failures = 0;
	}
	if (rc == 0 && !found.authority)
		rc = -EBADMSG;
	if (rc == 0)
		anchor->key = key_numbers_load(&found.key);
	arena_clear(&arena);
	return rc;
}

/* Takes a root in; as anchor_read(). */
static int anchor_add(struct anchors *anchors, struct parser *parser, struct span der)
{
	struct anchor *anchor = &anchors->item[anchors->count];
	uint8_t *copy = malloc(der.size);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, der.data, der.size);
	*anchor = (struct anchor) { .der = span_of(copy, der.size) };
	anchors->count++;
	return anchor_read(anchor, parser);
}

/* Those that were not read, while it may not have been their doing. */
static int anchors_read_again(struct anchors *anchors, struct parser *parser)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < anchors->count; i++) {
		struct anchor *anchor = &anchors->item[i];

		if (anchor->failures && anchor->failures < ANCHOR_FAILURES_MAX)
			rc = anchor_read(anchor, parser);
		if (rc == -EBADMSG || rc == -ECHILD)
			rc = 0;
	}
	return rc;
}

static int anchors_hash(struct anchors *anchors)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool hashed =
		context && EVP_DigestInit_ex(context, fetched_digest(FETCHED_SHA256), NULL) == 1;

	for (size_t i = 0; hashed && i < anchors->count; i++) {
		const struct span der = anchors->item[i].der;

		hashed = EVP_DigestUpdate(context, &der.size, sizeof(der.size)) == 1 &&
			 EVP_DigestUpdate(context, der.data, der.size) == 1;
	}
	hashed = hashed && EVP_DigestFinal_ex(context, anchors->hash, NULL) == 1;
	EVP_MD_CTX_free(context);
	return hashed ? 0 : -ENOMEM;
}

static int anchors_of_list(struct anchors *out, struct parser *parser, const struct span_list *list)
{
	int rc = 0;

	*out = (struct anchors) { .item = calloc(list->count + 1, sizeof(*out->item)) };
	if (!out->item)
		return -ENOMEM;
	for (uint32_t i = 0; rc == 0 && i < list->count; i++)
		rc = anchor_add(out, parser, list->item[i]);
	if (rc == 0)
		rc = anchors_hash(out);
	if (rc)
		anchors_clear(out);
	return rc;
}

static int anchors_of_stack(struct anchors *out, struct parser *parser, STACK_OF(X509) * stack)
{
	const size_t count = (size_t)sk_X509_num(stack);
	int rc = 0;

	*out = (struct anchors) { .item = calloc(count + 1, sizeof(*out->item)) };
	if (!out->item)
		return -ENOMEM;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		size_t size;
		uint8_t *der = certificate_encode(sk_X509_value(stack, (int)i), &size);

		rc = der ? anchor_add(out, parser, span_of(der, size)) : -ENOMEM;
		OPENSSL_free(der);
		/* One that is of no use is none of this TEE's doing: nobody leads to it. One that
		 * was not read is tried again at the next request. */
		if (rc == -EBADMSG || rc == -ECHILD)
			rc = 0;
	}
	if (rc == 0)
		rc = anchors_hash(out);
	if (rc)
		anchors_clear(out);
	return rc;
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
	trust->has_list = rc == 0;
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
	anchors_clear(&trust->anchors);
	arena_clear(&trust->arena);
	free(trust);
}

int trust_anchors(struct trust *trust, struct parser *parser, const struct anchors **out)
{
	int rc = 0;

	if (!trust->loaded) {
		rc = trust->has_list ? anchors_of_list(&trust->anchors, parser, &trust->list.roots)
				     : anchors_of_stack(&trust->anchors, parser, trust->preloaded);
		trust->loaded = rc == 0;
	} else {
		rc = anchors_read_again(&trust->anchors, parser);
	}
	*out = &trust->anchors;
	return rc;
}

bool trust_ta_allowed(const struct trust *trust, struct span taid)
{
	const struct span tas = trust->list.tas;

	if (!trust->has_list || !trust->list.has_tas)
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

int trust_update(struct trust *trust, struct store *store, struct parser *parser,
		 const struct trust_list *list, char *err, size_t errlen)
{
	const uint64_t version = version_of(list), last = version_of(&trust->list);
	struct arena arena = { 0 };
	struct anchors anchors;
	struct trust_list kept;
	struct span record;
	int rc = anchors_of_list(&anchors, parser, &list->roots);

	if (rc) {
		snprintf(err, errlen,
			 rc == -EBADMSG ? "the list: a root is no certificate of an authority"
					: "the list: a root could not be read; try it once more");
		return rc;
	}
	if (version <= last) {
		snprintf(err, errlen,
			 "the list: version %" PRIu64 " is not above %" PRIu64
			 ", which this device has",
			 version, last);
		rc = version == last ? -EALREADY : -ESTALE;
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
		anchors_clear(&anchors);
		arena_clear(&arena);
		return rc;
	}
	anchors_clear(&trust->anchors);
	arena_clear(&trust->arena);
	trust->anchors = anchors;
	trust->loaded = true;
	trust->has_list = true;
	trust->list = kept;
	trust->arena = arena;
	return 0;
}
