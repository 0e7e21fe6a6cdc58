#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otrp/tee_socket.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static bool kind_known(uint32_t kind)
{
	return (kind >= TEE_NAMES && kind <= TEE_CLIENT_KIND_LAST) ||
	       (kind >= TEE_CONNECTION && kind <= TEE_BELOW);
}

int tee_packet_parse(const void *data, size_t size, unsigned int descriptors,
		     struct tee_image_packet *out)
{
	unsigned int expected;

	memset(out, 0, sizeof(*out));
	if (size < sizeof(out->head))
		return -EPROTO;
	memcpy(&out->head, data, sizeof(out->head));
	if (out->head.magic != TEE_PACKET_MAGIC || !kind_known(out->head.kind) ||
	    size != (out->head.kind == TEE_IMAGE ? sizeof(*out) : sizeof(out->head)))
		return -EPROTO;
	expected = out->head.size != 0;
	if (out->head.kind == TEE_CONNECTION) {
		if (out->head.size)
			return -EPROTO;
		expected = 1;
	} else if (out->head.kind == TEE_CONNECTIONS || out->head.kind == TEE_LOST) {
		expected = 0;
	} else if (out->head.kind == TEE_BELOW) {
		expected = out->head.status == 0;
	} else if (out->head.kind == TEE_TAKEN && out->head.size) {
		return -EPROTO;
	}
	if ((out->head.kind == TEE_LOST || out->head.kind == TEE_BELOW) &&
	    (!out->head.size || out->head.size > TEE_NUMBER_MAX))
		return -EPROTO;
	memcpy(out, data, size);
	/* An image is what it comes with. */
	if (out->head.kind == TEE_IMAGE && out->record.personal_size) {
		if (!out->head.size || out->head.status)
			return -EPROTO;
		expected++;
	}
	if (descriptors != expected || out->record.personal_size > TEE_OCTETS_MAX ||
	    out->head.size > TEE_OCTETS_MAX || out->head.status > 4095)
		return -EPROTO;
	out->record.signer[TEE_SIGNER_SIZE - 1] = '\0';
	return 0;
}

static bool taid_valid(const char *text)
{
	for (int i = 0; i < TEE_TAID_SIZE; i++) {
		const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		const bool digit =
			(text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');

		if (dash ? text[i] != '-' : !digit)
			return false;
	}
	return true;
}

int tee_ta_request_parse(const void *octets, size_t size, struct tee_ta_request *out)
{
	const char *text = octets;

	memset(out, 0, sizeof(*out));
	if (size < TEE_TAID_SIZE || size > TEE_TAID_SIZE + 1 + TEE_TA_NAME_SIZE ||
	    !taid_valid(text) || size == TEE_TAID_SIZE + 1 ||
	    (size > TEE_TAID_SIZE && text[TEE_TAID_SIZE] != ' '))
		return -EPROTO;
	for (size_t i = TEE_TAID_SIZE + 1; i < size; i++) {
		if (text[i] < 0x20 || text[i] > 0x7e)
			return -EPROTO;
		out->name[i - TEE_TAID_SIZE - 1] = text[i];
	}
	memcpy(out->taid, text, TEE_TAID_SIZE);
	return 0;
}

static int octets_write(int fd, const uint8_t *octets, size_t size)
{
	while (size) {
		const ssize_t n = write(fd, octets, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		octets += n;
		size -= (size_t)n;
	}
	return 0;
}

int tee_octets_make(const void *octets, size_t size)
{
	int rc, fd = memfd_create("teesim-otrp", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("teesim-otrp", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	/* A TA's image is loaded from there, where nobody else may write. */
	rc = fchmod(fd, 0600) < 0 ? -errno : octets_write(fd, octets, size);
	if (rc == 0 && fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) < 0)
		rc = -errno;
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

/*
 * A file of large pages, which may be missing when they are read, and kill, and which end a mapping
 * as a whole only. Such files are whole large pages; others may have the same block size.
 */
static bool of_large_pages(const struct stat *st)
{
	return st->st_blksize > sysconf(_SC_PAGESIZE) && st->st_size % st->st_blksize == 0;
}

int tee_octets_map(int fd, size_t size, const void **octets)
{
	const int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	void *at;

	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    of_large_pages(&st) || st.st_size < 0 || (uint64_t)st.st_size < size)
		return -EPROTO;
	/* Private: a mapping that is shared and can be written would break the seal. */
	at = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return -ENOMEM;
	*octets = at;
	return 0;
}
