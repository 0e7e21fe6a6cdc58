#include "device/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOTE_SIZE 64

static int lock_open(const char *directory, int flags)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/lock", directory) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

int lock_take(const char *directory)
{
	const int fd = lock_open(directory, O_RDWR | O_CREAT);
	int err;

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		err = errno == EWOULDBLOCK ? -EBUSY : -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* When the process began, in ticks since the machine did; 0 where it is not there. */
static uint64_t began(pid_t pid)
{
	char path[40], text[1024];
	const char *at;
	uint64_t ticks = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	/* The name, in parentheses, may have anything in it. */
	at = strrchr(text, ')');
	/* It is the 22nd word, and the name the second. */
	for (int word = 2; at && word < 22; word++)
		at = strchr(at + 1, ' ');
	/* NOLINTNEXTLINE(cert-err34-c): the kernel writes numbers that fit */
	if (!at || sscanf(at, "%" SCNu64, &ticks) != 1)
		return 0;
	return ticks;
}

void lock_note(int fd, pid_t pid)
{
	char note[NOTE_SIZE];
	const int n = snprintf(note, sizeof(note), "%d %" PRIu64 "\n", (int)pid, began(pid));

	/* Without the note it is found by its socket alone. */
	if (ftruncate(fd, 0) == 0)
		(void)!pwrite(fd, note, (size_t)n, 0);
}

int lock_owner(const char *directory, pid_t *pid)
{
	const int fd = lock_open(directory, O_RDONLY);
	char note[NOTE_SIZE] = "";
	uint64_t ticks = 0;
	int number = 0, process;

	if (fd < 0)
		return fd == -ENOENT ? -ESRCH : fd;
	(void)!read(fd, note, sizeof(note) - 1);
	close(fd);
	/* NOLINTNEXTLINE(cert-err34-c): a teesimd wrote it, and no other number is of use */
	if (sscanf(note, "%d %" SCNu64, &number, &ticks) != 2 || number <= 0 || !ticks)
		return -ESRCH;
	process = (int)syscall(SYS_pidfd_open, number, 0);
	if (process < 0)
		return -errno;
	/* Looked at when the number can't be given to another any more without our knowing. */
	if (began(number) != ticks) {
		close(process);
		return -ESRCH;
	}
	*pid = number;
	return process;
}
