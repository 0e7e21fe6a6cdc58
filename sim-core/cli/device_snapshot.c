#include "cli/device_snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/device_directory.h"
#include "device/paths.h"
#include "device/tree.h"
#include "storage/storage.h"

/* Of no use to anybody else: locks, the log, and what SQLite makes anew. */
static const char *const left_out[] = {
	"lock", "storage.lock", "storage-shm", "log", "log.1", NULL
};

/* Returns 0 or -errno. */
static int file_copy(const char *from, const char *to, mode_t mode)
{
	const int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	const int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	ssize_t n = 1;
	int err = in < 0 || out < 0 ? -errno : 0;

	while (!err && n > 0) {
		n = copy_file_range(in, NULL, out, NULL, 1 << 30, 0);
		if (n < 0)
			err = -errno;
	}
	if (err == -EXDEV || err == -EINVAL || err == -EOPNOTSUPP) {
		static char block[1 << 16];

		err = lseek(in, 0, SEEK_SET) < 0 || lseek(out, 0, SEEK_SET) < 0 ||
				      ftruncate(out, 0) < 0
			      ? -errno
			      : 0;
		while (!err && (n = read(in, block, sizeof(block))) != 0)
			if (n < 0 || write(out, block, (size_t)n) != n)
				err = n < 0 ? -errno : -EIO;
	}
	if (!err && fsync(out) < 0)
		err = -errno;
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return err;
}

static bool is_left_out(const char *name)
{
	for (size_t i = 0; left_out[i]; i++)
		if (!strcmp(name, left_out[i]))
			return true;
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* Copies what is in `from` into the new directory `to`. Returns 0 or -errno. */
static int tree_copy(const char *from, const char *to, bool top)
{
	DIR *dir = opendir(from);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return -errno;
	if (mkdir(to, 0700) < 0)
		err = -errno;
	while (!err && (entry = readdir(dir))) {
		char source[PATH_MAX], target[PATH_MAX];
		struct stat st;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    (top && is_left_out(entry->d_name)))
			continue;
		if (snprintf(source, sizeof(source), "%s/%s", from, entry->d_name) >= PATH_MAX ||
		    snprintf(target, sizeof(target), "%s/%s", to, entry->d_name) >= PATH_MAX)
			err = -ENAMETOOLONG;
		else if (lstat(source, &st) < 0)
			err = -errno;
		else if (S_ISDIR(st.st_mode))
			err = tree_copy(source, target, false);
		else if (S_ISREG(st.st_mode))
			err = file_copy(source, target, st.st_mode & 0777);
	}
	closedir(dir);
	return err;
}

/* Puts what is complete at `from` in the place of `to`, of which the old or the new is there at any
 * time. `from` is gone then. */
static int tree_exchange(const char *from, const char *to)
{
	int err = 0;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) < 0) {
		/* There was nothing, or the file system can't exchange. */
		if (errno != ENOENT)
			(void)tree_remove(to);
		if (rename(from, to) < 0)
			err = -errno;
	}
	(void)tree_remove(from);
	return err;
}

/* tree_copy() by way of a name that nobody looks at, so that it is there wholly or not at all. */
static int tree_put(const char *from, const char *to)
{
	char temporary[PATH_MAX];
	int err;

	if (snprintf(temporary, sizeof(temporary), "%s.new~", to) >= PATH_MAX)
		return -ENAMETOOLONG;
	(void)tree_remove(temporary);
	err = tree_copy(from, temporary, true);
	if (!err)
		return tree_exchange(temporary, to);
	(void)tree_remove(temporary);
	return err;
}

static int failed(const char *what, int err)
{
	fprintf(stderr, "teesim device: %s: %s\n", what, strerror(-err));
	return EXIT_REFUSED;
}

/* <home>/snapshots/<name> */
static int snapshot_path(const char *name, char path[PATH_MAX])
{
	char home[PATH_MAX];
	int err = paths_device_name_valid(name) ? paths_home(home, sizeof(home)) : -EINVAL;

	if (!err && snprintf(path, PATH_MAX, "%s/snapshots", home) >= PATH_MAX)
		err = -ENAMETOOLONG;
	if (!err)
		err = paths_make_dir(path);
	if (!err && snprintf(path, PATH_MAX, "%s/snapshots/%s", home, name) >= PATH_MAX)
		err = -ENAMETOOLONG;
	return err;
}

