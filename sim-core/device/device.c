#include "device/device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/hardware_key.h"
#include "device/lock.h"
#include "device/paths.h"
#include "device/tree.h"

#define EPHEMERAL_PREFIX "ephemeral-"

static int complain(int code, char *err, size_t errlen, const char *path, const char *what)
{
	if (err && errlen)
		snprintf(err, errlen, "%s: %s", path, what ? what : strerror(-code));
	return code;
}

static int path_join(char *out, size_t size, const char *directory, const char *name)
{
	return (size_t)snprintf(out, size, "%s/%s", directory, name) < size ? 0 : -ENAMETOOLONG;
}

static int huk_check(const char *path, int fd, char *err, size_t errlen)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return complain(-errno, err, errlen, path, NULL);
	if (!S_ISREG(st.st_mode) || st.st_size != HARDWARE_KEY_SIZE)
		return complain(
			-EINVAL, err, errlen, path,
			"is not a device key (32 octets); restore it, or remove the device");
	if (st.st_uid != geteuid() || st.st_mode & (S_IRWXG | S_IRWXO))
		return complain(-EPERM, err, errlen, path,
				"must belong to you and be closed to others (chmod 600)");
	return 0;
}

static int write_all(int fd, const unsigned char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int directory_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* The lock is held, so nobody else makes one; a temporary file that an interrupted run left is
 * replaced. */
static int huk_write(const char *directory, const char *path, const void *key)
{
	char temporary[PATH_MAX];
	int err, fd;

	err = path_join(temporary, sizeof(temporary), directory, "huk.new");
	if (err < 0)
		return err;
	(void)unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, key, HARDWARE_KEY_SIZE);
	if (!err && fsync(fd) < 0)
		err = -errno;
	close(fd);
	if (!err && rename(temporary, path) < 0)
		err = -errno;
	if (!err)
		err = directory_sync(directory);
	if (err < 0)
		(void)unlink(temporary);
	return err;
}

static int huk_create(const char *directory, const char *path)
{
	unsigned char key[HARDWARE_KEY_SIZE];
	int err = -EIO;

	if (getrandom(key, sizeof(key), 0) == (ssize_t)sizeof(key))
		err = huk_write(directory, path, key);
	explicit_bzero(key, sizeof(key));
	return err;
}

static int huk_ensure(const char *directory, bool *fresh, char *err, size_t errlen)
{
	char path[PATH_MAX];
	int code = path_join(path, sizeof(path), directory, "huk");
	int fd;

	if (code < 0)
		return complain(code, err, errlen, directory, NULL);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	*fresh = fd < 0 && errno == ENOENT;
	if (*fresh) {
		code = huk_create(directory, path);
		return code < 0 ? complain(code, err, errlen, path, NULL) : 0;
	}
	if (fd < 0)
		return complain(-errno, err, errlen, path, NULL);
	code = huk_check(path, fd, err, errlen);
	close(fd);
	return code;
}

static int directory_fill(const char *path, bool *fresh, char *err, size_t errlen)
{
	char ta[PATH_MAX];
	int code = path_join(ta, sizeof(ta), path, "ta");

	if (!code && mkdir(ta, 0700) < 0 && errno != EEXIST)
		code = -errno;
	if (code < 0)
		return complain(code, err, errlen, path, NULL);
	return huk_ensure(path, fresh, err, errlen);
}

/* A UUID of version 5's form, from the key in place of a name. */
static int identity_derive(struct device *device, char *err, size_t errlen)
{
	int code = hardware_key_derive(device->path, "teesim device identity", device->id.octet,
				       sizeof(device->id.octet));

	if (code < 0)
		return complain(code, err, errlen, device->path, NULL);
	device->id.octet[6] = (device->id.octet[6] & 0x0F) | 0x50;
	device->id.octet[8] = (device->id.octet[8] & 0x3F) | 0x80;
	return 0;
}

