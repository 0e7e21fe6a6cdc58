#include "teep/otrp/jose_key.h"

#include <jose/jwk.h>
#include <jose/openssl.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

static void swallow(void *misc, const char *file, int line, uint64_t code, const char *format,
		    va_list arguments)
{
	(void)misc;
	(void)file;
	(void)line;
	(void)code;
	(void)format;
	(void)arguments;
}

/* Lives as long as the process. */
static jose_cfg_t *jose_quiet(void)
{
	static jose_cfg_t *quiet;

	if (!quiet) {
		quiet = jose_cfg();
		if (quiet)
			jose_cfg_set_err_func(quiet, swallow, NULL);
	}
	return quiet;
}

json_t *jose_key_of(EVP_PKEY *key)
{
	return jose_openssl_jwk_from_EVP_PKEY(jose_quiet(), key);
}

json_t *jose_key_public_of(EVP_PKEY *key)
{
	json_t *jwk = jose_key_of(key);

	if (jwk && !jose_jwk_pub(jose_quiet(), jwk)) {
		jose_key_free(jwk);
		jwk = NULL;
	}
	return jwk;
}

void jose_key_free(json_t *jwk)
{
	static const char *const secret[] = { "d", "p", "q", "dp", "dq", "qi", "k" };

	for (size_t i = 0; jwk && i < sizeof(secret) / sizeof(secret[0]); i++) {
		json_t *member = json_object_get(jwk, secret[i]);

		/* The value's own buffer, which this reference owns. */
		if (json_is_string(member) && member->refcount == 1)
			explicit_bzero((char *)json_string_value(member),
				       json_string_length(member));
	}
	json_decref(jwk);
}
