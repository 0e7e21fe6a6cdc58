/* `teesim device`: the devices that this user has. */
#include "cli/commands.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/admin.h"
#include "device/paths.h"

static const char help[] =
	"usage: teesim device list\n"
	"       teesim device path [NAME]\n"
	"       teesim device remove NAME\n"
	"\n"
	"A device is made when it is first used. It keeps its hardware key, its trusted storage "
	"and\n"
	"its installed trusted applications in a directory of its own.\n"
	"\n"
	"  list     name each device, whether it runs, and its directory\n"
	"  path     print a device's directory (default: $TEESIM_DEVICE, else \"default\")\n"
	"  remove   erase a device that is not running, with all that it keeps\n";

static bool is_running(const char *name)
{
	char err[256];
	int sock = admin_connect(name, err, sizeof(err));

	if (sock < 0)
		return false;
	close(sock);
	return true;
}

static int device_entry(const struct dirent *entry)
{
	return paths_device_name_valid(entry->d_name);
}

static int list(int argc, char **argv)
{
	char home[PATH_MAX], directory[PATH_MAX + 16], path[PATH_MAX];
	struct dirent **entries;
	int count, rc;

	(void)argv;
	if (argc > 1) {
		fputs("teesim device list: takes no arguments\n", stderr);
		return EXIT_USAGE;
	}
	rc = paths_home(home, sizeof(home));
	if (rc < 0) {
		fputs("teesim device: no home directory: set TEESIM_HOME or HOME\n", stderr);
		return EXIT_REFUSED;
	}
	snprintf(directory, sizeof(directory), "%s/devices", home);
	count = scandir(directory, &entries, device_entry, alphasort);
	if (count < 0 && errno != ENOENT) {
		fprintf(stderr, "teesim device: cannot read %s: %s\n", directory, strerror(errno));
		return EXIT_REFUSED;
	}
	if (count <= 0)
		printf("no devices in %s yet; the first client makes one\n", home);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (paths_device(name, path, sizeof(path)) == 0)
			printf("%-20s  %-8s  %s\n", name, is_running(name) ? "running" : "stopped",
			       path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return EXIT_OK;
}

static int device_directory(const char *name, char *path, size_t size)
{
	int rc = paths_device(name, path, size);

	if (rc == 0)
		return EXIT_OK;
	if (rc == -EINVAL)
		fprintf(stderr,
			"teesim device: \"%s\" is no device name: use 1 to %d letters, digits, "
			"'.', "
			"'_' or '-'\n",
			name, PATHS_DEVICE_NAME_MAX);
	else
		fprintf(stderr, "teesim device: %s\n", strerror(-rc));
	return rc == -EINVAL ? EXIT_USAGE : EXIT_REFUSED;
}

static int path(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : paths_default_device();
	char directory[PATH_MAX];
	int status;

	if (argc > 2) {
		fputs("teesim device path: takes one name\n", stderr);
		return EXIT_USAGE;
	}
	status = device_directory(name, directory, sizeof(directory));
	if (status == EXIT_OK)
		puts(directory);
	return status;
}

static int remove_entry(const char *name, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	return remove(name);
}

/* Takes the lock that the device's daemon holds while it runs. Returns the descriptor or -errno. */
static int device_lock(const char *directory)
{
	char lock[PATH_MAX + 8];
	int fd;

	snprintf(lock, sizeof(lock), "%s/lock", directory);
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int err = errno;

		close(fd);
		return -err;
	}
	return fd;
}

static int erase(int argc, char **argv)
{
	char directory[PATH_MAX];
	struct stat st;
	int status, lock;

	if (argc != 2) {
		fputs("teesim device remove: takes one name\n", stderr);
		return EXIT_USAGE;
	}
	status = device_directory(argv[1], directory, sizeof(directory));
	if (status != EXIT_OK)
		return status;
	if (lstat(directory, &st) < 0 || !S_ISDIR(st.st_mode)) {
		fprintf(stderr,
			"teesim device: there is no device '%s'; 'teesim device list' names those "
			"that exist\n",
			argv[1]);
		return EXIT_REFUSED;
	}
	lock = device_lock(directory);
	if (lock == -EWOULDBLOCK) {
		fprintf(stderr, "teesim device: '%s' is running; first 'teesim stop --device %s'\n",
			argv[1], argv[1]);
		return EXIT_REFUSED;
	}
	if (lock < 0) {
		fprintf(stderr, "teesim device: cannot lock %s: %s\n", directory, strerror(-lock));
		return EXIT_REFUSED;
	}
	if (nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT)) {
		fprintf(stderr, "teesim device: cannot remove all of %s: %s\n", directory,
			strerror(errno));
		status = EXIT_REFUSED;
	} else {
		printf("device '%s' is removed\n", argv[1]);
	}
	close(lock);
	return status;
}

int cmd_device(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} parts[] = { { "list", list }, { "path", path }, { "remove", erase } };

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(help, stdout);
		return EXIT_OK;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(argv[1], parts[i].name) != 0)
			continue;
		if (argc > 2 && (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h"))) {
			fputs(help, stdout);
			return EXIT_OK;
		}
		return parts[i].run(argc - 1, argv + 1);
	}
	fputs(help, stderr);
	return EXIT_USAGE;
}