int device_snapshot(int argc, char **argv)
{
	char directory[PATH_MAX], snapshot[PATH_MAX];
	const char *name = argc > 2 ? argv[2] : argv[1];
	int status, lock, err;

	if (argc < 2 || argc > 3) {
		fputs("teesim device snapshot: takes a device, and a name for the snapshot\n",
		      stderr);
		return EXIT_USAGE;
	}
	status = device_directory(argv[1], directory, sizeof(directory));
	if (status != EXIT_OK)
		return status;
	err = snapshot_path(name, snapshot);
	if (err < 0)
		return failed(name, err);
	lock = device_lock_stopped(argv[1], directory);
	if (lock < 0)
		return EXIT_REFUSED;
	err = tree_put(directory, snapshot);
	close(lock);
	if (err < 0)
		return failed(snapshot, err);
	printf("device '%s' is kept as snapshot '%s' (%s)\n", argv[1], name, snapshot);
	return EXIT_OK;
}

/* The counter that is there goes on from where it is: what the device had until now does not fit
 * it any more. */
static int storage_anchor(const char *directory)
{
	const struct storage_options options = { .re_anchor = true };
	char path[PATH_MAX], err[PATH_MAX + 300];
	struct storage *storage;
	int code;

	if (snprintf(path, sizeof(path), "%s/storage", directory) >= PATH_MAX ||
	    access(path, F_OK) < 0)
		return 0;
	code = storage_open(&storage, directory, &options, err, sizeof(err));
	if (code < 0)
		fprintf(stderr, "teesim device: %s\n", err);
	else
		storage_close(storage);
	return code;
}

static int device_replace(const char *directory, const char *snapshot)
{
	char next[PATH_MAX], counter[2][PATH_MAX];
	int err;

	if (snprintf(next, sizeof(next), "%s.next~", directory) >= PATH_MAX ||
	    snprintf(counter[0], PATH_MAX, "%s/rpmb", directory) >= PATH_MAX ||
	    snprintf(counter[1], PATH_MAX, "%s/rpmb", next) >= PATH_MAX)
		return -ENAMETOOLONG;
	(void)tree_remove(next);
	err = tree_put(snapshot, next);
	if (!err && access(counter[0], F_OK) == 0) {
		(void)unlink(counter[1]);
		err = file_copy(counter[0], counter[1], 0600);
	}
	if (!err)
		err = storage_anchor(next);
	if (!err)
		return tree_exchange(next, directory);
	(void)tree_remove(next);
	return err;
}

int device_restore(int argc, char **argv)
{
	char directory[PATH_MAX], snapshot[PATH_MAX];
	const char *name = argc > 2 ? argv[2] : argv[1];
	int status, lock, err;

	if (argc < 2 || argc > 3) {
		fputs("teesim device restore: takes a device, and a snapshot's name\n", stderr);
		return EXIT_USAGE;
	}
	status = device_directory(argv[1], directory, sizeof(directory));
	if (status != EXIT_OK)
		return status;
	err = snapshot_path(name, snapshot);
	if (err < 0)
		return failed(name, err);
	if (access(snapshot, F_OK) < 0) {
		fprintf(stderr, "teesim device: there is no snapshot '%s' (%s)\n", name, snapshot);
		return EXIT_REFUSED;
	}
	err = paths_make_dir(directory);
	if (err < 0)
		return failed(directory, err);
	lock = device_lock_stopped(argv[1], directory);
	if (lock < 0)
		return EXIT_REFUSED;
	err = device_replace(directory, snapshot);
	close(lock);
	if (err < 0)
		return failed(directory, err);
	printf("device '%s' has what snapshot '%s' holds\n", argv[1], name);
	return EXIT_OK;
}

int device_clone(int argc, char **argv)
{
	char directory[PATH_MAX], copy[PATH_MAX];
	int status, lock, err;

	if (argc != 3) {
		fputs("teesim device clone: takes a device, and a name for the new one\n", stderr);
		return EXIT_USAGE;
	}
	status = device_directory(argv[1], directory, sizeof(directory));
	if (status == EXIT_OK)
		status = device_directory(argv[2], copy, sizeof(copy));
	if (status != EXIT_OK)
		return status;
	if (access(copy, F_OK) == 0) {
		fprintf(stderr, "teesim device: there is a device '%s' already\n", argv[2]);
		return EXIT_REFUSED;
	}
	lock = device_lock_stopped(argv[1], directory);
	if (lock < 0)
		return EXIT_REFUSED;
	err = tree_put(directory, copy);
	close(lock);
	if (err < 0)
		return failed(copy, err);
	printf("device '%s' has all that '%s' has, its key and identity included\n", argv[2],
	       argv[1]);
	return EXIT_OK;
}
