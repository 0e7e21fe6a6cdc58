/*
 * TA packages as service providers sign them: CMS SignedData (RFC 5652) around a header and the
 * image. `openssl cms -sign -binary -nodetach -outform DER` makes one of a header and an image.
 *
 * Used by `teesim sp` (which makes) and by the TEE's parser (which checks). A package is hostile
 * until its signature has been checked, and its image afterwards too.
 *
 * The header, numbers little-endian:
 *     0  magic        "TEESIMCM"
 *     8  format       1
 *    12  version      of the TA: never lowered on a device
 *    16  uuid         16 octets in the order of the text form
 *    32  flags        0
 *    36  name length  up to 64
 *    40  image size   64 bits
 *    48  name         64 octets, printable ASCII, zeroes behind it
 *   112  image
 */
#ifndef TEESIM_TEEP_OTRP_TA_CMS_H
#define TEESIM_TEEP_OTRP_TA_CMS_H

#include <openssl/x509.h>

#include "teep/otrp/arena.h"
#include "wire/uuid.h"

#define TA_CMS_HEADER_SIZE 112
#define TA_CMS_NAME_MAX	   64

struct ta_cms {
	struct uuid uuid;
	uint32_t version;
	uint32_t signer; /* which of the certificates that were allowed */
	struct span name;
	struct span image;
};

/* The header for an image. Returns false for a name that a header can't have. */
bool ta_cms_header(const struct uuid *uuid, uint32_t version, const char *name, size_t image_size,
		   uint8_t header[TA_CMS_HEADER_SIZE]);

/* Sign header and image. The caller's DER (OPENSSL_free()), or NULL. */
uint8_t *ta_cms_sign(const uint8_t header[TA_CMS_HEADER_SIZE], const void *image, size_t image_size,
		     X509 *signer, EVP_PKEY *key, size_t *size);

/*
 * A package in pieces, for whoever does not take the word of the process that took it apart:
 * ta_cms_take() is for that process, ta_cms_check() for the one that knows the signer's key.
 */
struct ta_cms_parts {
	struct span content;	/* header and image */
	struct span attributes; /* DER of the set that is signed */
	struct span signature;
	uint32_t digest; /* octets of it: 32 or 48 */
	uint32_t signer; /* which of the certificates that were allowed */
};

/* 0, -EACCES with the reason in *why (a text that lives for ever), or -ENOMEM. */
int ta_cms_take(struct span package, const struct span_list *allowed, struct arena *arena,
		struct ta_cms_parts *out, const char **why);

/* The digest that signed attributes state of their content, which is data. 0 or -EACCES. */
int ta_cms_attributes_parse(struct span attributes, struct span *digest);

/* What the header in the content says; spans borrow from the content. 0 or -EACCES. */
int ta_cms_header_parse(struct span content, struct ta_cms *out, const char **why);

/* That the key signed the attributes, and they the content; and what the header says. Spans borrow
 * from the parts. */
int ta_cms_check(const struct ta_cms_parts *parts, EVP_PKEY *key, struct ta_cms *out,
		 const char **why);

/*
 * Both at once: check the package against the certificates, in DER, that may sign: one signer, its
 * certificate embedded and equal to one of those, SHA-256 or SHA-384 over signed attributes. Spans
 * point into the arena. Returns 0, -EACCES with the reason in *why (a text that lives for ever), or
 * -ENOMEM.
 */
int ta_cms_parse(struct span package, const struct span_list *allowed, struct arena *arena,
		 struct ta_cms *out, const char **why);

#endif
