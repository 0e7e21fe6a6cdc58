#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "device/paths.h"
#include "fake_daemon.h"
#include "wire/launch.h"

static char place[64];
static char err[512];

static void in_own_place(void)
{
	char path[PATH_MAX];

	strcpy(place, "/tmp/teesim-launch.XXXXXX");
	cr_assert(mkdtemp(place));
	snprintf(path, sizeof(path), "%s/run", place);
	cr_assert_eq(mkdir(path, 0700), 0);
	setenv("XDG_RUNTIME_DIR", path, 1);
	snprintf(path, sizeof(path), "%s/home", place);
	setenv("TEESIM_HOME", path, 1);
	setenv("TEESIM_DAEMON", FAKE_DAEMON, 1);
	unsetenv("TEESIM_SOCKET");
	unsetenv("TEESIM_DEVICE");
	unsetenv("TEESIM_NO_START");
	err[0] = '\0';
}

static void clear_place(void)
{
	char command[128];

	signal(SIGCHLD, SIG_DFL);
	snprintf(command, sizeof(command), "rm -rf %s", place);
	cr_expect_eq(system(command), 0);
}

TestSuite(launch, .init = in_own_place, .fini = clear_place, .timeout = 500);

/* The daemon's behaviour is in the name of its home. */
static void choose_daemon(const char *behaviour)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", place, behaviour);
	setenv("TEESIM_HOME", path, 1);
}

static struct fake_daemon_report report_of(int fd)
{
	struct fake_daemon_report report;

	cr_assert_eq(recv(fd, &report, sizeof(report), 0), (ssize_t)sizeof(report));
	return report;
}

static void stop_daemon(int fd)
{
	char nothing;

	cr_assert_eq(send(fd, "stop", 4, MSG_NOSIGNAL), 4);
	/* Its end closes the connection. */
	cr_expect_eq(recv(fd, &nothing, 1, 0), 0);
	close(fd);
}

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

Test(launch, starts_a_daemon_where_none_runs_and_reaches_the_same_one_again)
{
	struct fake_daemon_report first, second;
	int fd = launch_connect(NULL, err, sizeof(err));

	cr_assert_geq(fd, 0, "%s", err);
	first = report_of(fd);
	cr_expect_str_eq(first.device, "default");
	cr_expect(first.on_demand);
	close(fd);

	fd = launch_connect(NULL, err, sizeof(err));
	cr_assert_geq(fd, 0, "%s", err);
	second = report_of(fd);
	cr_expect_eq(first.pid, second.pid);
	stop_daemon(fd);
}

Test(launch, connection_is_blocking_and_closed_on_exec)
{
	int fd = launch_connect(NULL, err, sizeof(err));
	int type = 0;
	socklen_t size = sizeof(type);

	cr_assert_geq(fd, 0, "%s", err);
	cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	cr_expect(!(fcntl(fd, F_GETFL) & O_NONBLOCK));
	cr_expect_eq(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size), 0);
	cr_expect_eq(type, SOCK_SEQPACKET);
	(void)report_of(fd);
	stop_daemon(fd);
}

static volatile sig_atomic_t child_signals;

static void count_child_signal(int number)
{
	(void)number;
	child_signals = child_signals + 1;
}

Test(launch, daemon_is_nobodys_child_and_inherits_nothing)
{
	struct sigaction action = { .sa_handler = count_child_signal };
	struct fake_daemon_report report;
	sigset_t some, after;
	char *directory;
	int fd, leak;

	cr_assert_eq(sigaction(SIGCHLD, &action, NULL), 0);
	action.sa_handler = SIG_IGN;
	cr_assert_eq(sigaction(SIGPIPE, &action, NULL), 0);
	sigemptyset(&some);
	sigaddset(&some, SIGUSR1);
	cr_assert_eq(sigprocmask(SIG_BLOCK, &some, NULL), 0);
	leak = fcntl(open("/dev/zero", O_RDONLY), F_DUPFD, 100);
	cr_assert_geq(leak, 100);

	fd = launch_connect(NULL, err, sizeof(err));
	cr_assert_geq(fd, 0, "%s", err);
	report = report_of(fd);

	cr_expect_neq(report.parent, getpid());
	cr_expect_neq(report.session, getsid(0));
	cr_expect_eq(report.descriptors, 4, "0, 1, 2 and the pipe, but it has %d",
		     report.descriptors);
	cr_expect(report.null_streams);
	cr_expect_eq(report.signals, 0, "%d signals are not as by default", report.signals);
	cr_expect_str_eq(report.directory, "/");

	cr_expect_eq(child_signals, 0);
	cr_expect_eq(waitpid(-1, NULL, __WALL | WNOHANG), -1);
	cr_expect_eq(errno, ECHILD, "a child was left");
	sigprocmask(SIG_SETMASK, NULL, &after);
	cr_expect_eq(sigismember(&after, SIGUSR1), 1);
	cr_expect_eq(sigismember(&after, SIGTERM), 0);
	directory = getcwd(NULL, 0);
	cr_expect_str_neq(directory, "/");
	free(directory);
	stop_daemon(fd);
	close(leak);
}

