#include "registry/ta_image.h"

#include "registry/ta_libraries.h"
#include "registry/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALL_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

const char *ta_place_name(enum ta_place place)
{
	static const char *const names[] = {
		[TA_PLACE_PATH] = "TEESIM_TA_PATH",
		[TA_PLACE_CLIENT] = "client directory",
		[TA_PLACE_CLIENT_RES] = "client directory's res/",
		[TA_PLACE_INSTALLED] = "installed",
		[TA_PLACE_FILE] = "file",
	};

	return names[place];
}

static struct ta_file_identity identity_of(const struct stat *st)
{
	return (struct ta_file_identity) { st->st_dev, st->st_ino, st->st_size, st->st_mtim,
					   st->st_ctim };
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool ta_file_identify(const char *path, struct ta_file_identity *file)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	*file = identity_of(&st);
	return true;
}

bool ta_file_same(const struct ta_file_identity *a, const struct ta_file_identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       same_time(a->modified, b->modified) && same_time(a->changed, b->changed);
}

bool ta_image_is_current(const struct ta_image *image)
{
	struct ta_file_identity now;

	return ta_file_identify(image->location.path, &now) && ta_file_same(&now, &image->file);
}

/* What the policy says to an image with this signature at this place. */
static enum ta_refusal policy_check(const struct ta_policy *policy, const struct ta_image *out,
				    char *err, size_t errlen)
{
	const char *path = out->location.path;
	bool installed = out->location.place == TA_PLACE_INSTALLED;

	if (out->signature == TA_SIGNED_TRUSTED)
		return TA_ACCEPTED;
	if (!policy->require_signed && (!installed || policy->accept_any_installed))
		return TA_ACCEPTED;
	if (out->signature == TA_UNSIGNED)
		return (enum ta_refusal)refuse(
			TA_NOT_SIGNED, err, errlen,
			"%s: not signed, and %s must be: sign it with `teesim ta sign --in FILE "
			"--out FILE`",
			path, installed ? "an installed TA" : "every TA (--require-signed)");
	return (enum ta_refusal)refuse(TA_UNKNOWN_SIGNER, err, errlen,
				       "%s: signed by a key that is not trusted here (%s): put the "
				       "signer's .pub file into "
				       "keys/trusted/ or the device's trusted/",
				       path, out->signer.fingerprint);
}

static enum ta_refusal refusal_of_package(int rc, struct ta_image *out)
{
	if (rc == -EKEYREJECTED)
		out->signature = TA_SIGNATURE_BAD;
	return rc == -EKEYREJECTED ? TA_BAD_SIGNATURE : TA_BAD_FORMAT;
}

static enum ta_refusal refusal_of_image(int rc)
{
	switch (rc) {
	case -ENOEXEC:
		return TA_WRONG_ARCHITECTURE;
	case -EPERM:
		return TA_FORBIDDEN_FEATURE;
	default:
		return TA_BAD_FORMAT;
	}
}

enum ta_refusal ta_content_check(const struct ta_package *package, const struct elf_image *elf,
				 const struct uuid *named, char *err, size_t errlen)
{
	const char *kind = elf->is_library ? "library" : "TA";
	char inside[UUID_TEXT_SIZE], stated[UUID_TEXT_SIZE];
	enum ta_refusal refusal = TA_ACCEPTED;

	uuid_format(&elf->ta.uuid, inside);
	if (!elf->is_ta && !elf->is_library) {
		refusal = TA_BAD_FORMAT;
		refuse(0, err, errlen,
		       "no ta_head symbol, so not a TA, and no UUID for a SONAME, so not a shared "
		       "library for TAs: build it with the kit's makefiles, which add "
		       "user_ta_header.c");
	} else if (package->has_uuid && !uuid_equal(&package->uuid, &elf->ta.uuid)) {
		refusal = TA_WRONG_UUID;
		refuse(0, err, errlen, "the package is for %s and holds %s %s: sign it again",
		       uuid_format(&package->uuid, stated), kind, inside);
	} else if (named && !uuid_equal(named, &elf->ta.uuid)) {
		refusal = TA_WRONG_UUID;
		refuse(0, err, errlen, "holds %s %s: name the file after it, or mend %s", kind,
		       inside, elf->is_library ? "SHLIBUUID" : "TA_UUID");
	} else if (elf->is_ta && elf->ta.entry_points_missing) {
		refusal = TA_MISSING_SYMBOL;
		refuse(0, err, errlen, "TA %s does not define %s", inside,
		       ta_entry_point_name(
			       (enum ta_entry_point)__builtin_ctz(elf->ta.entry_points_missing)));
	}
	return refusal;
}

