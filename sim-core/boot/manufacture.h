/*
 * Making a device: keys of its own, signed images, certificates, preloaded roots.
 *
 * Runs in `teesim oem`, and in the trusted OS of a device that nobody manufactured: that one is
 * made with authorities of its own in <device>/authorities, which anybody may use to play the other
 * roles.
 */
#ifndef TEESIM_BOOT_MANUFACTURE_H
#define TEESIM_BOOT_MANUFACTURE_H

#include <openssl/x509.h>

#include "boot/boot.h"
#include "teep/pki/authority.h"

struct manufacture {
	const char *tee_name;
	/* Of the TEEs below the first one. */
	const char *further[BOOT_TEES_MAX - 1];
	unsigned int further_count;
	const char *tee_version;
	const void *tee_image; /* the vendor's octets; may be NULL */
	size_t tee_image_size;
	const void *firmware_image;
	size_t firmware_image_size;
	EVP_PKEY *secureboot_key;
	struct authority *firmware_authority;
	struct authority *tee_authority;
	STACK_OF(X509) * tam_roots;
	X509 *admin;
	enum key_kind tfw_kind, tee_kind;
	bool unattested; /* TAMs get no word of the firmware's */
};

/*
 * Make the directory a manufactured device. A hardware key that is there stays; a device that was
 * manufactured before is refused with -EEXIST. All of it is there or none. Returns 0 or -errno with
 * one line in `err`.
 */
int manufacture_device(const char *directory, const struct manufacture *manufacture, char *err,
		       size_t errlen);

/* With authorities made for the occasion, all on P-256, in <directory>/authorities. */
int manufacture_throwaway(const char *directory, char *err, size_t errlen);

#endif
