#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/probe.h"
#include "sandbox/spawn.h"

static struct sandbox_cage cage;
static struct sandbox_report report;
static struct sandbox_child child;
static char said[8192];
static int control[2], output[2];

static int descriptors_count(void)
{
	int count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static int spawn(const char *path, const char *what, const struct sandbox_cage *in,
		 char *const *wrapper)
{
	char *const argv[] = { "ta-host", (char *)what, NULL };
	char *const env[] = { "TEESIM_TEST=1", NULL };
	const struct sandbox_spawn_options options = {
		.path = path,
		.argv = argv,
		.env = env,
		.control_fd = control[1],
		.log_fd = output[1],
		.cage = in,
		.wrapper = wrapper,
	};
	int err;

	memset(&report, 0, sizeof(report));
	err = sandbox_spawn(&options, &child, &report);
	close(control[1]);
	close(output[1]);
	return err;
}

/* Waits for the end of the child, reads what it said, returns its status. */
static int finish(void)
{
	size_t at = 0;
	ssize_t got;
	int status;

	while ((got = read(output[0], said + at, sizeof(said) - 1 - at)) > 0)
		at += (size_t)got;
	said[at] = '\0';
	cr_assert_eq(waitpid(child.pid, &status, 0), child.pid);
	close(child.pidfd);
	return status;
}

static bool said_line(const char *line)
{
	char wanted[256];

	snprintf(wanted, sizeof(wanted), "%s\n", line);
	for (const char *at = said; *at; at = strchr(at, '\n') + 1)
		if (!strncmp(at, wanted, strlen(wanted)))
			return true;
	return false;
}

static bool shares_namespace(const char *name)
{
	char path[64], link[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	length = readlink(path, link, sizeof(link) - 1);
	link[length < 0 ? 0 : length] = '\0';
	return said_line(link);
}

static void setup(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
	cr_assert_eq(pipe2(output, O_CLOEXEC), 0);
	cr_assert_eq(sandbox_cage_create(&cage), 0);
}

static void teardown(void)
{
	sandbox_cage_destroy(&cage);
	close(control[0]);
	close(output[0]);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "a process is left behind");
	cr_assert_eq(errno, ECHILD);
}

TestSuite(spawn, .init = setup, .fini = teardown);

Test(spawn, host_gets_what_is_listed_and_nothing_else)
{
	char who[64], octet = 0;
	sigset_t usr1;

	/* Things that must not arrive in the host. */
	setenv("SECRET", "x", 1);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	cr_assert_geq(dup2(0, 40), 0);

	cr_assert_eq(spawn(SPAWN_TARGET, "look", &cage, NULL), 0);
	cr_assert_eq(recv(control[0], &octet, 1, 0), 1);
	cr_assert_eq(octet, 'x');
	int status = finish();
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7, "status %x: %s", status, said);
	cr_assert(said_line("stray-any 0"), "%s", said);
	cr_assert(said_line("mask-has-usr1 0"), "%s", said);
	cr_assert(said_line("pipe-default 1"), "%s", said);
	cr_assert(said_line("leader 1"), "%s", said);
	cr_assert(said_line("env TEESIM_TEST=1"), "%s", said);
	cr_assert_not(said_line("env SECRET=x"), "%s", said);
	snprintf(who, sizeof(who), "uid %u gid %u", getuid(), getgid());
	cr_assert(said_line(who), "%s", said);

	/* The spawner's own state is as before. */
	sigprocmask(SIG_SETMASK, NULL, &usr1);
	cr_assert(sigismember(&usr1, SIGUSR1) && !sigismember(&usr1, SIGUSR2));
	cr_assert_eq(signal(SIGPIPE, SIG_DFL), SIG_IGN);
	cr_assert_eq(prctl(PR_GET_DUMPABLE), 1);
}

