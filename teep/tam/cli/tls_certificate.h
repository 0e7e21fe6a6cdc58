/*
 * The certificate that a TAM without a better one serves HTTPS with: self-signed, on P-256, for the
 * names by which its machine is reached.
 *
 * Runs in `teesim tam init`.
 */
#ifndef TEESIM_TEEP_TAM_CLI_TLS_CERTIFICATE_H
#define TEESIM_TEEP_TAM_CLI_TLS_CERTIFICATE_H

#include <stddef.h>

/* `names`: DNS names and addresses, besides localhost and this machine's own. Neither file may
 * exist; the key's has mode 0600. 0 or -errno with one line in `err`. */
int tls_certificate_make(const char *certificate, const char *key, const char *const *names,
			 size_t count, char *err, size_t errlen);

#endif
