#include "teep/tam/certificate_library.h"

#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "teep/pki/certificate.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- The provider ---------------------------------------------------------------------------- */

/* By the first of its names; `structure` is part of its properties, where that matters. */
struct wanted {
	int operation;
	const char *name, *structure;
};

static const struct wanted wanted[] = {
	{ OSSL_OP_DIGEST, "SHA1", NULL }, /* by which OpenSSL knows a certificate again */
	{ OSSL_OP_DIGEST, "SHA2-256", NULL },
	{ OSSL_OP_DIGEST, "SHA2-384", NULL },
	{ OSSL_OP_DIGEST, "SHA2-512", NULL },
	{ OSSL_OP_KEYMGMT, "EC", NULL },
	{ OSSL_OP_KEYMGMT, "RSA", NULL },
	{ OSSL_OP_SIGNATURE, "ECDSA", NULL },
	{ OSSL_OP_SIGNATURE, "RSA", NULL },
	{ OSSL_OP_DECODER, "EC", "input=der,structure=SubjectPublicKeyInfo" },
	{ OSSL_OP_DECODER, "RSA", "input=der,structure=SubjectPublicKeyInfo" },
};

#define OPERATIONS (OSSL_OP__HIGHEST + 1)

/* Of each operation what is wanted, and an end. Made once; then it is only read. */
static OSSL_ALGORITHM kept[OPERATIONS][COUNT(wanted) + 1];
static OSSL_PROVIDER *whole;
static OSSL_LIB_CTX *library;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool is_wanted(int operation, const OSSL_ALGORITHM *algorithm)
{
	const size_t size = strcspn(algorithm->algorithm_names, ":");

	for (size_t i = 0; i < COUNT(wanted); i++)
		if (wanted[i].operation == operation && strlen(wanted[i].name) == size &&
		    memcmp(wanted[i].name, algorithm->algorithm_names, size) == 0 &&
		    (!wanted[i].structure ||
		     strstr(algorithm->property_definition, wanted[i].structure)))
			return true;
	return false;
}

static void algorithms_keep(int operation)
{
	const OSSL_ALGORITHM *all;
	size_t count = 0;
	int no_store;

	all = OSSL_PROVIDER_query_operation(whole, operation, &no_store);
	for (; all && all->algorithm_names && count < COUNT(wanted); all++)
		if (is_wanted(operation, all))
			kept[operation][count++] = *all;
}

static const OSSL_ALGORITHM *query(void *context, int operation, int *no_store)
{
	(void)context;
	*no_store = 0;
	return operation >= 0 && operation < OPERATIONS ? kept[operation] : NULL;
}

/* Each works as it would in the default provider, whose own context it is given. */
static int provider_start(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
			  const OSSL_DISPATCH **out, void **context)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query },
		{ 0, NULL },
	};

	(void)handle;
	(void)in;
	*out = functions;
	*context = OSSL_PROVIDER_get0_provider_ctx(whole);
	return 1;
}

static void library_make(void)
{
	static const char name[] = "teesim-certificates";
	OSSL_LIB_CTX *made;

	/* With its fallbacks: nothing changes for the rest of the process. */
	whole = OSSL_PROVIDER_try_load(NULL, "default", 1);
	made = whole ? OSSL_LIB_CTX_new() : NULL;
	if (!made)
		return;
	for (size_t i = 0; i < COUNT(wanted); i++)
		if (!kept[wanted[i].operation][0].algorithm_names)
			algorithms_keep(wanted[i].operation);
	if (OSSL_PROVIDER_add_builtin(made, name, provider_start) == 1 &&
	    OSSL_PROVIDER_load(made, name))
		library = made;
	else
		OSSL_LIB_CTX_free(made);
}

/* ---- Certificates ---------------------------------------------------------------------------- */

/* Whether who has issued it signs with what is there. */
static bool signature_is_plain(const X509 *certificate)
{
	int digest, key;

	return OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, &key) == 1 &&
	       (digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512) &&
	       (key == NID_rsaEncryption || key == NID_X9_62_id_ecPublicKey);
}

static X509 *lean_parse(struct span der)
{
	X509 *certificate = X509_new_ex(library, NULL);
	const uint8_t *at = der.data;

	/* What fails is freed. */
	if (!certificate || !d2i_X509(&certificate, &at, (long)der.size) ||
	    at != der.data + der.size || !X509_get0_pubkey(certificate) ||
	    !signature_is_plain(certificate)) {
		X509_free(certificate);
		certificate = NULL;
	}
	ERR_clear_error();
	return certificate;
}

X509 *certificate_library_parse(struct span der)
{
	X509 *certificate = NULL;

	(void)pthread_once(&once, library_make);
	if (library && der.size <= INT32_MAX)
		certificate = lean_parse(der);
	return certificate ? certificate : certificate_parse(der.data, der.size);
}
