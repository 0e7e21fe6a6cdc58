#include "registry/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const void *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(fd, (const char *)bytes + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

/* The new name itself must survive a power cut too. */
static int sync_directory(const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd, rc = 0;

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0 && errno != EINVAL)
		rc = -errno;
	close(fd);
	return rc;
}

/* Is that still the file of this name? */
static bool file_is(int fd, const char *name)
{
	struct stat open_file, named;

	return fstat(fd, &open_file) == 0 && lstat(name, &named) == 0 &&
	       open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

/*
 * A temporary file, which its writer holds locked as long as it has this name. One that nobody
 * holds belonged to somebody who died over it; for the others there is a wait.
 */
static int temporary_open(const char *name)
{
	for (;;) {
		const int flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW;
		int fd = open(name, flags | O_CREAT | O_EXCL, 0600);

		if (fd >= 0) {
			if (flock(fd, LOCK_EX | LOCK_NB) == 0 && file_is(fd, name))
				return fd;
		} else if (errno == EEXIST) {
			fd = open(name, flags);
			if (fd < 0 && errno != ENOENT)
				return -errno;
			if (fd >= 0 && flock(fd, LOCK_EX) == 0 && file_is(fd, name))
				(void)unlink(name);
		} else {
			return -errno;
		}
		if (fd >= 0)
			close(fd);
	}
}

int atomic_file_write(const char *path, const struct atomic_file_part *parts, unsigned count,
		      mode_t mode, enum atomic_file_mode how)
{
	char temporary[PATH_MAX];
	int fd, rc = 0;

	if (snprintf(temporary, sizeof(temporary), "%s.new~", path) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = temporary_open(temporary);
	if (fd < 0)
		return fd;
	for (unsigned i = 0; rc == 0 && i < count; i++)
		rc = write_all(fd, parts[i].bytes, parts[i].size);
	if (rc == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		rc = -errno;
	if (rc == 0 && how == ATOMIC_FILE_REPLACE && rename(temporary, path) < 0)
		rc = -errno;
	if (rc == 0 && how == ATOMIC_FILE_KEEP && link(temporary, path) < 0)
		rc = -errno;
	if (rc || how == ATOMIC_FILE_KEEP)
		unlink(temporary);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	return rc ? rc : sync_directory(path);
}
