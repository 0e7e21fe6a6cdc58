#include "otrp/exchange.h"

#include <errno.h>
#include <openssl/rand.h>

#include "teep/otrp/encoding.h"
#include "teep/pki/fetched.h"
#include "teep/pki/openssl_auto.h"

/* Whatever is wrong with a TA is told in one way, so that a failed decryption looks like the rest.
 */
static int ta_unfit(struct exchange *exchange)
{
	return otrp_fail(&exchange->failure, OTRP_TA_INVALID,
			 "the TA can't be decrypted, or its package does not fit this domain");
}

static int fail_or(struct exchange *exchange, int rc, enum otrp_status when_absent, const char *why)
{
	if (rc == -ENOENT)
		return otrp_fail(&exchange->failure, when_absent, "%s", why);
	return rc ? exchange_store_failed(exchange, rc) : 0;
}

static struct domain_name domain_named(const struct exchange *exchange)
{
	return (struct domain_name) { exchange->tamid, exchange->content.spid,
				      exchange->content.sdname };
}

static int domain_absent(struct exchange *exchange)
{
	return otrp_fail(&exchange->failure, OTRP_SD_NOT_FOUND, "there is no such domain");
}

/* By SP and name; or by name alone, where the command has no SP and one domain fits. */
static int domain_look_up(struct exchange *exchange)
{
	struct store *store = exchange->tee->store;
	const struct domain_name name = domain_named(exchange);
	unsigned count = 1;
	int rc;

	if (name.spid.data)
		rc = domain_get(store, &exchange->arena, &name, &exchange->domain);
	else
		rc = domain_find(store, &exchange->arena, exchange->tamid, name.sdname,
				 &exchange->domain, &count);
	if (rc == -ENOENT)
		return domain_absent(exchange);
	if (rc)
		return exchange_store_failed(exchange, rc);
	if (count > 1)
		return otrp_fail(&exchange->failure, OTRP_REQUEST_INVALID,
				 "several SPs have a domain of that name: add spid");
	return 0;
}

/* A TA by its UUID's one text form. */
static bool taid_valid(struct span taid)
{
	char text[UUID_TEXT_SIZE], again[UUID_TEXT_SIZE];
	struct uuid uuid;

	if (taid.size != sizeof(text) - 1)
		return false;
	memcpy(text, taid.data, taid.size);
	text[taid.size] = '\0';
	return uuid_parse(text, &uuid) == 0 && strcmp(uuid_format(&uuid, again), text) == 0;
}

/* In this very domain: a TA elsewhere is not there. */
static int ta_look_up(struct exchange *exchange)
{
	int rc = ta_get(exchange->tee->store, &exchange->arena, exchange->content.taid,
			&exchange->ta);

	if (rc == 0 && !span_equal(exchange->ta.domain, exchange->domain.id))
		rc = -ENOENT;
	return fail_or(exchange, rc, OTRP_TA_NOT_FOUND, "there is no such TA in the domain");
}

static int aik_load(struct exchange *exchange, struct span spid, EVP_PKEY **key)
{
	struct span der;
	int rc = aik_get(exchange->tee->store, &exchange->arena, exchange->tamid, spid, &der);

	if (rc)
		return rc;
	*key = key_cache_get(&exchange->tee->keys, der);
	return *key ? 0 : -EIO;
}

static int aik_tell(struct exchange *exchange, struct span spid, EVP_PKEY *key)
{
	struct aik_public *public = &exchange->aik_public;
	const char *type;
	json_t *text = aik_encode(key, &type);
	const bool kept = text && arena_copy(&exchange->arena, json_string_value(text),
					     json_string_length(text), &public->text);

	json_decref(text);
	if (!kept)
		return -ENOMEM;
	public->type = span_of_text(type);
	return aik_public_put(exchange->tee->store, &exchange->arena, exchange->tamid, spid,
			      public);
}

