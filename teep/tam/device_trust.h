/*
 * Whether a device is one that this TAM serves: its TEE's certificate, what revokes it, its
 * firmware's word, and the operator's rules.
 *
 * Used by the TAM. What the device says is hostile until the first function has found its
 * certificate good and the caller has verified its answer with that; files are the operator's.
 * Every function may be called from any thread.
 *
 * Directories hold PEM files, each with any number of certificates: those that are self-signed are
 * trusted, others only help to build a path (a device tells its firmware's certificate without the
 * authorities above). The revocation directory holds CRLs (PEM or DER) and OCSP responses (DER, by
 * the name *.ocsp). What a CRL revokes is revoked though the list be stale; an OCSP response must
 * say that its certificate is good, now, or that certificate is refused.
 */
#ifndef TEESIM_TEEP_TAM_DEVICE_TRUST_H
#define TEESIM_TEEP_TAM_DEVICE_TRUST_H

#include <openssl/x509.h>
#include <time.h>

#include "teep/tam/dsi.h"

struct device_trust;

struct device_trust_options {
	const char *tee_roots;	    /* a directory, or one file */
	const char *firmware_roots; /* the same; NULL: none */
	const char *revocation;	    /* a directory; NULL: none */
	struct span policy;	    /* trust_policy.h; absent: none */
};

/* Paths are remembered for device_trust_refresh(). Returns 0 or -errno with one line in `err`. */
int device_trust_open(struct device_trust **trust, const struct device_trust_options *options,
		      char *err, size_t errlen);
void device_trust_close(struct device_trust *trust);

/*
 * To be called now and then: reads the files again where a directory or one of its files changed.
 * *changed may be NULL. After a failure, with one line in `err`, all is as it was.
 */
int device_trust_refresh(struct device_trust *trust, bool *changed, char *err, size_t errlen);

#define DEVICE_REASON_SIZE 256

/*
 * The TEE's certificate, checked at `now`: to a TEE root, not revoked, for a TEE's use. The leaf is
 * the caller's. Returns 0, -EACCES with the reason for people, or -ENOMEM.
 */
int device_trust_certificate(const struct device_trust *trust, const struct dsi *dsi, time_t now,
			     X509 **leaf, char reason[DEVICE_REASON_SIZE]);

/* The rest, once the answer was verified with that certificate: rules, and the firmware's signature
 * over this very transaction. Results as above. */
int device_trust_judge(const struct device_trust *trust, const struct dsi *dsi, struct span tid,
		       time_t now, char reason[DEVICE_REASON_SIZE]);

/* What says which certificates are revoked; it ends as well. Texts are the module's. */
struct revocation_source {
	bool is_list;	     /* a CRL, or else an OCSP response */
	const char *subject; /* a CRL's issuer; the certificate that a response is about */
	const char *file;
	time_t since, until; /* until 0: it does not say */
};
void device_trust_revocation_each(const struct device_trust *trust,
				  void (*visit)(void *context,
						const struct revocation_source *source),
				  void *context);

/* Every certificate that was read, for those who watch expiry: `what` is "tee-root",
 * "tee-intermediate", "firmware-root" or "firmware-intermediate". */
void device_trust_each(const struct device_trust *trust,
		       void (*visit)(void *context, const char *what, X509 *certificate),
		       void *context);

#endif
