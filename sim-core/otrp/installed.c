/* TAs as they go out of the store again: to be run, and to be listed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "otrp/exchange.h"
#include "teep/otrp/compose.h"
#include "teep/pki/fetched.h"
#include "teep/pki/openssl_auto.h"

_Static_assert(TEE_DOMAIN_KEY_SIZE == TA_NUMBER_SIZE, "a number fits");
_Static_assert(TEE_SIGNER_SIZE == CERTIFICATE_NAME_SIZE, "a name fits");

/* What the signer's certificate calls its holder; "?" when it says nothing. */
static void signer_name(struct tee *tee, struct arena *arena, struct span der,
			char name[CERTIFICATE_NAME_SIZE])
{
	struct certificate_known known;
	struct otrp_failure failure;

	if (tee_certificate(tee, arena, der, &known, &failure) == 0) {
		certificate_cache_put(&tee->certificates, der, &known);
		EVP_PKEY_free(known.key);
	}
	memcpy(name, known.name, sizeof(known.name));
	if (!name[0])
		strcpy(name, "?");
}

static int record_make(struct tee *tee, struct arena *arena, const struct domain_ta *ta,
		       struct tee_image_record *record)
{
	int rc;

	memset(record, 0, sizeof(*record));
	record->version = ta->version;
	signer_name(tee, arena, ta->signer, record->signer);
	rc = ta_number_get(tee->store, arena, ta, record->domain_key);
	return rc == -ENOENT ? -EBADMSG : rc;
}

int tee_ta_image(struct tee *tee, const char *taid, uint8_t **image, size_t *size,
		 struct tee_image_record *record)
{
	struct arena arena = { 0 };
	struct domain_ta ta = { 0 };
	struct span octets;
	uint8_t hash[32];
	int rc;

	rc = ta_get(tee->store, &arena, span_of_text(taid), &ta);
	if (rc == 0) {
		rc = ta_part_get(tee->store, &arena, ta.taid, TA_PART_IMAGE, &octets);
		if (rc == -ENOENT)
			rc = -EBADMSG;
	}
	if (rc == 0 && !sha256_make(octets.data, octets.size, hash))
		rc = -ENOMEM;
	if (rc == 0 && !span_equal(ta.hash, span_of(hash, sizeof(hash))))
		rc = -EBADMSG;
	if (rc == 0 && record)
		rc = record_make(tee, &arena, &ta, record);
	if (rc == 0) {
		*image = malloc(octets.size + 1);
		rc = *image ? 0 : -ENOMEM;
	}
	if (rc == 0) {
		memcpy(*image, octets.data, octets.size);
		*size = octets.size;
	}
	arena_clear(&arena);
	return rc;
}

int tee_ta_personal(struct tee *tee, const char *taid, uint8_t **octets, size_t *size)
{
	struct arena arena = { 0 };
	struct span data = { 0 };
	int rc = ta_part_get(tee->store, &arena, span_of_text(taid), TA_PART_PERSONAL, &data);

	if (rc == 0 && !data.size)
		rc = -ENOENT;
	if (rc == 0) {
		*octets = malloc(data.size);
		rc = *octets ? 0 : -ENOMEM;
	}
	if (rc == 0) {
		memcpy(*octets, data.data, data.size);
		*size = data.size;
	}
	arena_clear(&arena);
	return rc;
}

/* So much of its number is the domain of a TA in trusted storage. */
#define STORAGE_DOMAIN_SIZE 16

struct listing {
	struct tee *tee;
	json_t *array;
};

static int ta_list_one(void *context, const struct domain_ta *ta)
{
	struct listing *listing = context;
	struct domain domain = { 0 };
	struct arena arena = { 0 };
	char name[CERTIFICATE_NAME_SIZE], storage[2 * STORAGE_DOMAIN_SIZE + 1] = "";
	uint8_t number[TA_NUMBER_SIZE];
	int rc = domain_of_id(listing->tee->store, &arena, ta->domain, &domain);

	if (rc == 0)
		rc = ta_number_get(listing->tee->store, &arena, ta, number);
	for (size_t i = 0; rc == 0 && i < STORAGE_DOMAIN_SIZE; i++)
		snprintf(storage + 2 * i, 3, "%02x", number[i]);
	if (rc == 0)
		signer_name(listing->tee, &arena, ta->signer, name);
	if (rc == 0 &&
	    json_array_append_new(
		    listing->array,
		    json_pack("{s:o, s:o, s:I, s:o, s:o, s:o, s:s, s:s}", "taid",
			      otrp_text(ta->taid), "name", otrp_text(ta->name), "version",
			      (json_int_t)ta->version, "tamid", otrp_text(domain.name.tamid),
			      "spid", otrp_text(domain.name.spid), "sdname",
			      otrp_text(domain.name.sdname), "signer", name, "storage", storage)))
		rc = -ENOMEM;
	arena_clear(&arena);
	return rc;
}

char *tee_ta_list(struct tee *tee)
{
	struct listing listing = { .tee = tee, .array = json_array() };
	struct arena arena = { 0 };
	char *text = NULL;

	if (ta_each_of_device(tee->store, &arena, ta_list_one, &listing) == 0)
		text = json_canonical(listing.array);
	json_decref(listing.array);
	arena_clear(&arena);
	return text;
}