/* A fresh pair for the SP, which the answer tells of. */
static int aik_make(struct exchange *exchange, struct span spid)
{
	EVP_PKEY *key = key_generate(exchange->tee->options.aik_kind);
	uint8_t *der = NULL;
	size_t size = 0;
	int rc = key ? key_der_encode(key, &der, &size) : -ENOMEM;

	if (rc == 0)
		rc = aik_put(exchange->tee->store, &exchange->arena, exchange->tamid, spid,
			     span_of(der, size));
	if (rc == 0)
		rc = aik_tell(exchange, spid, key);
	if (rc == 0)
		key_cache_put(&exchange->tee->keys, span_of(der, size), key);
	key_der_free(der, size);
	EVP_PKEY_free(exchange->aik);
	exchange->aik = key;
	return rc ? exchange_store_failed(exchange, rc) : 0;
}

/* Of an SP whose last domain is gone, the key goes too. */
static int aik_release(struct exchange *exchange, struct span spid)
{
	struct store *store = exchange->tee->store;
	bool any;
	int rc = domain_any(store, &exchange->arena, exchange->tamid, spid, &any);

	if (rc == 0 && !any)
		rc = aik_delete(store, &exchange->arena, exchange->tamid, spid);
	return rc && rc != -ENOENT ? exchange_store_failed(exchange, rc) : 0;
}

/* The key of an SP's certificate, the caller's; NULL when it is none that can be used. */
static int signer_key(struct exchange *exchange, struct span der, EVP_PKEY **key)
{
	struct certificate_known known;
	int rc = exchange_certificate(exchange, der, &known);

	*key = NULL;
	if (rc)
		return rc == -EBADMSG ? 0 : rc;
	/* Its TAM is trusted, and uses it again before long. */
	certificate_cache_put(&exchange->tee->certificates, der, &known);
	*key = known.key;
	return 0;
}

/* Adds SP certificates to the domain; those that it has already count once. */
static int signers_add(struct exchange *exchange, const struct span_list *certificates)
{
	struct span_list *signers = &exchange->domain.signers;

	for (uint32_t i = 0; i < certificates->count; i++) {
		const struct span der = certificates->item[i];
		EVP_PKEY *key = NULL;
		bool known = false;
		int rc = signer_key(exchange, der, &key);

		EVP_PKEY_free(key);
		if (rc)
			return rc;
		if (!key)
			return otrp_fail(&exchange->failure, OTRP_SPCERT_INVALID,
					 "spcert: no certificate with a key that can be used");
		for (uint32_t n = 0; n < signers->count; n++)
			known |= span_equal(signers->item[n], der);
		if (known)
			continue;
		if (signers->count == SPAN_LIST_MAX)
			return otrp_fail(&exchange->failure, OTRP_TEE_RESOURCE_FULL,
					 "a domain has at most %d SP certificates", SPAN_LIST_MAX);
		signers->item[signers->count++] = der;
	}
	return 0;
}

static int signer_remove(struct exchange *exchange, struct span hash)
{
	struct span_list *signers = &exchange->domain.signers;
	uint8_t digest[32];

	for (uint32_t i = 0; i < signers->count; i++) {
		if (!sha256_make(signers->item[i].data, signers->item[i].size, digest))
			return otrp_fail(&exchange->failure, OTRP_TEE_FAIL, "out of memory");
		if (memcmp(digest, hash.data, sizeof(digest)) != 0)
			continue;
		signers->count--;
		memmove(&signers->item[i], &signers->item[i + 1],
			(signers->count - i) * sizeof(signers->item[0]));
		return 0;
	}
	return otrp_fail(&exchange->failure, OTRP_SPCERT_INVALID,
			 "deloldspcert: the domain has no such certificate");
}

static int domain_write(struct exchange *exchange)
{
	int rc = domain_put(exchange->tee->store, &exchange->arena, &exchange->domain);

	return rc ? exchange_store_failed(exchange, rc) : 0;
}