Test(spawn, namespaces_are_as_reported)
{
	static const struct {
		enum sandbox_feature feature;
		const char *name;
	} spaces[] = {
		{ SANDBOX_USER_NS, "user" }, { SANDBOX_MOUNT_NS, "mnt" }, { SANDBOX_PID_NS, "pid" },
		{ SANDBOX_NET_NS, "net" },   { SANDBOX_IPC_NS, "ipc" },	  { SANDBOX_UTS_NS, "uts" },
	};

	cr_assert_eq(spawn(SPAWN_TARGET, "look", &cage, NULL), 0);
	finish();
	cr_assert_eq(report.have | report.missing, SANDBOX_SPAWN_FEATURES);
	for (size_t i = 0; i < 6; i++) {
		bool have = sandbox_report_has(&report, SANDBOX_BIT(spaces[i].feature));

		cr_expect_eq(shares_namespace(spaces[i].name), !have, "%s: %s", spaces[i].name,
			     said);
	}
	if (sandbox_report_has(&report, SANDBOX_BIT(SANDBOX_PID_NS)))
		cr_expect(said_line("pid 1"), "%s", said);
	if (sandbox_report_has(&report, SANDBOX_BIT(SANDBOX_MOUNT_NS))) {
		cr_expect(said_line("passwd -1"), "%s", said);
		cr_expect(said_line("writable -1"), "%s", said);
		cr_expect(said_line("root proc"), "%s", said);
		cr_expect_not(said_line("root home"), "%s", said);
		cr_expect_not(said_line("root dev"), "%s", said);
		cr_expect_eq(access("/teesim-test", F_OK), -1);
	}
}

Test(spawn, without_a_cage_missing_namespaces_are_reported)
{
	cr_assert_eq(spawn(SPAWN_TARGET, "look", NULL, NULL), 0);
	finish();
	cr_assert_eq(report.missing, SANDBOX_SPAWN_FEATURES);
	cr_assert_eq(report.err[SANDBOX_NET_NS], ECANCELED);
	cr_assert(shares_namespace("net"), "%s", said);
}

Test(spawn, a_lost_namespace_is_reported)
{
	if (!sandbox_report_has(&cage.report, SANDBOX_SPAWN_FEATURES))
		cr_skip_test("no namespaces here");
	/* Something that is no network namespace in its place. */
	cr_assert_geq(dup2(output[1], cage.fd[CAGE_NET]), 0);
	cr_assert_eq(fcntl(cage.fd[CAGE_NET], F_SETFD, FD_CLOEXEC), 0);
	cr_assert_eq(spawn(SPAWN_TARGET, "look", &cage, NULL), 0);
	close(cage.fd[CAGE_NET]);
	cage.fd[CAGE_NET] = -1;
	finish();
	cr_assert_eq(report.missing, SANDBOX_BIT(SANDBOX_NET_NS));
	cr_assert_eq(report.err[SANDBOX_NET_NS], EINVAL);
	cr_assert(shares_namespace("net"), "%s", said);
}

/* Numbers of the children below, which stand in for machines that allow less. */
enum {
	AS_EXPECTED = 0,
	CANNOT_BE_TRIED = 70,
	NO_CAGE,
	OTHERWISE_REPORTED,
	NOT_SPAWNED,
	ENDED_BADLY,
};

static bool line_write(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);

	if (fd >= 0)
		close(fd);
	return done;
}

/* In a user namespace in which `limit` (a file in /proc/sys/user, may be NULL) is 0, and without
 * capabilities unless `capable`: are the features of `missing` missing, for the reason `why`, the
 * others there, and does a host start nevertheless? */
static int spawn_with_less(const char *limit, bool capable, uint32_t missing, int why)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };
	struct sandbox_cage less;
	unsigned int uid = getuid(), gid = getgid();
	char path[64], map[32];
	int status;

	if (unshare(CLONE_NEWUSER) < 0 || !line_write("/proc/self/setgroups", "deny"))
		return CANNOT_BE_TRIED;
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	if (!line_write("/proc/self/uid_map", map))
		return CANNOT_BE_TRIED;
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	if (!line_write("/proc/self/gid_map", map))
		return CANNOT_BE_TRIED;
	snprintf(path, sizeof(path), "/proc/sys/user/%s", limit);
	if (!line_write(path, "0"))
		return CANNOT_BE_TRIED;
	if (!capable && syscall(SYS_capset, &header, none) < 0)
		return CANNOT_BE_TRIED;

	if (sandbox_cage_create(&less))
		return NO_CAGE;
	if (spawn(SPAWN_TARGET, "end", &less, NULL))
		return NOT_SPAWNED;
	if (waitpid(child.pid, &status, 0) != child.pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 7)
		return ENDED_BADLY;
	if (report.missing != missing || report.have != (SANDBOX_SPAWN_FEATURES & ~missing))
		return OTHERWISE_REPORTED;
	for (unsigned int i = 0; i < SANDBOX_FEATURE_COUNT; i++)
		if (missing & SANDBOX_BIT(i) && report.err[i] != why && report.err[i] != EPERM)
			return OTHERWISE_REPORTED;
	return AS_EXPECTED;
}

