/*
 * Certificates and OCSP responses as far as their signature goes: what is signed, how, and the
 * signature. Nothing in what is signed is looked at, so a TEE can find out who vouches for octets
 * before anything takes them apart.
 *
 * Used by the TEE. The octets are hostile; spans borrow from them.
 */
#ifndef TEESIM_TEEP_PKI_SIGNED_OBJECT_H
#define TEESIM_TEEP_PKI_SIGNED_OBJECT_H

#include <openssl/evp.h>

#include "teep/otrp/span.h"
#include "teep/pki/signature.h"

struct signed_object {
	struct span body;
	enum signature_method method; /* METHOD_NONE for one that is not in the list */
	struct span signature;
};

/* Returns 0, or -EBADMSG for what has not that form. */
int signed_certificate_parse(struct span der, struct signed_object *out);

/* A successful OCSP response, with those certificates that it brings; of more than SPAN_LIST_MAX
 * the first. */
int signed_response_parse(struct span der, struct signed_object *out, struct span_list *brought);

bool signed_object_holds(const struct signed_object *object, EVP_PKEY *key);

#endif