Test(launch, works_in_a_process_that_ignores_its_children)
{
	int fd;

	signal(SIGCHLD, SIG_IGN);
	fd = launch_connect(NULL, err, sizeof(err));
	cr_assert_geq(fd, 0, "%s", err);
	(void)report_of(fd);
	stop_daemon(fd);
}

Test(launch, works_with_the_standard_streams_closed)
{
	struct fake_daemon_report report;
	int kept[3], fd;

	for (int i = 0; i < 3; i++) {
		kept[i] = fcntl(i, F_DUPFD_CLOEXEC, 50);
		close(i);
	}
	fd = launch_connect(NULL, err, sizeof(err));
	if (fd >= 0) {
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 60);
		report = report_of(fd);
	}
	for (int i = 0; i < 3; i++)
		dup2(kept[i], i);
	cr_assert_geq(fd, 0, "%s", err);
	cr_expect(report.null_streams);
	cr_expect_eq(report.descriptors, 4);
	stop_daemon(fd);
}

Test(launch, stays_where_a_relative_home_starts)
{
	struct fake_daemon_report report;
	char real[PATH_MAX];
	int fd;

	cr_assert_eq(chdir(place), 0);
	cr_assert(realpath(place, real));
	setenv("TEESIM_HOME", "./home", 1);
	fd = launch_connect(NULL, err, sizeof(err));
	cr_assert_geq(fd, 0, "%s", err);
	report = report_of(fd);
	cr_expect_str_eq(report.directory, real);
	stop_daemon(fd);
	cr_assert_eq(chdir("/"), 0);
}

Test(launch, devices_have_daemons_of_their_own)
{
	const struct launch_options other = { .device = "other" };
	struct fake_daemon_report first, second;
	int one, two;

	setenv("TEESIM_DEVICE", "one", 1);
	one = launch_connect(NULL, err, sizeof(err));
	cr_assert_geq(one, 0, "%s", err);
	two = launch_connect(&other, err, sizeof(err));
	cr_assert_geq(two, 0, "%s", err);
	first = report_of(one);
	second = report_of(two);
	cr_expect_neq(first.pid, second.pid);
	cr_expect_str_eq(first.device, "one");
	cr_expect_str_eq(second.device, "other");
	stop_daemon(one);
	stop_daemon(two);
}

#define CROWD 24

static pthread_barrier_t crowd_barrier;

/* Brings back the number of the daemon's process, or -errno. */
static void *crowd_connect(void *result)
{
	const struct launch_options patient = { .timeout_ms = 60000 };
	pid_t *daemon = result;
	int fd;

	pthread_barrier_wait(&crowd_barrier);
	fd = launch_connect(&patient, NULL, 0);
	*daemon = fd < 0 ? fd : report_of(fd).pid;
	if (fd >= 0)
		close(fd);
	return NULL;
}

Test(launch, many_at_once_start_one_daemon)
{
	pthread_t thread[CROWD];
	pid_t daemon[CROWD];
	int fd;

	choose_daemon("slow");
	pthread_barrier_init(&crowd_barrier, NULL, CROWD);
	for (int i = 0; i < CROWD; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, crowd_connect, &daemon[i]), 0);
	for (int i = 0; i < CROWD; i++)
		pthread_join(thread[i], NULL);
	fd = launch_connect(NULL, err, sizeof(err));
	cr_assert_geq(fd, 0, "%s", err);
	(void)report_of(fd);
	stop_daemon(fd);
	for (int i = 0; i < CROWD; i++) {
		cr_expect_gt(daemon[i], 0, "caller %d: %s", i, strerror(-daemon[i]));
		cr_expect_eq(daemon[i], daemon[0], "a second daemon");
	}
}

Test(launch, passes_on_why_the_daemon_refused)
{
	choose_daemon("refuses");
	cr_expect_eq(launch_connect(NULL, err, sizeof(err)), -EIO);
	cr_expect_str_eq(err, "the key of this device is damaged: remove it");
}

Test(launch, daemon_that_dies_is_an_error)
{
	choose_daemon("dies");
	cr_expect_eq(launch_connect(NULL, err, sizeof(err)), -EIO);
	cr_expect(strstr(err, "ended before it was ready"), "%s", err);
}

Test(launch, daemon_that_babbles_is_an_error)
{
	choose_daemon("babbles");
	cr_expect_eq(launch_connect(NULL, err, sizeof(err)), -EIO);
	cr_expect(strstr(err, "hello?"), "%s", err);
}

Test(launch, daemon_that_floods_the_pipe_is_an_error)
{
	choose_daemon("floods");
	cr_expect_eq(launch_connect(NULL, err, sizeof(err)), -EIO);
	cr_expect_lt(strlen(err), sizeof(err));
}

Test(launch, daemon_that_hangs_is_given_up_in_time)
{
	const struct launch_options options = { .timeout_ms = 300 };
	struct timespec since;
	long took;

	choose_daemon("hangs");
	clock_gettime(CLOCK_MONOTONIC, &since);
	cr_expect_eq(launch_connect(&options, err, sizeof(err)), -ETIMEDOUT);
	took = elapsed_ms(&since);
	cr_expect_geq(took, 290, "took %ld ms", took);
	cr_expect(strstr(err, "did not get ready"), "%s", err);
}

