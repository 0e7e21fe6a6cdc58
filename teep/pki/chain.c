#include "teep/pki/chain.h"

#include <errno.h>

#include "teep/pki/openssl_auto.h"

/* 112 bits and more: RSA from 2048 bits, no SHA-1. */
#define SECURITY_LEVEL 2
#define DEPTH_MAX      8

static int error_of(int code)
{
	return code == X509_V_ERR_OUT_OF_MEM ? -ENOMEM : -EACCES;
}

int chain_verify(X509 *leaf, STACK_OF(X509) * others, STACK_OF(X509) * roots, time_t now,
		 STACK_OF(X509) * *path, const char **why)
{
	X509_STORE_AUTO store = X509_STORE_new();
	X509_STORE_CTX_AUTO context = X509_STORE_CTX_new();
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
