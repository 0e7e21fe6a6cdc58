#include "registry/ta_image.h"

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
	char inside[UUID_TEXT_SIZE], stated[UUID_TEXT_SIZE];
	enum ta_refusal refusal = TA_ACCEPTED;

	uuid_format(&elf->ta.uuid, inside);
	if (!elf->is_ta) {
		refusal = TA_BAD_FORMAT;
		refuse(0, err, errlen,
		       "no ta_head symbol, so not a TA: build it with the kit's makefiles, which "
		       "add "
		       "user_ta_header.c");
	} else if (package->has_uuid && !uuid_equal(&package->uuid, &elf->ta.uuid)) {
		refusal = TA_WRONG_UUID;
		refuse(0, err, errlen, "the package is for TA %s and holds TA %s: sign it again",
		       uuid_format(&package->uuid, stated), inside);
	} else if (named && !uuid_equal(named, &elf->ta.uuid)) {
		refusal = TA_WRONG_UUID;
		refuse(0, err, errlen, "holds TA %s: name the file after it, or mend TA_UUID",
		       inside);
	} else if (elf->ta.entry_points_missing) {
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

/* `bytes` is the whole file, and changes: the constructors get their other names in place. */
static enum ta_refusal examine(uint8_t *bytes, size_t size, const struct ta_policy *policy,
			       const struct ta_trust *trust, bool load, struct ta_image *out,
			       char *err, size_t errlen)
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
	if (!load)
		return TA_ACCEPTED;
	elf_image_neutralise(&elf, bytes + (package.image - bytes));
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
					struct ta_image *out, char *err, size_t errlen)
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
		refusal = examine(bytes, (size_t)st.st_size, policy, trust, load, out, err, errlen);
	else
		refusal = (enum ta_refusal)refuse(
			rc == -ENOMEM ? TA_OUT_OF_RESOURCES : TA_UNREADABLE, err, errlen, "%s: %s",
			location->path,
			rc == -EAGAIN ? "changed while it was read" : strerror(-rc));
	free(bytes);
	return refusal;
}

enum ta_refusal ta_image_load(const struct ta_location *location, const struct ta_policy *policy,
			      const struct ta_trust *trust, struct ta_image *out, char *err,
			      size_t errlen)
{
	return read_and_examine(location, policy, trust, true, out, err, errlen);
}

enum ta_refusal ta_image_inspect(const struct ta_location *location, const struct ta_policy *policy,
				 const struct ta_trust *trust, struct ta_image *out, char *err,
				 size_t errlen)
{
	return read_and_examine(location, policy, trust, false, out, err, errlen);
}

void ta_image_close(struct ta_image *image)
{
	if (image->fd >= 0)
		close(image->fd);
	image->fd = -1;
}
