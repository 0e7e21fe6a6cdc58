/*
 * The files that TA images come in: our signed package, a bare ELF file, OP-TEE's signed image.
 *
 * Runs in teesimd and in the command line. The file is hostile. A parsed package borrows the bytes
 * it was parsed from and owns nothing.
 *
 * Our package is a header of 208 bytes, all numbers little-endian, and the ELF image:
 *     0  magic         "TEESIMTA"
 *     8  format        1
 *    12  algorithm     1: Ed25519 over a BLAKE2b-512 digest
 *    16  uuid          16 octets in the order of the text form
 *    32  version       of the TA, for whoever wants to keep old ones out
 *    36  reserved      0
 *    40  image size    64 bits
 *    48  digest        of the image
 *   112  signer        the Ed25519 public key
 *   144  signature     over the bytes 0 to 143
 */
#ifndef TEESIM_REGISTRY_TA_PACKAGE_H
#define TEESIM_REGISTRY_TA_PACKAGE_H

#include "registry/signing_key.h"
#include "wire/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TA_PACKAGE_HEADER_SIZE 208

/* The largest file that is looked at. */
#define TA_PACKAGE_SIZE_MAX (64U << 20)

enum ta_form {
	TA_FORM_ELF,
	TA_FORM_PACKAGE,
	TA_FORM_OPTEE,
};

struct ta_package {
	enum ta_form form;
	bool has_uuid; /* the package states these two; a bare ELF file does not */
	bool has_version;
	struct uuid uuid;
	uint32_t version;
	bool is_signed; /* by `signer`, and the signature holds; whether to trust it is open */
	uint8_t signer[PUBLIC_KEY_SIZE];
	const uint8_t *image;
	size_t image_size;
};

/*
 * Check a file, its digest and its signature; the image in it is not looked at. OP-TEE's RSA
 * signature is not checked, so such a file counts as unsigned; its hash is.
 *
 * Returns 0, or with one line in `err`: -EBADMSG for a damaged file, -EKEYREJECTED for a digest or
 * a signature that does not hold, -EOPNOTSUPP for a kind of file that is not supported.
 */
int ta_package_parse(const void *bytes, size_t size, struct ta_package *out, char *err,
		     size_t errlen);

/* Make the header that goes in front of `image`. */
void ta_package_sign(const struct uuid *uuid, uint32_t version, const void *image, size_t size,
		     const struct signing_key *key, uint8_t header[TA_PACKAGE_HEADER_SIZE]);

/* "package", "elf", "optee". */
const char *ta_form_name(enum ta_form form);

#endif