static int create_sd(struct exchange *exchange)
{
	const struct otrp_content *content = &exchange->content;
	struct store *store = exchange->tee->store;
	struct domain existing;
	struct span aik;
	int rc;

	if (memcmp(content->did.data, exchange->tee->did, sizeof(exchange->tee->did)) != 0)
		return otrp_fail(&exchange->failure, OTRP_REQUEST_INVALID,
				 "did: not of this device");
	exchange->domain.name = domain_named(exchange);
	rc = signers_add(exchange, &content->spcert);
	if (rc)
		return rc;
	rc = domain_get(store, &exchange->arena, &exchange->domain.name, &existing);
	if (rc == 0)
		return otrp_fail(&exchange->failure, OTRP_SD_ALREADY_EXISTS,
				 "the SP has a domain of that name");
	if (rc != -ENOENT)
		return exchange_store_failed(exchange, rc);
	rc = domain_write(exchange);
	if (rc)
		return rc;
	rc = aik_get(store, &exchange->arena, exchange->tamid, content->spid, &aik);
	if (rc == -ENOENT)
		return aik_make(exchange, content->spid);
	return rc ? exchange_store_failed(exchange, rc) : 0;
}

/* To another name or another SP, or both: a new key in the store for the same domain. */
static int domain_rename(struct exchange *exchange)
{
	const struct otrp_content *content = &exchange->content;
	struct domain_name *name = &exchange->domain.name;
	struct store *store = exchange->tee->store;
	const struct domain_name before = *name;
	struct domain existing;
	struct span aik;
	int rc;

	if (content->newsdname.data)
		name->sdname = content->newsdname;
	if (content->newspid.data)
		name->spid = content->newspid;
	if (span_equal(before.sdname, name->sdname) && span_equal(before.spid, name->spid))
		return 0;
	rc = domain_get(store, &exchange->arena, name, &existing);
	if (rc == 0)
		return otrp_fail(&exchange->failure, OTRP_SDNAME_ALREADY_USED,
				 "the SP has a domain of that name");
	if (rc == -ENOENT) {
		struct domain old = exchange->domain;

		old.name = before;
		rc = domain_delete(store, &exchange->arena, &old);
	}
	if (rc)
		return exchange_store_failed(exchange, rc);
	rc = domain_write(exchange);
	if (rc || span_equal(before.spid, name->spid))
		return rc;
	rc = aik_release(exchange, before.spid);
	if (rc)
		return rc;
	rc = aik_get(store, &exchange->arena, exchange->tamid, name->spid, &aik);
	if (rc == -ENOENT)
		return aik_make(exchange, name->spid);
	if (rc)
		return exchange_store_failed(exchange, rc);
	/* The SP has one already: the answer tells it, as of one that is new. */
	EVP_PKEY_free(exchange->aik);
	exchange->aik = NULL;
	rc = aik_load(exchange, name->spid, &exchange->aik);
	if (rc == 0)
		rc = aik_tell(exchange, name->spid, exchange->aik);
	return rc ? exchange_store_failed(exchange, rc) : 0;
}

static int update_sd(struct exchange *exchange)
{
	const struct otrp_content *content = &exchange->content;
	int rc = domain_look_up(exchange);

	if (rc == 0)
		rc = domain_rename(exchange);
	if (rc == 0)
		rc = signers_add(exchange, &content->spcert);
	for (uint32_t i = 0; rc == 0 && i < content->deloldspcert.count; i++)
		rc = signer_remove(exchange, content->deloldspcert.item[i]);
	if (rc == 0)
		rc = domain_write(exchange);
	if (rc == 0 && content->renew_aik)
		rc = aik_make(exchange, exchange->domain.name.spid);
	return rc;
}

