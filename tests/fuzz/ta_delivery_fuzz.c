/* Whatever a service provider delivers, or is told of its key: no crash, and what is accepted is
 * within its bounds. */
#include <stdlib.h>

#include "teep/otrp/encrypted_ta.h"
#include "teep/otrp/ta_delivery.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void delivery_require(const struct ta_delivery *delivery)
{
	json_t *update = encrypted_ta_take(delivery->encrypted, true);

	require(delivery->taid.size == 36 && aik_did_valid(delivery->did));
	require(delivery->version > 0 && delivery->version <= UINT32_MAX);
	require(delivery->spid.size && delivery->spid.size <= OTRP_NAME_SIZE_MAX);
	require(delivery->aik_hash.size == OTRP_HASH_SIZE);
	require(delivery->package_size && delivery->package_size % 16 == 0);
	require(json_object_get(update, "ciphernewtadata") &&
		!json_object_get(update, "ciphertadata") &&
		!json_object_get(update, "cipherpdata") &&
		!json_object_get(update, "ciphernewpdata") == !delivery->personalisation_size);
	json_decref(update);
}

static void statement_require(const struct aik_statement *statement)
{
	EVP_PKEY *key = key_public_decode(statement->aik.data, statement->aik.size);
	STACK_OF(X509) *none = sk_X509_new_null();
	struct otrp_failure failure;

	require(key && aik_did_valid(statement->did) && statement->time >= 0);
	require(none && aik_statement_verify(statement, none, 1800000000, &failure));
	sk_X509_free(none);
	EVP_PKEY_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span octets = span_of(data, size);
	struct aik_statement statement;
	struct otrp_failure failure;
	struct ta_delivery delivery;
	struct arena arena = { 0 };

	if (ta_delivery_parse(octets, &arena, &delivery, &failure) == 0)
		delivery_require(&delivery);
	if (aik_statement_parse(octets, &arena, &statement, &failure) == 0)
		statement_require(&statement);
	arena_clear(&arena);
	return 0;
}
