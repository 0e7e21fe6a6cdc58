#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/memory.h"

static int made(size_t size)
{
	int fd = block_create("test", size);

	cr_assert_geq(fd, 0, "%s", strerror(-fd));
	return fd;
}

Test(block, is_zeroed_whole_pages_close_on_exec)
{
	static const unsigned char zeros[8192];
	int fd = made(4097);
	struct stat st;
	void *p;

	cr_assert_eq(fstat(fd, &st), 0);
	cr_expect_eq(st.st_size, 8192);
	cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	p = block_map(fd, 8192, true);
	cr_assert_neq(p, MAP_FAILED);
	cr_expect_arr_eq(p, zeros, sizeof(zeros));
	munmap(p, 8192);
	close(fd);
}

Test(block, size_can_never_change)
{
	int fd = made(4096);

	cr_expect_eq(ftruncate(fd, 0), -1);
	cr_expect_eq(ftruncate(fd, 8192), -1);
	cr_expect_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	cr_expect_eq(block_check(fd, 4096, false), 0);
	close(fd);
}

Test(block, read_only_one_refuses_new_writers_and_keeps_the_old)
{
	int fd = block_create_unsealed("test", 4096);
	volatile char *own;

	cr_assert_geq(fd, 0);
	own = block_map(fd, 4096, true);
	cr_assert_neq(own, MAP_FAILED);
	cr_assert_eq(block_seal_read_only(fd), 0);
	cr_expect_eq(block_check(fd, 4096, true), 0);
	cr_expect_eq(block_map(fd, 4096, true), MAP_FAILED);
	cr_expect_eq(write(fd, "x", 1), -1);
	own[0] = 'x';
	own = block_map(fd, 4096, false);
	cr_assert_neq(own, MAP_FAILED);
	cr_expect_eq(own[0], 'x');
	close(fd);
}

Test(block, sizes_that_overflow_are_refused)
{
	cr_expect_eq(block_create("test", 0), -ENOMEM);
	cr_expect_eq(block_create("test", SIZE_MAX), -ENOMEM);
	cr_expect_eq(block_create("test", SIZE_MAX - 4096), -ENOMEM);
	cr_expect_eq(block_page_round(SIZE_MAX), 0);
	cr_expect_eq(block_page_round(1), 4096);
	cr_expect_eq(block_page_round(4096), 4096);
}

Test(block_check, unsealed_memory_is_refused)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	cr_assert_eq(ftruncate(fd, 4096), 0);
	cr_expect_eq(block_check(fd, 4096, false), -EPERM);
	cr_assert_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	cr_expect_eq(block_check(fd, 4096, false), -EPERM);
	cr_assert_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	cr_expect_eq(block_check(fd, 4096, false), 0);
	close(fd);
}

Test(block_check, smaller_memory_than_promised_is_refused)
{
	int fd = made(4096);

	cr_expect_eq(block_check(fd, 4096, false), 0);
	cr_expect_eq(block_check(fd, 4097, false), -ERANGE);
	cr_expect_eq(block_check(fd, SIZE_MAX, false), -ERANGE);
	close(fd);
}

Test(block_check, writable_memory_is_refused_where_read_only_is_demanded)
{
	int fd = made(4096);

	cr_expect_eq(block_check(fd, 4096, true), -EPERM);
	close(fd);
}

Test(block_check, what_is_no_memory_is_refused)
{
	char name[] = "/tmp/teesim-block.XXXXXX";
	int file = mkstemp(name), device = open("/dev/zero", O_RDWR), ends[2];

	unlink(name);
	cr_assert_eq(ftruncate(file, 4096), 0);
	cr_assert_eq(pipe(ends), 0);
	/* A tmpfs file knows seals too; it must fail for the lack of them. */
	cr_expect_lt(block_check(file, 4096, false), 0);
	cr_expect_eq(block_check(device, 4096, false), -EBADF);
	cr_expect_eq(block_check(ends[0], 0, false), -EBADF);
	cr_expect_eq(block_check(-1, 0, false), -EBADF);
	close(file);
	close(device);
	close(ends[0]);
	close(ends[1]);
}