static int delete_sd(struct exchange *exchange)
{
	struct store *store = exchange->tee->store;
	bool any = false;
	int rc = domain_look_up(exchange);

	if (rc)
		return rc;
	rc = ta_any(store, &exchange->arena, exchange->domain.id, &any);
	if (rc == 0 && any && !exchange->content.delete_tas)
		return otrp_fail(&exchange->failure, OTRP_SD_NOT_EMPTY,
				 "there are TAs in the domain, and deleteta is false");
	if (rc == 0)
		rc = ta_delete_all(store, &exchange->arena, exchange->domain.id);
	if (rc == 0)
		rc = domain_delete(store, &exchange->arena, &exchange->domain);
	return rc ? exchange_store_failed(exchange, rc)
		  : aik_release(exchange, exchange->domain.name.spid);
}

#define TA_KEY_SIZE 32U

/* AES-256-CBC with PKCS #7 padding; the message's signature is what vouches for it. */
static int ta_decrypt(struct exchange *exchange, const uint8_t *key, struct span cipher,
		      struct span *plain)
{
	CIPHER_CTX_AUTO context = EVP_CIPHER_CTX_new();
	uint8_t *out = arena_take(&exchange->arena, cipher.size + 16);
	int size = 0, last = 0;

	if (!context || !out)
		return otrp_fail(&exchange->failure, OTRP_TEE_FAIL, "out of memory");
	if (cipher.size > INT32_MAX ||
	    EVP_DecryptInit_ex(context, fetched_cipher(FETCHED_AES_256_CBC), NULL, key,
			       exchange->request.ta_iv.data) != 1 ||
	    EVP_DecryptUpdate(context, out, &size, cipher.data, (int)cipher.size) != 1 ||
	    EVP_DecryptFinal_ex(context, out + size, &last) != 1)
		return ta_unfit(exchange);
	*plain = span_of(out, (size_t)size + (size_t)last);
	return 0;
}

/* As a sample of the drafts has it: the bare RSA block. What is no key decrypts to nothing. */
static int bare_key_decrypt(EVP_PKEY *aik, struct span block, struct arena *arena, struct span *out)
{
	uint8_t *plain = arena_take(arena, TA_KEY_SIZE);

	if (!plain || RAND_priv_bytes(plain, TA_KEY_SIZE) != 1)
		return -ENOMEM;
	if (key_kind(aik) != KEY_RSA)
		return -EBADMSG;
	*out = span_of(plain, TA_KEY_SIZE);
	return jwe_rsa_unwrap(aik, block, plain, TA_KEY_SIZE);
}

static int ta_key_decrypt(struct exchange *exchange, EVP_PKEY *aik, struct span *key)
{
	struct span cek;
	int rc = exchange_ta_key(exchange, aik, &cek);

	return rc ? rc : jwe_decrypt_by(&exchange->request.ta_key, cek, &exchange->arena, key);
}

static int ta_key_unwrap(struct exchange *exchange, struct span *key)
{
	const struct otrp_request *request = &exchange->request;
	PKEY_AUTO aik = NULL;
	int rc = aik_load(exchange, exchange->domain.name.spid, &aik);

	if (rc)
		return exchange_store_failed(exchange, rc == -ENOENT ? -EIO : rc);
	if (request->ta_key_bare.data)
		rc = bare_key_decrypt(aik, request->ta_key_bare, &exchange->arena, key);
	else if (request->ta_key.tag.data && request->ta_key.iv.data &&
		 request->ta_key.ciphertext.data && request->ta_key.protected_text.data &&
		 request->ta_key.encrypted_key.data)
		rc = ta_key_decrypt(exchange, aik, key);
	else
		rc = -EBADMSG;
	if (rc == -ENOTSUP)
		return otrp_fail(&exchange->failure, OTRP_UNSUPPORTED_CRYPTO_ALG,
				 "encrypted_ta: alg or enc is not supported, or not for the SP's "
				 "key");
	return rc || key->size != TA_KEY_SIZE ? ta_unfit(exchange) : 0;
}

/* What was sent, decrypted and checked; nothing is stored yet. */
struct delivery {
	struct ta_cms package; /* its image is absent when there was none */
	struct span personal;
};