static void with_less(const char *limit, bool capable, uint32_t missing, int why)
{
	pid_t pid = fork();
	int status;

	cr_assert_geq(pid, 0);
	if (!pid)
		_exit(spawn_with_less(limit, capable, missing, why));
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status), "status %x", status);
	if (WEXITSTATUS(status) == CANNOT_BE_TRIED)
		cr_skip_test("no user namespaces here");
	cr_assert_eq(WEXITSTATUS(status), AS_EXPECTED, "%d", WEXITSTATUS(status));
}

Test(spawn, a_namespace_that_is_refused_is_missing_alone)
{
	with_less("max_net_namespaces", true, SANDBOX_BIT(SANDBOX_NET_NS), ENOSPC);
}

Test(spawn, without_a_mount_namespace_the_others_are_there)
{
	with_less("max_mnt_namespaces", true, SANDBOX_BIT(SANDBOX_MOUNT_NS), ENOSPC);
}

Test(spawn, without_a_pid_namespace_the_others_are_there)
{
	with_less("max_pid_namespaces", true, SANDBOX_BIT(SANDBOX_PID_NS), ENOSPC);
}

Test(spawn, without_user_namespaces_capabilities_make_the_others)
{
	with_less("max_user_namespaces", true, SANDBOX_BIT(SANDBOX_USER_NS), ENOSPC);
}

Test(spawn, without_user_namespaces_and_capabilities_a_host_starts)
{
	with_less("max_user_namespaces", false, SANDBOX_SPAWN_FEATURES, ENOSPC);
}

Test(spawn, pidfd_tells_the_end)
{
	cr_assert_eq(spawn(SPAWN_TARGET, "wait", &cage, NULL), 0);
	struct pollfd ended = { .fd = child.pidfd, .events = POLLIN };

	cr_assert_geq(child.pidfd, 0);
	cr_assert(fcntl(child.pidfd, F_GETFD) & FD_CLOEXEC);
	cr_assert_eq(poll(&ended, 1, 0), 0);
	cr_assert_eq(kill(child.pid, SIGKILL), 0);
	cr_assert_eq(poll(&ended, 1, 60000), 1);
	cr_assert(WIFSIGNALED(finish()));
}

Test(spawn, host_ends_with_its_spawner)
{
	struct pollfd over = { .fd = output[0], .events = POLLIN };
	pid_t spawner = fork();
	char octet;

	cr_assert_geq(spawner, 0);
	if (!spawner) {
		if (spawn(SPAWN_TARGET, "wait", &cage, NULL))
			_exit(1);
		pause();
	}
	close(control[1]);
	close(output[1]);
	cr_assert_eq(recv(control[0], &octet, 1, 0), 1);
	cr_assert_eq(kill(spawner, SIGKILL), 0);
	cr_assert_eq(waitpid(spawner, NULL, 0), spawner);
	/* Its end of the log pipe was the last. */
	cr_assert_eq(poll(&over, 1, 60000), 1);
	cr_assert_eq(read(output[0], &octet, 1), 0);
}

Test(spawn, wrapper_stands_before_the_program)
{
	char *const wrapper[] = { "env", "WRAPPED=1", NULL };

	setenv("KEPT", "1", 1);
	cr_assert_eq(spawn(SPAWN_TARGET, "look", &cage, wrapper), 0);
	finish();
	cr_assert(said_line("env WRAPPED=1"), "%s", said);
	cr_assert(said_line("env KEPT=1"), "%s", said);
	cr_assert_eq(report.missing, SANDBOX_SPAWN_FEATURES);
	cr_assert(shares_namespace("pid"), "%s", said);
}