bool ta_image_may_be_used(struct ta_image *image, const struct ta_policy *policy,
			  const struct ta_trust *trust)
{
	if (image->location.has_uuid && !uuid_equal(&image->location.uuid, &image->properties.uuid))
		return false;
	if (image->signature != TA_UNSIGNED)
		image->signature = ta_signer_check(&image->signer, trust);
	return policy_check(policy, image, NULL, 0) == TA_ACCEPTED;
}

static int seal(const void *bytes, size_t size)
{
	int fd = memfd_create("teesim-ta", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t done = 0;
	int rc;

	if (fd < 0)
		return -errno;
	while (done < size) {
		ssize_t n = write(fd, (const char *)bytes + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			goto fail;
		done += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, ALL_SEALS) == 0)
		return fd;
fail:
	rc = -errno;
	close(fd);
	return rc;
}

static enum ta_refusal check_kind(const struct ta_image *image, enum ta_kind wanted, char *err,
				  size_t errlen)
{
	if (wanted == TA_KIND_EITHER || image->is_library == (wanted == TA_KIND_LIBRARY))
		return TA_ACCEPTED;
	return (enum ta_refusal)refuse(
		TA_WRONG_KIND, err, errlen,
		image->is_library ? "%s: this is a shared library for TAs, in which no session can "
				    "be opened: open one with a TA that uses it"
				  : "%s: this is a TA, which no other TA can load as a library",
		image->location.path);
}

static bool wants_symbol(const struct elf_image *elf, const char *wanted)
{
	const char *symbol;
	size_t cursor = 0;

	while ((symbol = elf_image_next_undefined(elf, &cursor, NULL)))
		if (!strcmp(symbol, wanted))
			return true;
	return false;
}

static enum ta_refusal note_libraries(const struct elf_image *elf, struct ta_image *out, char *err,
				      size_t errlen)
{
	out->is_library = elf->is_library;
	out->opens_libraries = wants_symbol(elf, TA_LIBRARIES_OPENER);
	for (unsigned i = 0; i < elf->needed_count; i++) {
		struct uuid uuid;

		if (uuid_parse(elf->needed[i], &uuid))
			continue;
		if (out->needed_count == TA_LIBRARIES_MAX)
			return (enum ta_refusal)refuse(TA_FORBIDDEN_FEATURE, err, errlen,
						       "%s: needs more than %d libraries for TAs",
						       out->location.path, TA_LIBRARIES_MAX);
		out->needed[out->needed_count++] = uuid;
	}
	return TA_ACCEPTED;
}

/* The names by which the dynamic linker of a host will find the libraries. */
static enum ta_refusal rename_libraries(const struct elf_image *elf, void *bytes,
					struct ta_libraries *libraries, const struct ta_image *out,
					char *err, size_t errlen)
{
	char name[TA_LIBRARY_NAME_SIZE], why[256];

	for (unsigned i = 0; i < elf->needed_count; i++) {
		struct uuid uuid;
		int number;

		if (uuid_parse(elf->needed[i], &uuid))
			continue;
		number = ta_libraries_number(libraries, &uuid);
		if (number < 0)
			return (enum ta_refusal)refuse(
				number == -ENOMEM ? TA_OUT_OF_RESOURCES : TA_FORBIDDEN_FEATURE, err,
				errlen, "%s: it and its libraries need more than %d libraries",
				out->location.path, TA_LIBRARIES_MAX);
		if (elf_image_rename_needed(elf, bytes, i, ta_library_name(number, name), why,
					    sizeof(why)))
			return (enum ta_refusal)refuse(TA_FORBIDDEN_FEATURE, err, errlen, "%s: %s",
						       out->location.path, why);
	}
	return TA_ACCEPTED;
}

/* `bytes` is the whole file, and changes: the constructors get their other names in place. */
static enum ta_refusal examine(uint8_t *bytes, size_t size, const struct ta_policy *policy,
			       const struct ta_trust *trust, bool load,
			       struct ta_libraries *libraries, struct ta_image *out, char *err,
			       size_t errlen)
{
	const char *path = out->location.path;
	enum ta_refusal refusal;
	struct ta_package package;
	struct elf_image elf;
	char why[256];
	int rc;

	rc = ta_package_parse(bytes, size, &package, why, sizeof(why));
	if (rc)
		return (enum ta_refusal)refuse((int)refusal_of_package(rc, out), err, errlen,
					       "%s: %s", path, why);
	out->form = package.form;
	out->has_version = package.has_version;
	out->version = package.version;
	out->size = package.image_size;
	out->signature = ta_signature_check(&package, trust, &out->signer);
	refusal = policy_check(policy, out, err, errlen);
	/* Whose image this is can be told even of one that the policy turns away. */
	rc = elf_image_parse(package.image, package.image_size, &elf, why, sizeof(why));
	if (rc == 0)
		out->properties = elf.ta;
	if (refusal)
		return refusal;
	if (rc)
		return (enum ta_refusal)refuse((int)refusal_of_image(rc), err, errlen, "%s: %s",
					       path, why);
	refusal = ta_content_check(&package, &elf,
				   out->location.has_uuid ? &out->location.uuid : NULL, why,
				   sizeof(why));
	if (refusal)
		return (enum ta_refusal)refuse((int)refusal, err, errlen, "%s: %s", path, why);
	refusal = note_libraries(&elf, out, err, errlen);
	if (!refusal)
		refusal = check_kind(out, policy->kind, err, errlen);
	if (refusal || !load)
		return refusal;
	elf_image_neutralise(&elf, bytes + (package.image - bytes));
	if (libraries)
		refusal = rename_libraries(&elf, bytes + (package.image - bytes), libraries, out,
					   err, errlen);
	if (refusal)
		return refusal;
	rc = seal(package.image, package.image_size);
	if (rc < 0)
		return (enum ta_refusal)refuse(TA_OUT_OF_RESOURCES, err, errlen,
					       "%s: no memory for the image: %s", path,
					       strerror(-rc));
	out->fd = rc;
	return TA_ACCEPTED;
}

static enum ta_refusal read_and_examine(const struct ta_location *location,
					const struct ta_policy *policy,
					const struct ta_trust *trust, bool load,
					struct ta_libraries *libraries, struct ta_image *out,
					char *err, size_t errlen)
{
	enum ta_refusal refusal;
	uint8_t *bytes = NULL;
	struct stat st;
	int fd, rc;

	memset(out, 0, sizeof(*out));
	out->fd = -1;
	out->location = *location;
	fd = trusted_file_open(location->path, TRUSTED_FILE_SHARED, TA_PACKAGE_SIZE_MAX, &st, err,
			       errlen);
	if (fd == -ENOENT)
		return TA_NOT_FOUND;
	if (fd == -EPERM)
		return TA_NOT_TRUSTED_FILE;
	if (fd == -ENOMEM || fd == -EMFILE || fd == -ENFILE)
		return TA_OUT_OF_RESOURCES;
	if (fd < 0)
		return TA_UNREADABLE;
	out->file = identity_of(&st);
	bytes = malloc((size_t)st.st_size + 1);
	rc = bytes ? trusted_file_read(fd, bytes, (size_t)st.st_size) : -ENOMEM;
	close(fd);
	if (rc == 0)
		refusal = examine(bytes, (size_t)st.st_size, policy, trust, load, libraries, out,
				  err, errlen);
	else
		refusal = (enum ta_refusal)refuse(
			rc == -ENOMEM ? TA_OUT_OF_RESOURCES : TA_UNREADABLE, err, errlen, "%s: %s",
			location->path,
			rc == -EAGAIN ? "changed while it was read" : strerror(-rc));
	free(bytes);
	return refusal;
}

enum ta_refusal ta_image_load(const struct ta_location *location, const struct ta_policy *policy,
			      const struct ta_trust *trust, struct ta_libraries *libraries,
			      struct ta_image *out, char *err, size_t errlen)
{
	return read_and_examine(location, policy, trust, true, libraries, out, err, errlen);
}

enum ta_refusal ta_image_inspect(const struct ta_location *location, const struct ta_policy *policy,
				 const struct ta_trust *trust, struct ta_image *out, char *err,
				 size_t errlen)
{
	return read_and_examine(location, policy, trust, false, NULL, out, err, errlen);
}

void ta_image_close(struct ta_image *image)
{
	if (image->fd >= 0)
		close(image->fd);
	image->fd = -1;
}