static int delivery_take(struct exchange *exchange, struct delivery *delivery)
{
	const struct otrp_request *request = &exchange->request;
	char taid[UUID_TEXT_SIZE];
	struct span key = { 0 }, package = { 0 };
	const char *why;
	EVP_PKEY *signer;
	struct ta_cms_parts parts;
	struct parser_pending pending;
	int rc = ta_key_unwrap(exchange, &key), remembered;

	if (rc == 0 && request->ta_personal.data)
		rc = ta_decrypt(exchange, key.data, request->ta_personal, &delivery->personal);
	if (rc == 0 && request->ta_data.data)
		rc = ta_decrypt(exchange, key.data, request->ta_data, &package);
	if (rc || !request->ta_data.data)
		return rc;
	parser_package_begin(exchange->tee->parser, package, &exchange->domain.signers,
			     &exchange->arena, &pending);
	exchange_wrap(exchange);
	remembered = exchange_remember(exchange);
	rc = parser_package_end(&pending, &exchange->domain.signers, &exchange->arena, &parts,
				&exchange->failure);
	if (rc == 0 && remembered)
		return exchange_store_failed(exchange, remembered);
	if (rc)
		return exchange->failure.status == OTRP_TEE_FAIL ? rc : ta_unfit(exchange);
	rc = signer_key(exchange, exchange->domain.signers.item[parts.signer], &signer);
	if (rc)
		return rc;
	rc = ta_cms_check(&parts, signer, &delivery->package, &why);
	EVP_PKEY_free(signer);
	if (rc)
		return ta_unfit(exchange);
	uuid_format(&delivery->package.uuid, taid);
	return span_is(exchange->content.taid, taid) ? 0 : ta_unfit(exchange);
}

/* The chain of the TAM, one certificate after the other, for getTAInformation. */
static int chain_keep(struct exchange *exchange, struct span *out)
{
	size_t size = 0;
	uint8_t *all, *at;

	for (uint32_t i = 0; i < exchange->path.count; i++)
		size += exchange->path.item[i].size;
	all = at = arena_take(&exchange->arena, size);
	if (!all)
		return -ENOMEM;
	for (uint32_t i = 0; i < exchange->path.count; i++)
		at = mempcpy(at, exchange->path.item[i].data, exchange->path.item[i].size);
	*out = span_of(all, size);
	return 0;
}

static int ta_store(struct exchange *exchange, const struct delivery *delivery)
{
	struct domain_ta *ta = &exchange->ta;
	struct store *store = exchange->tee->store;
	struct arena *arena = &exchange->arena;
	int rc = 0;

	if (delivery->package.image.data) {
		ta->name = delivery->package.name;
		ta->version = delivery->package.version;
		ta->signer = exchange->domain.signers.item[delivery->package.signer];
		rc = chain_keep(exchange, &ta->tam_chain);
		if (rc == 0)
			rc = ta_put(store, arena, ta);
		if (rc == 0)
			rc = ta_part_put(store, arena, ta->taid, TA_PART_IMAGE,
					 delivery->package.image);
	}
	if (rc == 0 && delivery->personal.data)
		rc = ta_part_put(store, arena, ta->taid, TA_PART_PERSONAL, delivery->personal);
	return rc ? exchange_store_failed(exchange, rc) : domain_write(exchange);
}

static int image_hash(struct exchange *exchange, struct span image, struct span *out)
{
	uint8_t *digest = arena_take(&exchange->arena, 32);

	if (!digest || !sha256_make(image.data, image.size, digest))
		return otrp_fail(&exchange->failure, OTRP_TEE_FAIL, "out of memory");
	*out = span_of(digest, 32);
	return 0;
}

