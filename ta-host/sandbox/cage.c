#include "sandbox/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/library_dirs.h"
#include "sandbox/under_valgrind.h"

static const struct {
	enum sandbox_feature feature;
	int flag;
	const char *proc_name;
} namespaces[CAGE_NAMESPACES] = {
	[CAGE_USER] = { SANDBOX_USER_NS, CLONE_NEWUSER, "user" },
	[CAGE_MOUNT] = { SANDBOX_MOUNT_NS, CLONE_NEWNS, "mnt" },
	[CAGE_NET] = { SANDBOX_NET_NS, CLONE_NEWNET, "net" },
	[CAGE_IPC] = { SANDBOX_IPC_NS, CLONE_NEWIPC, "ipc" },
	[CAGE_UTS] = { SANDBOX_UTS_NS, CLONE_NEWUTS, "uts" },
};

enum sandbox_feature sandbox_cage_feature(enum cage_namespace which)
{
	return namespaces[which].feature;
}

static int file_write(const char *path, const char *text)
{
	size_t length = strlen(text);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, length) != (ssize_t)length)
		err = -errno;
	close(fd);
	return err;
}

/* Both maps hold one line: the own number, as itself. */
static int identity_map(unsigned int uid, unsigned int gid)
{
	char line[40];
	int err;

	/* The kernel wants this before an ordinary user may map a group. */
	err = file_write("/proc/self/setgroups", "deny");
	if (err && err != -ENOENT)
		return err;
	snprintf(line, sizeof(line), "%u %u 1", uid, uid);
	err = file_write("/proc/self/uid_map", line);
	if (err)
		return err;
	snprintf(line, sizeof(line), "%u %u 1", gid, gid);
	return file_write("/proc/self/gid_map", line);
}

/* Makes the folders above `path`, which is relative. */
static int parents_make(const char *path)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* Shows `path` of the machine at the same place below the working directory. */
static int path_show(const char *path)
{
	const char *place = path + 1;
	char target[PATH_MAX];
	struct stat st;
	ssize_t length;
	int err, fd;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	err = parents_make(place);
	if (err)
		return err;
	if (S_ISLNK(st.st_mode)) {
		length = readlink(path, target, sizeof(target) - 1);
		if (length < 0)
			return -errno;
		target[length] = '\0';
		return symlink(target, place) < 0 ? -errno : 0;
	}
	if (S_ISDIR(st.st_mode)) {
		if (mkdir(place, 0755) < 0)
			return -errno;
	} else {
		fd = open(place, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0)
			return -errno;
		close(fd);
	}
	return mount(path, place, NULL, MS_BIND | MS_REC, NULL) < 0 ? -errno : 0;
}

static int tree_build(void)
{
	/* Any folder serves as the place to build at; it is gone from view in the end. */
	static const char *const places[] = { "/tmp", "/run", "/mnt", "/home" };
	struct mount_attr read_only = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
	};
	int err = -ENOENT;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	for (size_t i = 0; err && i < sizeof(places) / sizeof(places[0]); i++) {
		err = mount("teesim", places[i], "tmpfs", MS_NOSUID | MS_NODEV,
			    "mode=0755,size=64k,nr_inodes=64") < 0
			      ? -errno
			      : 0;
		if (!err && chdir(places[i]) < 0)
			err = -errno;
	}
	for (size_t i = 0; !err && i < LIBRARY_DIRS_COUNT; i++)
		err = path_show(library_dirs[i]);
	if (!err)
		err = path_show(LIBRARY_CACHE);
	/* The dynamic linker opens a received image as /proc/self/fd/N. */
	if (!err)
		err = path_show("/proc");
	if (err)
		return err;
	/* The old root lands on top of the new one and is taken off again. */
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return -errno;
	return mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof(read_only)) < 0
		       ? -errno
		       : 0;
}

