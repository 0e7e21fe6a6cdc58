/* `teesim device`: the devices that this user has. */
#include "cli/commands.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/admin.h"
#include "cli/device_directory.h"
#include "cli/device_snapshot.h"
#include "device/paths.h"
#include "device/tree.h"

static const char help[] =
	"usage: teesim device list\n"
	"       teesim device path [NAME]\n"
	"       teesim device remove NAME\n"
	"       teesim device snapshot NAME [SNAPSHOT]\n"
	"       teesim device restore NAME [SNAPSHOT]\n"
	"       teesim device clone NAME NEW\n"
	"       teesim device info [NAME]\n"
	"       teesim device verify [NAME]\n"
	"       teesim device accept-rollback [NAME] [--yes]\n"
	"\n"
	"A device is made when it is first used. It keeps its hardware key, its trusted storage "
	"and\n"
	"its installed trusted applications in a directory of its own.\n"
	"\n"
	"  list     name each device, whether it runs, and its directory\n"
	"  path     print a device's directory (default: $TEESIM_DEVICE, else \"default\")\n"
	"  remove   erase a device that is not running, with all that it keeps\n"
	"  snapshot keep a copy of all that a stopped device has (default: under its own name)\n"
	"  restore  put such a copy in the place of what a stopped device has; its trusted "
	"storage\n"
	"           is anchored anew, so this is no rollback to it\n"
	"  clone    make a new device that has the same, its key and identity included\n"
	"  info     the chain of trust of a device that speaks OTrP (`teesim oem make-device`)\n"
	"  verify   whether it boots, with a status of its own for each thing that does not fit\n"
	"  accept-rollback\n"
	"           take what TAMs installed as it is, after a loss of power without --durable "
	"has\n"
	"           left it behind its counter, or ahead of it; without --yes, tells what that "
	"means\n";

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

static int erase(int argc, char **argv)
{
	char directory[PATH_MAX];
	int status, lock, err;

	if (argc != 2) {
		fputs("teesim device remove: takes one name\n", stderr);
		return EXIT_USAGE;
	}
	status = device_directory(argv[1], directory, sizeof(directory));
	if (status != EXIT_OK)
		return status;
	lock = device_lock_stopped(argv[1], directory);
	if (lock < 0)
		return EXIT_REFUSED;
	err = tree_remove(directory);
	if (err < 0) {
		fprintf(stderr, "teesim device: cannot remove all of %s: %s\n", directory,
			strerror(-err));
		status = EXIT_REFUSED;
	} else {
		printf("device '%s' is removed\n", argv[1]);
	}
	close(lock);
	return status;
}

/* The chain of trust is another program's business; it takes the subcommand too. */
static int trust(int argc, char **argv)
{
	return teep_exec("device", argc, argv);
}

int cmd_device(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} parts[] = { { "list", list },
		      { "path", path },
		      { "remove", erase },
		      { "snapshot", device_snapshot },
		      { "restore", device_restore },
		      { "clone", device_clone },
		      { "info", trust },
		      { "verify", trust },
		      { "accept-rollback", trust } };

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
	if (argc > 1)
		fprintf(stderr,
			"teesim: no command \"device %s\"; `teesim device --help` lists them\n",
			argv[1]);
	else
		fputs(help, stderr);
	return EXIT_USAGE;
}
