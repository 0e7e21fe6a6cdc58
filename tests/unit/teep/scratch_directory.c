#include "scratch_directory.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int entry_remove(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	(void)st;
	(void)kind;
	(void)place;
	/* Another test may sweep at the same time. */
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

bool scratch_directory_remove(const char *path)
{
	return nftw(path, entry_remove, 16, FTW_DEPTH | FTW_PHYS) == 0;
}

/* NAME-PID-XXXXXX of a process that is gone. */
static bool left_behind(const char *entry, const char *name)
{
	const size_t size = strlen(name);
	char *end;
	long pid;

	if (strncmp(entry, name, size) != 0 || entry[size] != '-')
		return false;
	pid = strtol(entry + size + 1, &end, 10);
	return pid > 0 && *end == '-' && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

static void sweep(const char *where, const char *name)
{
	DIR *directory = opendir(where);
	const struct dirent *entry;
	char path[512];

	while (directory && (entry = readdir(directory)))
		if (left_behind(entry->d_name, name)) {
			(void)snprintf(path, sizeof(path), "%s/%s", where, entry->d_name);
			(void)scratch_directory_remove(path);
		}
	if (directory)
		(void)closedir(directory);
}

bool scratch_directory_make(const char *name, char *out, size_t size)
{
	const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	sweep(where, name);
	return snprintf(out, size, "%s/%s-%d-XXXXXX", where, name, (int)getpid()) < (int)size &&
	       mkdtemp(out);
}