/* The helper: makes what it can, tells, and waits until the descriptors have been taken. */
static void helper_run(int sock, bool with_user)
{
	struct sandbox_report report = { 0 };
	unsigned int uid = getuid(), gid = getgid();
	char over;
	int err;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* Without it the files in /proc/self belong to root and no map can be written. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	for (unsigned int i = 0; i < CAGE_NAMESPACES; i++) {
		if (i == CAGE_USER && !with_user) {
			sandbox_report_set(&report, SANDBOX_USER_NS, EPERM);
			continue;
		}
		err = unshare(namespaces[i].flag) < 0 ? -errno : 0;
		if (!err && i == CAGE_USER)
			err = identity_map(uid, gid);
		if (!err && i == CAGE_MOUNT)
			err = tree_build();
		sandbox_report_set(&report, namespaces[i].feature, err);
	}
	/* Each host gets its own; here it is only tried. */
	sandbox_report_set(&report, SANDBOX_PID_NS, unshare(CLONE_NEWPID) < 0 ? errno : 0);
	if (send(sock, &report, sizeof(report), MSG_NOSIGNAL) == sizeof(report))
		while (recv(sock, &over, 1, 0) < 0 && errno == EINTR)
			;
	_exit(0);
}

static int namespaces_take(struct sandbox_cage *cage, pid_t helper)
{
	char path[64];

	for (unsigned int i = 0; i < CAGE_NAMESPACES; i++) {
		if (!sandbox_report_has(&cage->report, SANDBOX_BIT(namespaces[i].feature)))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", helper, namespaces[i].proc_name);
		cage->fd[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (cage->fd[i] < 0)
			sandbox_report_set(&cage->report, namespaces[i].feature, errno);
	}
	return 0;
}

static int cage_try(struct sandbox_cage *cage, bool with_user)
{
	int sock[2], err = 0;
	ssize_t got;
	pid_t helper;

	for (unsigned int i = 0; i < CAGE_NAMESPACES; i++)
		cage->fd[i] = -1;
	memset(&cage->report, 0, sizeof(cage->report));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) < 0)
		return -errno;
	helper = fork();
	if (helper < 0) {
		err = -errno;
		close(sock[0]);
		close(sock[1]);
		return err;
	}
	if (!helper) {
		close(sock[0]);
		helper_run(sock[1], with_user);
	}
	close(sock[1]);
	do {
		got = recv(sock[0], &cage->report, sizeof(cage->report), 0);
	} while (got < 0 && errno == EINTR);
	if (got == sizeof(cage->report))
		err = namespaces_take(cage, helper);
	else
		err = got < 0 ? -errno : -ECHILD;
	close(sock[0]);
	while (waitpid(helper, NULL, 0) < 0 && errno == EINTR)
		;
	return err;
}

int sandbox_cage_create(struct sandbox_cage *cage)
{
	struct sandbox_report with_user;
	int err;

	if (under_valgrind()) {
		for (unsigned int i = 0; i < CAGE_NAMESPACES; i++)
			cage->fd[i] = -1;
		memset(&cage->report, 0, sizeof(cage->report));
		sandbox_report_set_all(&cage->report, SANDBOX_SPAWN_FEATURES, ECANCELED);
		return 0;
	}
	err = cage_try(cage, true);
	if (err)
		goto failed;
	if (cage->fd[CAGE_USER] >= 0)
		return 0;
	/* Root without user namespaces can still make the others; but in a user namespace that
	 * was made and could not be filled, or was lost, the others are of no use. */
	with_user = cage->report;
	sandbox_cage_destroy(cage);
	err = cage_try(cage, false);
	if (err)
		goto failed;
	sandbox_report_set(&cage->report, SANDBOX_USER_NS, with_user.err[SANDBOX_USER_NS]);
	return 0;
failed:
	sandbox_cage_destroy(cage);
	sandbox_report_set_all(&cage->report, SANDBOX_SPAWN_FEATURES, err);
	return err;
}

void sandbox_cage_destroy(struct sandbox_cage *cage)
{
	for (unsigned int i = 0; i < CAGE_NAMESPACES; i++) {
		if (cage->fd[i] >= 0)
			close(cage->fd[i]);
		cage->fd[i] = -1;
	}
}
