#include "registry/trusted_file.h"

#include "registry/ta_refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int trusted_file_open(const char *path, mode_t forbidden, size_t max_size, struct stat *st,
		      char *err, size_t errlen)
{
	/* O_NONBLOCK: opening a FIFO must not wait for its other end. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc;

	if (fd < 0)
		return refuse(-errno, err, errlen, "%s: %s", path, strerror(errno));
	if (fstat(fd, st) < 0)
		rc = refuse(-errno, err, errlen, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st->st_mode))
		rc = refuse(-EPERM, err, errlen, "%s: not a regular file", path);
	else if (st->st_uid != 0 && st->st_uid != geteuid())
		rc = refuse(-EPERM, err, errlen,
			    "%s: belongs to user %u, and only root's files and your own are taken: "
			    "copy it, or chown it",
			    path, (unsigned)st->st_uid);
	else if (st->st_mode & forbidden)
		rc = refuse(-EPERM, err, errlen, "%s: mode %04o lets others %s it: chmod %s it",
			    path, (unsigned)st->st_mode & 07777,
			    forbidden == TRUSTED_FILE_SECRET ? "use" : "change",
			    forbidden == TRUSTED_FILE_SECRET ? "600" : "o-w");
	else if (st->st_size < 0 || (unsigned long long)st->st_size > max_size)
		rc = refuse(-EPERM, err, errlen, "%s: %lld bytes, and at most %zu are taken", path,
			    (long long)st->st_size, max_size);
	else
		return fd;
	close(fd);
	return rc;
}

int trusted_file_read(int fd, void *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, (char *)bytes + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EAGAIN;
		done += (size_t)n;
	}
	return 0;
}
