#include "boot/boot_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/boot.h"
#include "registry/trusted_file.h"

int boot_file_read(const char *directory, const char *name, struct boot_file *out, char *err,
		   size_t errlen)
{
	char path[PATH_MAX];
	struct stat st;
	int fd, rc;

	*out = (struct boot_file) { 0 };
	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path)) {
		snprintf(err, errlen, "%s: the path is too long", directory);
		return -ENAMETOOLONG;
	}
	fd = trusted_file_open(path, TRUSTED_FILE_SHARED, BOOT_IMAGE_MAX + 4096, &st, err, errlen);
	if (fd < 0)
		return fd;
	out->octets = malloc((size_t)st.st_size + 1);
	rc = out->octets ? trusted_file_read(fd, out->octets, (size_t)st.st_size) : -ENOMEM;
	(void)close(fd);
	if (rc) {
		snprintf(err, errlen, "%s: %s", path, strerror(-rc));
		free(out->octets);
		out->octets = NULL;
		return rc;
	}
	out->size = (size_t)st.st_size;
	out->octets[out->size] = 0;
	return 0;
}

void boot_file_clear(struct boot_file *file)
{
	if (file->octets)
		explicit_bzero(file->octets, file->size);
	free(file->octets);
	*file = (struct boot_file) { 0 };
}

uint8_t *boot_signed_octets(const void *image, size_t image_size, const void *certificate,
			    size_t certificate_size, size_t *size)
{
	const uint64_t lengths[2] = { image_size, certificate_size };
	uint8_t *octets = malloc(sizeof(lengths) + image_size + certificate_size);

	if (!octets)
		return NULL;
	memcpy(octets, lengths, sizeof(lengths));
	memcpy(octets + sizeof(lengths), image, image_size);
	if (certificate_size)
		memcpy(octets + sizeof(lengths) + image_size, certificate, certificate_size);
	*size = sizeof(lengths) + image_size + certificate_size;
	return octets;
}
