#include "teep/otrp/aik_statement.h"

#include <errno.h>
#include <stdlib.h>

#include "teep/otrp/compose.h"
#include "teep/otrp/encoding.h"
#include "teep/otrp/member.h"
#include "teep/otrp/request.h"
#include "teep/pki/certificate.h"
#include "teep/pki/chain.h"
#include "teep/pki/openssl_auto.h"

#define NAME	     "TAMDEVICEAIK"
#define TBS_NAME     "TAMDEVICEAIKTBS"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct member tbs_members[] = {
	{ "ver", MEMBER_TEXT, MEMBER_REQUIRED },       { "tamid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "did", MEMBER_TEXT, MEMBER_REQUIRED },       { "tee", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "spid", MEMBER_TEXT, MEMBER_REQUIRED },      { "spaik", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "spaiktype", MEMBER_TEXT, MEMBER_REQUIRED }, { "time", MEMBER_ANY, MEMBER_REQUIRED },
};

bool aik_did_valid(struct span did)
{
	for (size_t i = 0; i < did.size; i++)
		if (!strchr("0123456789abcdef", did.data[i]) || !did.data[i])
			return false;
	return did.size == 64;
}

char *aik_statement_make(const struct aik_statement *what, EVP_PKEY *key, STACK_OF(X509) * chain)
{
	json_t *payload = json_pack("{s:{s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:I}}", TBS_NAME, "ver",
				    OTRP_VERSION, "tamid", otrp_text(what->tamid), "did",
				    otrp_text(what->did), "tee", otrp_text(what->tee), "spid",
				    otrp_text(what->spid), "spaik",
				    otrp_base64(what->aik.data, what->aik.size), "spaiktype",
				    what->ecc ? "ECC" : "RSA", "time", (json_int_t)what->time);
	char *text = payload ? json_canonical(payload) : NULL;
	json_t *message = NULL;

	if (text)
		message = json_pack("{s:o}", NAME, jws_sign(span_of_text(text), key, chain));
	free(text);
	json_decref(payload);
	text = message ? json_canonical(message) : NULL;
	json_decref(message);
	return text;
}

static int key_take(const json_t *tbs, struct arena *arena, struct aik_statement *out,
		    struct otrp_failure *failure)
{
	const struct span type = json_span(json_object_get(tbs, "spaiktype"));
	EVP_PKEY *key = NULL;
	bool rsa;

	if (base64_decode(json_span(json_object_get(tbs, "spaik")), BASE64_ANY, arena, &out->aik) ==
	    0)
		key = key_public_decode(out->aik.data, out->aik.size);
	rsa = key && key_kind(key) == KEY_RSA;
	EVP_PKEY_free(key);
	out->ecc = span_is(type, "ECC");
	if (!key || rsa == out->ecc || (!out->ecc && !span_is(type, "RSA")))
		return otrp_fail(failure, OTRP_REQUEST_INVALID,
				 "spaik is no key that can be used, or not of spaiktype");
	return 0;
}

static int tbs_take(const json_t *tbs, struct arena *arena, struct aik_statement *out,
		    struct otrp_failure *failure)
{
	const json_t *at = json_object_get(tbs, "time");
	int rc = members_check(tbs, TBS_NAME, tbs_members, COUNT(tbs_members), EXTRA_IGNORED,
			       failure);

	if (rc)
		return rc;
	if (!span_is(json_span(json_object_get(tbs, "ver")), OTRP_VERSION))
		return otrp_fail(failure, OTRP_UNSUPPORTED_MSG_VERSION, "its version is not %s",
				 OTRP_VERSION);
	if (!json_is_integer(at) || json_integer_value(at) < 0)
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "time is no number of seconds");
	out->time = json_integer_value(at);
	rc = member_name(tbs, "tamid", arena, &out->tamid, failure);
	if (rc == 0)
		rc = member_name(tbs, "did", arena, &out->did, failure);
	if (rc == 0)
		rc = member_name(tbs, "tee", arena, &out->tee, failure);
	if (rc == 0)
		rc = member_name(tbs, "spid", arena, &out->spid, failure);
	if (rc == 0 && !aik_did_valid(out->did))
		rc = otrp_fail(failure, OTRP_REQUEST_INVALID, "did is not 64 hexadecimal digits");
	return rc ? rc : key_take(tbs, arena, out, failure);
}

static int payload_take(struct arena *arena, struct aik_statement *out,
			struct otrp_failure *failure)
{
	json_t *payload;
	int rc;

	if (json_object_parse(out->jws.payload, &payload))
		return otrp_fail(failure, OTRP_REQUEST_INVALID,
				 "what is signed is not one object in JSON");
	if (json_object_size(payload) != 1 || !json_is_object(json_object_get(payload, TBS_NAME)))
		rc = otrp_fail(failure, OTRP_REQUEST_INVALID, "what is signed is no %s", TBS_NAME);
	else
		rc = tbs_take(json_object_get(payload, TBS_NAME), arena, out, failure);
	json_decref(payload);
	return rc;
}

int aik_statement_parse(struct span octets, struct arena *arena, struct aik_statement *out,
			struct otrp_failure *failure)
{
	static const struct jws_options options = { .extended = true };
	json_t *object;
	int rc;

	*out = (struct aik_statement) { 0 };
	if (json_object_parse(octets, &object))
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "it is not one object in JSON");
	if (json_object_size(object) != 1 || !json_is_object(json_object_get(object, NAME)))
		rc = otrp_fail(failure, OTRP_REQUEST_INVALID,
			       "it is no key of a device as `teesim tam device aik` writes it");
	else
		rc = jws_parse(json_object_get(object, NAME), &options, arena, &out->jws, failure);
	json_decref(object);
	return rc ? rc : payload_take(arena, out, failure);
}

int aik_statement_verify(const struct aik_statement *statement, STACK_OF(X509) * roots, time_t now,
			 struct otrp_failure *failure)
{
	const struct span_list *x5c = &statement->jws.x5c;
	X509_STACK_AUTO chain = sk_X509_new_null();
	char tamid[TAMID_SIZE];
	const char *why;
	X509 *leaf;
	int rc;

	for (uint32_t i = 0; chain && i < x5c->count; i++) {
		X509 *one = certificate_parse(x5c->item[i].data, x5c->item[i].size);

		if (!one)
			return otrp_fail(failure, OTRP_REQUEST_INVALID,
					 "x5c has what is no certificate");
		if (!sk_X509_push(chain, one)) {
			X509_free(one);
			return otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
		}
	}
	if (!chain)
		return otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
	leaf = sk_X509_value(chain, 0);
	if (!leaf)
		return otrp_fail(failure, OTRP_TAM_NOT_TRUSTED, "it has no certificate of the TAM");
	rc = chain_verify(leaf, chain, roots, now, NULL, &why);
	if (rc == -ENOMEM)
		return otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
	if (rc)
		return otrp_fail(failure, OTRP_TAM_NOT_TRUSTED,
				 "the TAM's certificate does not lead to that root: %s", why);
	if (!certificate_fits(leaf, ROLE_TAM) || !certificate_tamid(leaf, tamid))
		return otrp_fail(failure, OTRP_TAM_NOT_TRUSTED, "its signer is no TAM");
	if (!span_is(statement->tamid, tamid))
		return otrp_fail(failure, OTRP_TAM_NOT_AUTHORIZED,
				 "it is signed by another TAM than it names");
	if (!jws_verify(&statement->jws, X509_get0_pubkey(leaf)))
		return otrp_fail(failure, OTRP_TAM_NOT_TRUSTED, "its signature does not hold");
	return 0;
}
