/*
 * Reads certificates with a part of OpenSSL that knows no more than they need.
 *
 * For the key in each certificate OpenSSL looks through everything that it could decode a key with,
 * which takes several times as long as the rest. Here it has nothing else to look through: the
 * algorithms are those of its default provider, fewer of them. What is odd, it reads with all.
 *
 * Used by the TAM, from any thread. Octets are hostile. What it makes lives for as long as the
 * process.
 */
#ifndef TEESIM_TEEP_TAM_CERTIFICATE_LIBRARY_H
#define TEESIM_TEEP_TAM_CERTIFICATE_LIBRARY_H

#include <openssl/x509.h>

#include "teep/otrp/span.h"

/* Exactly one certificate in DER, the caller's; NULL for anything else. It does all that one from
 * certificate_parse() does. */
X509 *certificate_library_parse(struct span der);

#endif