static int install_ta(struct exchange *exchange)
{
	struct delivery delivery = { 0 };
	struct domain_ta existing;
	int rc = domain_look_up(exchange);

	if (rc)
		return rc;
	if (!taid_valid(exchange->content.taid))
		return otrp_fail(&exchange->failure, OTRP_TA_INVALID,
				 "taid: not a UUID in lower case");
	if (!trust_ta_allowed(exchange->tee->trust, exchange->content.taid))
		return otrp_fail(&exchange->failure, OTRP_TA_INVALID,
				 "the device's administrator does not allow this TA");
	rc = ta_get(exchange->tee->store, &exchange->arena, exchange->content.taid, &existing);
	if (rc == 0 && span_equal(existing.domain, exchange->domain.id))
		return otrp_fail(&exchange->failure, OTRP_TA_ALREADY_INSTALLED,
				 "the TA is in the domain");
	if (rc == 0)
		return ta_unfit(exchange);
	if (rc != -ENOENT)
		return exchange_store_failed(exchange, rc);
	rc = signers_add(exchange, &exchange->content.spcert);
	if (rc == 0)
		rc = delivery_take(exchange, &delivery);
	if (rc == 0 && !delivery.package.image.data)
		rc = ta_unfit(exchange);
	exchange->ta = (struct domain_ta) { .taid = exchange->content.taid,
					    .domain = exchange->domain.id };
	if (rc == 0)
		rc = image_hash(exchange, delivery.package.image, &exchange->ta.hash);
	if (rc == 0 && ta_born(exchange->tee->store, &exchange->arena, exchange->ta.taid))
		rc = exchange_store_failed(exchange, -ENOMEM);
	if (rc == 0)
		rc = ta_store(exchange, &delivery);
	if (rc)
		return rc;
	rc = requested_drop(exchange->tee->store, &exchange->arena, exchange->content.taid);
	return rc ? exchange_store_failed(exchange, rc) : 0;
}

/* A version may not go down, nor mean two different images. */
static int version_check(struct exchange *exchange, const struct ta_cms *package)
{
	struct span hash = { 0 };
	int rc = image_hash(exchange, package->image, &hash);

	if (rc)
		return rc;
	if (package->version < exchange->ta.version ||
	    (package->version == exchange->ta.version && !span_equal(hash, exchange->ta.hash)))
		return otrp_fail(&exchange->failure, OTRP_TA_INVALID,
				 "rollback: the TA that is installed is not older");
	exchange->ta.hash = hash;
	return 0;
}

static int update_ta(struct exchange *exchange)
{
	struct delivery delivery = { 0 };
	int rc = domain_look_up(exchange);

	if (rc == 0)
		rc = ta_look_up(exchange);
	if (rc == 0)
		rc = signers_add(exchange, &exchange->content.spcert);
	if (rc == 0)
		rc = delivery_take(exchange, &delivery);
	if (rc == 0 && delivery.package.image.data)
		rc = version_check(exchange, &delivery.package);
	return rc ? rc : ta_store(exchange, &delivery);
}

static int delete_ta(struct exchange *exchange)
{
	int rc = domain_look_up(exchange);

	if (rc == 0)
		rc = ta_look_up(exchange);
	if (rc)
		return rc;
	rc = ta_delete(exchange->tee->store, &exchange->arena, &exchange->ta);
	return rc ? exchange_store_failed(exchange, rc) : 0;
}

int exchange_execute(struct exchange *exchange)
{
	static int (*const commands[OTRP_MESSAGE_COUNT])(struct exchange * exchange) = {
		[OTRP_CREATE_SD] = create_sd, [OTRP_UPDATE_SD] = update_sd,
		[OTRP_DELETE_SD] = delete_sd, [OTRP_INSTALL_TA] = install_ta,
		[OTRP_UPDATE_TA] = update_ta, [OTRP_DELETE_TA] = delete_ta,
	};
	int rc;

	if (!span_equal(exchange->content.tamid, exchange->tamid))
		return otrp_fail(&exchange->failure, OTRP_TAM_NOT_AUTHORIZED,
				 "tamid: not that of the signer");
	rc = commands[exchange->message](exchange);
	exchange->changed = rc == 0;
	return rc;
}
