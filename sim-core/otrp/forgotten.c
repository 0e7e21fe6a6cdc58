/* TAs that were deleted, as trusted storage is told of them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otrp/exchange.h"
#include "storage/forgotten.h"

_Static_assert(BOOT_TEES_MAX <= FORGOTTEN_TEES, "a file for each");

int forgotten_open(struct tee *tee)
{
	char path[PATH_MAX];
	int rc;

	rc = forgotten_path(tee->directory, tee->options.tee, path, sizeof(path));
	if (rc)
		return rc;
	tee->forgotten_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	rc = tee->forgotten_fd < 0 ? -errno : 0;
	/* Whoever was killed after the commitment has not come to it. */
	return rc ? rc : forgotten_publish(tee);
}

/* Is that what the file holds? */
static bool is_published(int fd, struct span records)
{
	uint8_t octets[4096];
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_size != (off_t)records.size)
		return false;
	for (size_t at = 0; at < records.size;) {
		const ssize_t n = pread(fd, octets, sizeof(octets), (off_t)at);

		if (n <= 0 || (size_t)n > records.size - at ||
		    memcmp(octets, records.data + at, (size_t)n) != 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

int forgotten_publish(struct tee *tee)
{
	struct arena arena = { 0 };
	struct span records = { 0 };
	int rc = ta_forgotten_get(tee->store, &arena, &records);

	/* A record that is torn is told again at the next start. */
	if (rc == 0 && !is_published(tee->forgotten_fd, records)) {
		if (pwrite(tee->forgotten_fd, records.data, records.size, 0) !=
			    (ssize_t)records.size ||
		    ftruncate(tee->forgotten_fd, (off_t)records.size) < 0)
			rc = -EIO;
	}
	arena_clear(&arena);
	return rc;
}
