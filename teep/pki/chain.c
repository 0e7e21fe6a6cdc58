#include "teep/pki/chain.h"

#include <errno.h>
#include <stdbool.h>

#include "teep/pki/openssl_auto.h"

/* 112 bits and more: RSA from 2048 bits, no SHA-1. */
#define SECURITY_LEVEL 2
#define DEPTH_MAX      8

static int error_of(int code)
{
	return code == X509_V_ERR_OUT_OF_MEM ? -ENOMEM : -EACCES;
}

/* ---- Signatures that are known --------------------------------------------------------------- */

/* What holds for an object holds as long as it is the same object, which being held here keeps it.
 */
static bool is_known(struct chain_memory *memory, const X509 *certificate, const X509 *issuer)
{
	bool known = false;

	(void)pthread_mutex_lock(&memory->mutex);
	for (size_t i = 0; i < CHAIN_MEMORY_SIZE && !known; i++)
		known = memory->signatures[i].certificate == certificate &&
			memory->signatures[i].issuer == issuer;
	(void)pthread_mutex_unlock(&memory->mutex);
	return known;
}

static void remember(struct chain_memory *memory, X509 *certificate, X509 *issuer)
{
	struct chain_signature *place, old;

	X509_up_ref(certificate);
	X509_up_ref(issuer);
	(void)pthread_mutex_lock(&memory->mutex);
	place = &memory->signatures[memory->next++ % CHAIN_MEMORY_SIZE];
	old = *place;
	*place = (struct chain_signature) { certificate, issuer };
	(void)pthread_mutex_unlock(&memory->mutex);
	X509_free(old.certificate);
	X509_free(old.issuer);
}

void chain_memory_open(struct chain_memory *memory)
{
	*memory = (struct chain_memory) { 0 };
	(void)pthread_mutex_init(&memory->mutex, NULL);
}

void chain_memory_close(struct chain_memory *memory)
{
	for (size_t i = 0; i < CHAIN_MEMORY_SIZE; i++) {
		X509_free(memory->signatures[i].certificate);
		X509_free(memory->signatures[i].issuer);
	}
	(void)pthread_mutex_destroy(&memory->mutex);
}

/* Those of authorities: all but the leaf's. */
static bool authorities_known(struct chain_memory *memory, STACK_OF(X509) * path)
{
	for (int i = 1; i + 1 < sk_X509_num(path); i++)
		if (!is_known(memory, sk_X509_value(path, i), sk_X509_value(path, i + 1)))
			return false;
	return true;
}

static void authorities_remember(struct chain_memory *memory, STACK_OF(X509) * path)
{
	for (int i = 1; i + 1 < sk_X509_num(path); i++)
		if (!is_known(memory, sk_X509_value(path, i), sk_X509_value(path, i + 1)))
			remember(memory, sk_X509_value(path, i), sk_X509_value(path, i + 1));
}

static int time_error(const X509 *certificate, time_t now)
{
	if (X509_cmp_time(X509_get0_notBefore(certificate), &now) >= 0)
		return X509_V_ERR_CERT_NOT_YET_VALID;
	return X509_cmp_time(X509_get0_notAfter(certificate), &now) > 0
		       ? X509_V_OK
		       : X509_V_ERR_CERT_HAS_EXPIRED;
}

/* A path with what is known of it. */
struct verification {
	struct chain_memory *memory;
	X509_STORE_CTX_verify_fn everything; /* OpenSSL's own: all signatures, all times */
	time_t now;
};

/* OpenSSL has built the path and checked all the rest of it. */
static int signatures_verify(X509_STORE_CTX *context)
{
	const struct verification *verification = X509_STORE_CTX_get_app_data(context);
	STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(context);
	const int count = sk_X509_num(path);
	int error = X509_V_OK, depth = count - 1;

	if (count < 3 || !authorities_known(verification->memory, path)) {
		const int holds = verification->everything(context);

		if (holds > 0)
			authorities_remember(verification->memory, path);
		return holds;
	}
	for (; depth >= 0; depth--) {
		error = time_error(sk_X509_value(path, depth), verification->now);
		if (error)
			break;
	}
	if (!error &&
	    X509_verify(sk_X509_value(path, 0), X509_get0_pubkey(sk_X509_value(path, 1))) <= 0) {
		error = X509_V_ERR_CERT_SIGNATURE_FAILURE;
		depth = 0;
	}
	if (error) {
		X509_STORE_CTX_set_error_depth(context, depth);
		X509_STORE_CTX_set_error(context, error);
	}
	return !error;
}

/* ---- Paths ----------------------------------------------------------------------------------- */

int chain_verify_with(struct chain_memory *memory, X509 *leaf, STACK_OF(X509) * others,
		      STACK_OF(X509) * roots, time_t now, STACK_OF(X509) * *path, const char **why)
{
	X509_STORE_AUTO store = X509_STORE_new();
	X509_STORE_CTX_AUTO context = X509_STORE_CTX_new();
	struct verification verification = { .memory = memory, .now = now };
	X509_VERIFY_PARAM *parameters;

	*why = "out of memory";
	/* The store is needed for its defaults; the roots come with the call. */
	if (!store || !context || X509_STORE_CTX_init(context, store, leaf, others) != 1)
		return -ENOMEM;
	X509_STORE_CTX_set0_trusted_stack(context, roots);
	parameters = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_time(parameters, now);
	X509_VERIFY_PARAM_set_auth_level(parameters, SECURITY_LEVEL);
	X509_VERIFY_PARAM_set_depth(parameters, DEPTH_MAX);
	if (memory) {
		verification.everything = X509_STORE_CTX_get_verify(context);
		X509_STORE_CTX_set_verify(context, signatures_verify);
		if (X509_STORE_CTX_set_app_data(context, &verification) != 1)
			return -ENOMEM;
	}
	if (X509_verify_cert(context) != 1) {
		const int code = X509_STORE_CTX_get_error(context);

		*why = X509_verify_cert_error_string(code);
		return error_of(code);
	}
	if (path) {
		*path = X509_STORE_CTX_get1_chain(context);
		if (!*path)
			return -ENOMEM;
	}
	return 0;
}

int chain_verify(X509 *leaf, STACK_OF(X509) * others, STACK_OF(X509) * roots, time_t now,
		 STACK_OF(X509) * *path, const char **why)
{
	return chain_verify_with(NULL, leaf, others, roots, now, path, why);
}
