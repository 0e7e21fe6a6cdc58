#include "fixture_file.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture_file fixture_read_path(const char *path)
{
	struct fixture_file file = { 0 };
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0) {
		perror(path);
		abort();
	}
	file.size = (size_t)st.st_size;
	file.bytes = malloc(file.size + 1);
	if (!file.bytes || read(fd, file.bytes, file.size) != (ssize_t)file.size)
		abort();
	close(fd);
	return file;
}

struct fixture_file fixture_read(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", FIXTURES, name);
	return fixture_read_path(path);
}

void fixture_write(const char *path, const void *bytes, size_t size, unsigned mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || fchmod(fd, mode) < 0) {
		perror(path);
		abort();
	}
	close(fd);
}

char *fixture_dir_make(void)
{
	char *dir = strdup("/tmp/teesim-test-XXXXXX");

	if (!dir || !mkdtemp(dir))
		abort();
	return dir;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void fixture_dir_remove(char *dir)
{
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(dir);
}
