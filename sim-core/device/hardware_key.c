#include "device/hardware_key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int key_read(const char *directory, unsigned char key[HARDWARE_KEY_SIZE])
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/huk", directory) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	n = read(fd, key, HARDWARE_KEY_SIZE);
	close(fd);
	return n == HARDWARE_KEY_SIZE ? 0 : -EINVAL;
}

int hardware_key_derive(const char *directory, const char *purpose, void *out, size_t size)
{
	unsigned char *key;
	int err;

	if (size < crypto_generichash_BYTES_MIN || size > crypto_generichash_BYTES_MAX)
		return -EINVAL;
	if (sodium_init() < 0)
		return -ENOSYS;
	key = sodium_malloc(HARDWARE_KEY_SIZE);
	if (!key)
		return -ENOMEM;
	err = key_read(directory, key);
	if (!err)
		(void)crypto_generichash(out, size, (const unsigned char *)purpose, strlen(purpose),
					 key, HARDWARE_KEY_SIZE);
	sodium_free(key);
	return err;
}
