/*
 * A verified TA image, ready for a TA host: a sealed memfd with exactly the bytes that were
 * checked.
 *
 * Runs in teesimd (to load) and in the command line (to inspect). The file is read once; all checks
 * are made on that copy, and the host gets that copy, so changing the file later changes nothing.
 * The descriptor belongs to the ta_image until ta_image_close().
 */
#ifndef TEESIM_REGISTRY_TA_IMAGE_H
#define TEESIM_REGISTRY_TA_IMAGE_H

#include "registry/elf_image.h"
#include "registry/ta_package.h"
#include "registry/ta_refusal.h"
#include "registry/ta_signature.h"

#include <limits.h>
#include <sys/types.h>
#include <time.h>

/* Where a file was found, in the order in which places are searched. */
enum ta_place {
	TA_PLACE_PATH,	     /* a directory of $TEESIM_TA_PATH */
	TA_PLACE_CLIENT,     /* the client program's own directory */
	TA_PLACE_CLIENT_RES, /* res/ in it */
	TA_PLACE_INSTALLED,  /* the device's installed TAs */
	TA_PLACE_FILE,	     /* named by the user; accepted as in a directory of the user's own */
};

struct ta_location {
	char path[PATH_MAX];
	enum ta_place place;
	bool has_uuid; /* the name states the UUID that must be inside */
	struct uuid uuid;
};

/* What an image may be. */
enum ta_kind {
	TA_KIND_TA,
	TA_KIND_LIBRARY, /* a shared library for TAs */
	TA_KIND_EITHER,
};

/*
 * What signatures are asked for. A bad signature is refused always. By default, unsigned images and
 * unknown signers are accepted from the developer's own directories, and not among the installed.
 */
struct ta_policy {
	bool require_signed;	   /* by a trusted key, everywhere */
	bool accept_any_installed; /* installed TAs as in the developer's own directories */
	enum ta_kind kind;	   /* any other is refused */
};

/* Tells a file from the one that was built after it. */
struct ta_file_identity {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified;
	struct timespec changed;
};

/* A TA has at most this many libraries for TAs, all together. */
#define TA_LIBRARIES_MAX 31

/* Who gives libraries their numbers; ta_libraries.h. */
struct ta_libraries;

struct ta_image {
	int fd;	     /* -1 when only inspected */
	size_t size; /* of the ELF image */
	struct ta_location location;
	struct ta_properties properties;
	bool is_library; /* then only the UUID in `properties` means anything */
	/* It calls dlopen(), so any library that can be found may be wanted. */
	bool opens_libraries;
	/* The libraries for TAs that it names. */
	struct uuid needed[TA_LIBRARIES_MAX];
	unsigned needed_count;
	enum ta_form form;
	bool has_version;
	uint32_t version; /* of the package */
	enum ta_signature signature;
	struct ta_signer signer;
	struct ta_file_identity file;
};

/*
 * Read, verify and check the file, rename its constructor tags, and seal the image into a memfd.
 * The libraries for TAs that it needs get their numbers of `libraries`, and the names that go with
 * those; with NULL they keep the names that they have. On anything but TA_ACCEPTED, `err` holds one
 * line that names the file and what to do; `out` then holds what was found out before the refusal
 * (form, signature, properties), and no descriptor.
 */
enum ta_refusal ta_image_load(const struct ta_location *location, const struct ta_policy *policy,
			      const struct ta_trust *trust, struct ta_libraries *libraries,
			      struct ta_image *out, char *err, size_t errlen);

/* The same checks, without making a memfd. */
enum ta_refusal ta_image_inspect(const struct ta_location *location, const struct ta_policy *policy,
				 const struct ta_trust *trust, struct ta_image *out, char *err,
				 size_t errlen);

/*
 * What must hold between a package, the image in it, and the UUID in the file's name (`named`, NULL
 * when it states none): it is a TA or a library for TAs, it is that one, and a TA defines its entry
 * points.
 */
enum ta_refusal ta_content_check(const struct ta_package *package, const struct elf_image *elf,
				 const struct uuid *named, char *err, size_t errlen);

/* For an image that was loaded before, perhaps from another place: may it be used here and now, as
 * far as that depends on more than the file? Takes note of who its signer is by now. */
bool ta_image_may_be_used(struct ta_image *image, const struct ta_policy *policy,
			  const struct ta_trust *trust);

/* Closes the descriptor. Harmless when done twice. */
void ta_image_close(struct ta_image *image);

/* Which file the path leads to; false when there is none. */
bool ta_file_identify(const char *path, struct ta_file_identity *file);
bool ta_file_same(const struct ta_file_identity *a, const struct ta_file_identity *b);

/* Whether the file is still the one that was loaded. */
bool ta_image_is_current(const struct ta_image *image);

/* "TEESIM_TA_PATH", "client directory", "client directory's res/", "installed", "file". */
const char *ta_place_name(enum ta_place place);

#endif