static int device_name(struct device *device, const char *name)
{
	device->lock_fd = -1;
	device->path[0] = '\0';
	return (size_t)snprintf(device->name, sizeof(device->name), "%s", name) <
			       sizeof(device->name)
		       ? 0
		       : -ENAMETOOLONG;
}

int device_open(struct device *device, const char *name, const char *path, char *err, size_t errlen)
{
	int code;

	device->ephemeral = false;
	code = device_name(device, name);
	if (!code && (size_t)snprintf(device->path, sizeof(device->path), "%s", path) >=
			     sizeof(device->path))
		code = -ENAMETOOLONG;
	if (!code)
		code = paths_make_dir(path);
	if (code < 0)
		return complain(code, err, errlen, path, NULL);
	code = lock_take(path);
	if (code == -EBUSY)
		return complain(code, err, errlen, path,
				"another teesimd runs this device; `teesim stop` ends it");
	if (code < 0)
		return complain(code, err, errlen, path, NULL);
	device->lock_fd = code;
	lock_note(device->lock_fd, getpid());
	code = directory_fill(path, &device->fresh, err, errlen);
	if (!code)
		code = identity_derive(device, err, errlen);
	if (code < 0)
		device_close(device);
	return code;
}

/* Removes ephemeral devices whose daemon is gone: whose lock is free. A device gets its telling
 * name only when it is locked, so none is met half made. */
static void ephemeral_sweep(const char *runtime)
{
	DIR *dir = opendir(runtime);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		char path[PATH_MAX];
		int lock;

		if (strncmp(entry->d_name, EPHEMERAL_PREFIX, strlen(EPHEMERAL_PREFIX)) ||
		    path_join(path, sizeof(path), runtime, entry->d_name) < 0)
			continue;
		lock = lock_take(path);
		if (lock < 0)
			continue;
		(void)tree_remove(path);
		close(lock);
	}
	closedir(dir);
}

int device_open_ephemeral(struct device *device, const char *name, const char *path, char *err,
			  size_t errlen)
{
	char runtime[PATH_MAX], hidden[PATH_MAX];
	int code;

	device->ephemeral = true;
	code = device_name(device, name);
	(void)snprintf(runtime, sizeof(runtime), "%.*s", (int)(strrchr(path, '/') - path), path);
	ephemeral_sweep(runtime);
	if (!code)
		code = path_join(hidden, sizeof(hidden), runtime, "new-" EPHEMERAL_PREFIX "XXXXXX");
	if (!code && !mkdtemp(hidden))
		code = -errno;
	if (code < 0)
		return complain(code, err, errlen, runtime, NULL);
	code = lock_take(hidden);
	if (code >= 0) {
		device->lock_fd = code;
		lock_note(device->lock_fd, getpid());
		code = snprintf(device->path, sizeof(device->path), "%s", path) <
				       (int)sizeof(device->path)
			       ? 0
			       : -ENAMETOOLONG;
	}
	if (!code && rename(hidden, device->path) < 0)
		code = -errno;
	if (code < 0) {
		(void)tree_remove(hidden);
		device->path[0] = '\0';
		device_close(device);
		return complain(code, err, errlen, runtime, NULL);
	}
	code = directory_fill(device->path, &device->fresh, err, errlen);
	if (!code)
		code = identity_derive(device, err, errlen);
	if (code < 0)
		device_close(device);
	return code;
}

int device_rekey(struct device *device, const void *key, char *err, size_t errlen)
{
	char path[PATH_MAX];
	int code = path_join(path, sizeof(path), device->path, "huk");

	if (!code)
		code = huk_write(device->path, path, key);
	return code < 0 ? complain(code, err, errlen, device->path, NULL)
			: identity_derive(device, err, errlen);
}

void device_close(struct device *device)
{
	if (device->lock_fd < 0)
		return;
	if (device->ephemeral && device->path[0])
		(void)tree_remove(device->path);
	close(device->lock_fd);
	device->lock_fd = -1;
}
