#include "wire/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

#define SIZE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

size_t block_page_round(size_t size)
{
	const size_t page = 4096;

	if (size > SIZE_MAX - (page - 1))
		return 0;
	return (size + page - 1) & ~(page - 1);
}

int block_create_unsealed(const char *name, size_t size)
{
	size_t rounded = block_page_round(size);
	int fd;

	if (!rounded || rounded > (size_t)INT64_MAX)
		return -ENOMEM;
	fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)rounded) < 0) {
		int err = errno;

		close(fd);
		return -err;
	}
	return fd;
}

int block_seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS, SIZE_SEALS | F_SEAL_SEAL) < 0 ? -errno : 0;
}

int block_seal_read_only(int fd)
{
	return fcntl(fd, F_ADD_SEALS, SIZE_SEALS | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) < 0 ? -errno
											  : 0;
}

int block_create(const char *name, size_t size)
{
	int fd = block_create_unsealed(name, size);
	int err;

	if (fd < 0)
		return fd;
	err = block_seal(fd);
	if (err < 0) {
		close(fd);
		return err;
	}
	return fd;
}

int block_check(int fd, size_t size, bool read_only)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	if (seals < 0)
		return -EBADF;
	if ((seals & SIZE_SEALS) != SIZE_SEALS)
		return -EPERM;
	if (read_only && !(seals & (F_SEAL_FUTURE_WRITE | F_SEAL_WRITE)))
		return -EPERM;
	/* The system call by itself: the C library's function may use one that takes a path, which
	 * ta-host's sandbox denies. */
	if (syscall(SYS_fstat, fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EBADF;
	if (st.st_size < 0 || (uint64_t)st.st_size < size)
		return -ERANGE;
	return 0;
}

void *block_map(int fd, size_t size, bool writable)
{
	return mmap(NULL, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
}
