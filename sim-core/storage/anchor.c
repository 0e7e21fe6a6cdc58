#include "storage/anchor.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each record stands in a sector of its own. */
#define RECORD_STEP 4096
#define MAC_SIZE    32U

static const char magic[8] = "tsrpmb1";

struct image {
	char magic[8];
	uint64_t counter;
	uint64_t stamp;
	uint8_t boot[16];
	uint8_t unused[8];
	uint8_t mac[MAC_SIZE];
};

static_assert(sizeof(struct image) == ANCHOR_RECORD_SIZE, "layout of the file");

int anchor_record_parse(const uint8_t *bytes, size_t size, const struct seal_secret *secret,
			struct anchor_record *out)
{
	struct image image;

	if (size != sizeof(image))
		return -EBADMSG;
	memcpy(&image, bytes, sizeof(image));
	if (memcmp(image.magic, magic, sizeof(magic)) ||
	    seal_mac_check(secret, &image, offsetof(struct image, mac), image.mac) < 0)
		return -EBADMSG;
	out->counter = le64toh(image.counter);
	out->stamp = le64toh(image.stamp);
	memcpy(out->boot, image.boot, sizeof(out->boot));
	return 0;
}

/* All zero, which no boot is, where it can't be told. */
static uint8_t boot[16];
static bool boot_known;

void anchor_prepare(void)
{
	char text[40] = "";
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	int digits = 0;

	if (fd >= 0)
		close(fd);
	boot_known = true;
	memset(boot, 0, sizeof(boot));
	for (ssize_t i = 0; i < n && digits < 32; i++) {
		const char c = text[i];
		const int value = c >= '0' && c <= '9'	 ? c - '0'
				  : c >= 'a' && c <= 'f' ? c - 'a' + 10
							 : -1;

		if (value < 0)
			continue;
		boot[digits / 2] = (uint8_t)(boot[digits / 2] << 4 | value);
		digits++;
	}
}

static int records_read(struct anchor *anchor, const struct seal_secret *secret)
{
	bool found = false;

	for (int i = 0; i < 2; i++) {
		uint8_t bytes[ANCHOR_RECORD_SIZE];
		struct anchor_record record;
		ssize_t n = pread(anchor->fd, bytes, sizeof(bytes), i * RECORD_STEP);

		if (n < 0)
			return -errno;
		if (anchor_record_parse(bytes, (size_t)n, secret, &record) < 0 ||
		    (found && record.counter < anchor->counter))
			continue;
		found = true;
		anchor->counter = record.counter;
		anchor->stamp = record.stamp;
		anchor->other_boot = memcmp(record.boot, boot, sizeof(record.boot)) != 0;
	}
	return found ? 0 : -EBADMSG;
}

/* Both records get their place now: later there may be none left. */
static int file_create(struct anchor *anchor, const struct seal_secret *secret)
{
	static const uint8_t nothing[ANCHOR_RECORD_SIZE];
	int err = anchor_write(anchor, 0, 0, secret);

	if (!err && pwrite(anchor->fd, nothing, sizeof(nothing), RECORD_STEP) < 0)
		err = -errno;
	return err;
}

int anchor_open(struct anchor *anchor, const char *path, bool create, bool durable,
		const struct seal_secret *secret)
{
	struct stat st;
	int err;

	*anchor = (struct anchor) { .fd = -1, .durable = durable };
	if (!boot_known)
		anchor_prepare();
	anchor->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0), 0600);
	if (anchor->fd < 0)
		return -errno;
	err = fstat(anchor->fd, &st) < 0 ? -errno : 0;
	if (!err && !st.st_size)
		err = create ? file_create(anchor, secret) : -ENOENT;
	else if (!err)
		err = records_read(anchor, secret);
	if (err < 0)
		anchor_close(anchor);
	return err;
}

void anchor_close(struct anchor *anchor)
{
	if (anchor->fd >= 0)
		close(anchor->fd);
	anchor->fd = -1;
}

int anchor_write(struct anchor *anchor, uint64_t counter, uint64_t stamp,
		 const struct seal_secret *secret)
{
	struct image image = { .counter = htole64(counter), .stamp = htole64(stamp) };
	ssize_t n;

	memcpy(image.magic, magic, sizeof(magic));
	memcpy(image.boot, boot, sizeof(image.boot));
	seal_mac(secret, &image, offsetof(struct image, mac), image.mac);
	do {
		n = pwrite(anchor->fd, &image, sizeof(image), (off_t)(counter % 2) * RECORD_STEP);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n != (ssize_t)sizeof(image))
		return -EIO;
	if (anchor->durable && fdatasync(anchor->fd) < 0)
		return -errno;
	anchor->counter = counter;
	anchor->stamp = stamp;
	return 0;
}

int anchor_sync(struct anchor *anchor)
{
	return fsync(anchor->fd) < 0 ? -errno : 0;
}
