#include "session/domain_image.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "registry/ta_refusal.h"
#include "session/server.h"

enum ta_refusal domain_image_load(struct tee_link *link, const struct uuid *uuid,
				  const struct ta_trust *trust, struct ta_libraries *libraries,
				  struct ta_image *out, struct tee_image_record *record,
				  int *personal, struct opening_queue **waiting, char *err,
				  size_t errlen)
{
	/* Its signature was checked when it was installed, and its hash now, by the TEE. */
	const struct ta_policy policy = { 0 };
	const char *directory = link->server->device->path;
	struct ta_location location = { .place = TA_PLACE_FILE, .has_uuid = true, .uuid = *uuid };
	const struct tee_answer *answer = tee_link_ask(link, uuid, waiting);
	enum ta_refusal refusal;

	if (!answer || answer->error == -ENOENT)
		return TA_NOT_FOUND;
	if (answer->error)
		return (enum ta_refusal)refuse(
			TA_UNREADABLE, err, errlen,
			"the TAs that a TAM installed on this device can't be read: %s; `teesim "
			"device verify %s` may tell why",
			answer->reason, directory);
	snprintf(location.path, sizeof(location.path), "/proc/self/fd/%d", answer->fd);
	refusal = ta_image_load(&location, &policy, trust, libraries, out, err, errlen);
	if (refusal != TA_ACCEPTED)
		return refusal;
	*record = answer->record;
	*personal = -1;
	if (answer->personal_fd >= 0) {
		*personal = fcntl(answer->personal_fd, F_DUPFD_CLOEXEC, 0);
		if (*personal < 0) {
			ta_image_close(out);
			return (enum ta_refusal)refuse(TA_OUT_OF_RESOURCES, err, errlen,
						       "its personalisation data: %s",
						       strerror(errno));
		}
	}
	out->file = answer->changes;
	snprintf(out->location.path, sizeof(out->location.path), "%.4000s/" TEE_CHANGES_FILE,
		 directory);
	return TA_ACCEPTED;
}

bool domain_personal_hash(int fd, const struct tee_image_record *record,
			  uint8_t out[DOMAIN_PERSONAL_HASH_SIZE])
{
	const size_t size = record->personal_size;
	const void *octets;
	bool made;

	memset(out, 0, DOMAIN_PERSONAL_HASH_SIZE);
	if (!size)
		return true;
	if (tee_octets_map(fd, size, &octets))
		return false;
	made = EVP_Digest(octets, size, out, NULL, EVP_sha256(), NULL) == 1;
	(void)munmap((void *)octets, size);
	return made;
}