Test(launch, daemon_that_runs_but_does_not_listen_is_given_up_in_time)
{
	struct launch_options options = { .timeout_ms = 4000 };
	struct timespec since;
	long took;

	choose_daemon("always-running");
	/* Long enough for the first one to say that it is not alone. */
	for (int i = 0; i < 3 && !strstr(err, "does not listen"); i++, options.timeout_ms *= 2) {
		clock_gettime(CLOCK_MONOTONIC, &since);
		cr_expect_eq(launch_connect(&options, err, sizeof(err)), -ETIMEDOUT);
		took = elapsed_ms(&since);
		cr_expect_geq(took, (long)options.timeout_ms - 10, "took %ld ms", took);
	}
	cr_expect(strstr(err, "does not listen"), "%s", err);
}

Test(launch, missing_program_is_named)
{
	setenv("TEESIM_DAEMON", "/nonexistent/teesimd", 1);
	cr_expect_eq(launch_connect(NULL, err, sizeof(err)), -ENOENT);
	cr_expect(strstr(err, "/nonexistent/teesimd"), "%s", err);
}

Test(launch, program_that_cannot_be_executed_is_named)
{
	char program[128];
	FILE *file;

	snprintf(program, sizeof(program), "%s/teesimd", place);
	file = fopen(program, "w");
	cr_assert(file);
	fputs("no program", file);
	fclose(file);
	cr_assert_eq(chmod(program, 0700), 0);
	setenv("TEESIM_DAEMON", program, 1);
	cr_expect_eq(launch_connect(NULL, err, sizeof(err)), -ENOEXEC);
	cr_expect(strstr(err, program), "%s", err);
}

Test(launch, may_be_forbidden_to_start)
{
	const struct launch_options never = { .no_start = true };

	cr_expect_eq(launch_connect(&never, err, sizeof(err)), -ENOENT);
	cr_expect(strstr(err, "teesim start"), "%s", err);
	setenv("TEESIM_NO_START", "1", 1);
	cr_expect_eq(launch_connect(NULL, err, sizeof(err)), -ENOENT);
	cr_expect(strstr(err, "TEESIM_NO_START"), "%s", err);
}

Test(launch, named_socket_is_the_only_one_tried)
{
	setenv("TEESIM_SOCKET", "/tmp/teesim-no-such-socket", 1);
	cr_expect_eq(launch_connect(NULL, err, sizeof(err)), -ENOENT);
	cr_expect(strstr(err, "TEESIM_SOCKET"), "%s", err);
}

Test(launch, named_device_wins_over_the_named_socket)
{
	const struct launch_options options = { .device = "default" };
	int fd;

	setenv("TEESIM_SOCKET", "/tmp/teesim-no-such-socket", 1);
	fd = launch_connect(&options, err, sizeof(err));
	cr_assert_geq(fd, 0, "%s", err);
	(void)report_of(fd);
	stop_daemon(fd);
}

Test(launch, socket_path_that_is_too_long_is_refused)
{
	char path[200];

	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	setenv("TEESIM_SOCKET", path, 1);
	cr_expect_eq(launch_connect(NULL, err, sizeof(err)), -ENAMETOOLONG);
}

Test(launch, invalid_device_name_is_refused)
{
	const struct launch_options options = { .device = "../etc" };

	cr_expect_eq(launch_connect(&options, err, sizeof(err)), -EINVAL);
	cr_expect(err[0]);
}

static void bind_socket(int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 0), 0);
}

Test(launch, socket_of_another_type_is_named)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char path[PATH_MAX];

	cr_assert_eq(paths_socket("default", path, sizeof(path), NULL, 0), 0);
	bind_socket(fd, path);
	cr_expect_eq(launch_connect(NULL, err, sizeof(err)), -EPROTOTYPE);
	cr_expect(strstr(err, path), "%s", err);
	close(fd);
}

Test(launch, queue_that_stays_full_is_given_up_in_time)
{
	const struct launch_options options = { .timeout_ms = 300 };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char path[PATH_MAX];
	int queued[8], count = 0, rc = 0;

	cr_assert_eq(paths_socket("default", path, sizeof(path), NULL, 0), 0);
	bind_socket(fd, path);
	while (count < 8) {
		rc = launch_connect(&options, err, sizeof(err));
		if (rc < 0)
			break;
		queued[count++] = rc;
	}
	cr_expect_eq(rc, -ETIMEDOUT);
	while (count > 0)
		close(queued[--count]);
	close(fd);
}

Test(launch, socket_of_a_dead_daemon_does_not_stand_in_the_way)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char path[PATH_MAX];

	cr_assert_eq(paths_socket("default", path, sizeof(path), NULL, 0), 0);
	bind_socket(fd, path);
	close(fd);
	fd = launch_connect(NULL, err, sizeof(err));
	cr_assert_geq(fd, 0, "%s", err);
	(void)report_of(fd);
	stop_daemon(fd);
}