Test(spawn, a_missing_program_is_an_error_and_no_process)
{
	int before = descriptors_count() - 2;

	cr_assert_eq(spawn("/nonexistent/ta-host", "look", &cage, NULL), -ENOENT);
	cr_assert_eq(child.pid, -1);
	cr_assert_eq(descriptors_count(), before);
}

Test(spawn, a_program_that_cannot_run_is_an_error_and_no_process)
{
	int before = descriptors_count() - 2;

	cr_assert_eq(spawn("/etc/passwd", "look", &cage, NULL), -EACCES);
	cr_assert_eq(child.pid, -1);
	cr_assert_eq(child.pidfd, -1);
	cr_assert_eq(descriptors_count(), before);
}

Test(spawn, leaves_no_descriptor_behind)
{
	int before = descriptors_count() - 2;

	cr_assert_eq(spawn(SPAWN_TARGET, "look", &cage, NULL), 0);
	finish();
	cr_assert_eq(descriptors_count(), before);
}

Test(probe, reports_every_feature_and_leaves_nothing)
{
	struct sandbox_report found;
	int before = descriptors_count();

	cr_assert_eq(sandbox_probe(&found), 0);
	cr_assert_eq(found.have | found.missing, SANDBOX_ALL_FEATURES);
	cr_assert_eq(found.have & found.missing, 0);
	/* Any Linux that this project supports has these. */
	cr_assert(sandbox_report_has(&found, SANDBOX_BIT(SANDBOX_SECCOMP) |
						     SANDBOX_BIT(SANDBOX_NO_NEW_PRIVS) |
						     SANDBOX_BIT(SANDBOX_RLIMITS)));
	cr_assert_eq(descriptors_count(), before);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
}

Test(report, says_why_a_feature_is_missing)
{
	struct sandbox_report some = { 0 };
	char text[512];

	sandbox_report_set(&some, SANDBOX_NET_NS, -EPERM);
	sandbox_report_set(&some, SANDBOX_SECCOMP, 0);
	sandbox_report_set(&some, SANDBOX_LANDLOCK, ECANCELED);
	cr_assert_eq(sandbox_feature_reason(&some, SANDBOX_SECCOMP, text, sizeof(text)), 0);
	cr_assert_str_eq(text, "");
	sandbox_feature_reason(&some, SANDBOX_NET_NS, text, sizeof(text));
	cr_assert(strstr(text, "net-ns: Operation not permitted; "), "%s", text);
	sandbox_feature_reason(&some, SANDBOX_LANDLOCK, text, sizeof(text));
	cr_assert_str_eq(text, "landlock: turned off for this kind of run");
}

Test(report, merging_keeps_the_later_word)
{
	struct sandbox_report one = { 0 }, two = { 0 };

	sandbox_report_set(&one, SANDBOX_SECCOMP, ENOSYS);
	sandbox_report_set(&one, SANDBOX_RLIMITS, 0);
	sandbox_report_set(&two, SANDBOX_SECCOMP, 0);
	sandbox_report_set(&two, SANDBOX_PID_NS, EPERM);
	sandbox_report_merge(&one, &two);
	cr_assert_eq(one.have, SANDBOX_BIT(SANDBOX_SECCOMP) | SANDBOX_BIT(SANDBOX_RLIMITS));
	cr_assert_eq(one.missing, SANDBOX_BIT(SANDBOX_PID_NS));
	cr_assert_eq(one.err[SANDBOX_SECCOMP], 0);
	cr_assert_eq(one.err[SANDBOX_PID_NS], EPERM);
}

Test(report, every_feature_has_a_name_and_a_purpose)
{
	for (unsigned int i = 0; i < SANDBOX_FEATURE_COUNT; i++) {
		cr_assert(sandbox_feature_name(i) && *sandbox_feature_name(i));
		cr_assert(sandbox_feature_purpose(i) && *sandbox_feature_purpose(i));
	}
}
