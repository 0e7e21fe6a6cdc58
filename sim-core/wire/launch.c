#include "wire/launch.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "device/paths.h"

#ifndef TEESIM_INSTALL_LIBEXECDIR
#define TEESIM_INSTALL_LIBEXECDIR "/usr/local/libexec"
#endif

/* Between looks whether a daemon that somebody else started listens yet. */
#define RETRY_FIRST_MS 1U
#define RETRY_LAST_MS  20U
/* Between two attempts to start one: the first may have met a daemon that was just ending. */
#define START_AGAIN_FIRST_MS 100U
#define START_AGAIN_LAST_MS  1600U

/* The longest line that a daemon may say. */
#define READY_LINE_MAX 512U

__attribute__((format(printf, 3, 4))) static void explain(char *err, size_t errlen,
							  const char *text, ...)
{
	va_list args;

	if (!err || !errlen)
		return;
	va_start(args, text);
	(void)vsnprintf(err, errlen, text, args);
	va_end(args);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void sleep_ms(unsigned int ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}

/* One attempt. Returns the connected descriptor; -ENOENT and -ECONNREFUSED say that nobody listens,
 * -EAGAIN that the daemon has more callers than it can take at this moment. */
static int connect_once(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc, flags;

	if (fd < 0)
		return -errno;
	do {
		rc = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	} while (rc < 0 && errno == EINTR);
	if (rc < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

static int address_of(const char *path, struct sockaddr_un *address, char *err, size_t errlen)
{
	size_t length = strlen(path);

	if (length >= sizeof(address->sun_path)) {
		explain(err, errlen,
			"the socket path %s is longer than the system's %zu bytes: use a shorter "
			"one",
			path, sizeof(address->sun_path) - 1);
		return -ENAMETOOLONG;
	}
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, length);
	return 0;
}

/* Connects, and waits in the queue of a busy daemon until `deadline`. */
static int connect_queued(const struct sockaddr_un *address, uint64_t deadline)
{
	unsigned int pause = RETRY_FIRST_MS;

	for (;;) {
		int fd = connect_once(address);

		if (fd != -EAGAIN)
			return fd;
		if (now_ms() >= deadline)
			return -ETIMEDOUT;
		sleep_ms(pause);
		if (pause < RETRY_LAST_MS)
			pause *= 2;
	}
}

static bool nobody_listens(int rc)
{
	return rc == -ENOENT || rc == -ECONNREFUSED;
}

static void explain_connect(const char *path, int rc, char *err, size_t errlen)
{
	if (rc == -EPROTOTYPE)
		explain(err, errlen, "%s is no socket of teesimd (it is of another type)", path);
	else if (rc == -ETIMEDOUT)
		explain(err, errlen,
			"teesimd at %s takes no new connection: it hangs or has too much to do; "
			"see 'teesim log', then 'teesim stop'",
			path);
	else
		explain(err, errlen, "cannot connect to teesimd at %s: %s", path, strerror(-rc));
}

int launch_connect_path(const char *path, unsigned int timeout_ms, char *err, size_t errlen)
{
	struct sockaddr_un address;
	int rc = address_of(path, &address, err, errlen);

	if (rc < 0)
		return rc;
	rc = connect_queued(&address, now_ms() + (timeout_ms ? timeout_ms : LAUNCH_TIMEOUT_MS));
	if (nobody_listens(rc))
		explain(err, errlen, "no teesimd listens at %s", path);
	else if (rc < 0)
		explain_connect(path, rc, err, errlen);
	return rc;
}

/* The file that holds this code: a shared library's path, or empty for the main program. */
struct own_object {
	uintptr_t code;
	char path[PATH_MAX];
	bool found;
};

static int own_object_match(struct dl_phdr_info *info, size_t size, void *context)
{
	struct own_object *own = context;

	(void)size;
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD || own->code < start ||
		    own->code - start >= segment->p_memsz)
			continue;
		own->found = (size_t)snprintf(own->path, sizeof(own->path), "%s", info->dlpi_name) <
			     sizeof(own->path);
		return 1;
	}
	return 0;
}

/* The directory of the file that holds this code, links resolved. */
static int own_directory(char out[PATH_MAX])
{
	struct own_object own = { .code = (uintptr_t)own_directory };
	char *slash;

	dl_iterate_phdr(own_object_match, &own);
	if (!own.found || !realpath(own.path[0] ? own.path : "/proc/self/exe", out))
		return -ENOENT;
	slash = strrchr(out, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	return 0;
}

static bool executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int launch_daemon_path(char *out, size_t size, char *err, size_t errlen)
{
	/* The second is for libraries in a directory per architecture, lib/x86_64-linux-gnu. */
	static const char *const relative[] = { "..", "../.." };
	const char *named = secure_getenv("TEESIM_DAEMON");
	char own[PATH_MAX], path[PATH_MAX + 64], resolved[PATH_MAX];

	if (named && named[0]) {
		if (!executable(named)) {
			explain(err, errlen,
				"TEESIM_DAEMON names %s, which is no program that can be run",
				named);
			return -ENOENT;
		}
		if ((size_t)snprintf(out, size, "%s", named) < size)
			return 0;
		explain(err, errlen, "the path in TEESIM_DAEMON is too long");
		return -ENAMETOOLONG;
	}
	if (own_directory(own) < 0)
		own[0] = '\0';
	for (size_t i = 0; own[0] && i < sizeof(relative) / sizeof(relative[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s/libexec/teesim/teesimd", own, relative[i]);
		if (executable(path) && realpath(path, resolved) &&
		    (size_t)snprintf(out, size, "%s", resolved) < size)
			return 0;
	}
	if (executable(TEESIM_INSTALL_LIBEXECDIR "/teesim/teesimd") &&
	    (size_t)snprintf(out, size, "%s", TEESIM_INSTALL_LIBEXECDIR "/teesim/teesimd") < size)
		return 0;
	explain(err, errlen,
		"teesimd not found: neither %s/../libexec/teesim/teesimd nor "
		"%s/teesim/teesimd is there; build it, or set TEESIM_DAEMON to its path",
		own[0] ? own : ".", TEESIM_INSTALL_LIBEXECDIR);
	return -ENOENT;
}

/* Reads until the writer closes, the line is whole, or `deadline`. Returns the length or -errno. */
static ssize_t ready_read(int ready, char *line, size_t size, uint64_t deadline)
{
	size_t have = 0;

	while (have < size - 1 && !memchr(line, '\n', have)) {
		struct pollfd poller = { .fd = ready, .events = POLLIN };
		uint64_t now = now_ms();
		ssize_t n;
		int rc;

		if (now >= deadline)
			return -ETIMEDOUT;
		rc = poll(&poller, 1, (int)(deadline - now));
		if (rc < 0 && errno != EINTR)
			return -errno;
		if (rc <= 0)
			continue;
		n = read(ready, line + have, size - 1 - have);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n == 0)
			break;
		if (n > 0)
			have += (size_t)n;
	}
	line[have] = '\0';
	return (ssize_t)have;
}

/* What our own child writes in place of the daemon when it cannot execute it. */
#define EXEC_FAILED "exec "

static int ready_parse(const char *line, const char *program, char *err, size_t errlen)
{
	int length = (int)strcspn(line, "\n");

	if (!strcmp(line, "ready\n"))
		return 0;
	if (!strcmp(line, "error: running\n") || !strcmp(line, "error: running"))
		return -EALREADY;
	if (!strncmp(line, EXEC_FAILED, strlen(EXEC_FAILED))) {
		long code = strtol(line + strlen(EXEC_FAILED), NULL, 10);

		if (code <= 0 || code > 4095)
			code = EIO;
		explain(err, errlen, "cannot run %s: %s", program, strerror((int)code));
		return -(int)code;
	}
	if (!strncmp(line, "error: ", 7)) {
		explain(err, errlen, "%.*s", length - 7, line + 7);
		return -EIO;
	}
	if (!line[0])
		explain(err, errlen,
			"%s ended before it was ready: see 'teesim log' and 'teesim doctor'",
			program);
	else
		explain(err, errlen, "%s said \"%.*s\" in place of \"ready\"", program, length,
			line);
	return -EIO;
}

int launch_ready_wait(int ready, const char *program, unsigned int timeout_ms, char *err,
		      size_t errlen)
{
	unsigned int timeout = timeout_ms ? timeout_ms : LAUNCH_TIMEOUT_MS;
	char line[READY_LINE_MAX] = "";
	ssize_t n = ready_read(ready, line, sizeof(line), now_ms() + timeout);

	if (n == -ETIMEDOUT) {
		explain(err, errlen,
			"%s did not get ready within %u ms: see 'teesim log' and 'teesim doctor'",
			program, timeout);
		return -ETIMEDOUT;
	}
	if (n < 0) {
		explain(err, errlen, "cannot hear from %s: %s", program, strerror((int)-n));
		return (int)n;
	}
	return ready_parse(line, program, err, errlen);
}

static void close_from(unsigned int first)
{
	struct rlimit limit;

	if (syscall(SYS_close_range, first, ~0U, 0U) == 0)
		return;
	/* Before Linux 5.9. */
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > 65536)
		limit.rlim_cur = 65536;
	for (unsigned int fd = first; fd < limit.rlim_cur; fd++)
		close((int)fd);
}

static void signals_reset(void)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &by_default, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

int launch_child_prepare(int ready, int log)
{
	const struct {
		int from;
		int to;
	} kept[] = { { ready, LAUNCH_READY_FD }, { log, LAUNCH_LOG_FD } };
	int high[2], null;

	/* Out of the way of the numbers that are about to be given out. */
	for (int i = 0; i < 2; i++) {
		high[i] = kept[i].from < 0 ? -1 : fcntl(kept[i].from, F_DUPFD_CLOEXEC, 10);
		if (kept[i].from >= 0 && high[i] < 0)
			return -errno;
	}
	null = open("/dev/null", O_RDWR);
	if (null < 0)
		return -errno;
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			return -errno;
	for (int i = 0; i < 2; i++)
		if (high[i] >= 0 && dup2(high[i], kept[i].to) < 0)
			return -errno;
	close_from(log < 0 ? LAUNCH_LOG_FD : LAUNCH_LOG_FD + 1);
	signals_reset();
	return 0;
}

/* fork() for a library: the child sends no SIGCHLD when it ends and is none that the application's
 * own wait() could meet, and no fork handler of the application runs. What the child may call is
 * as after fork() in a threaded process. */
static pid_t fork_unseen(void)
{
	return (pid_t)syscall(SYS_clone, 0UL, 0UL, 0UL, 0UL, 0UL);
}

static void exec_failed(int ready, int code)
{
	char text[sizeof(EXEC_FAILED) + 8] = EXEC_FAILED;
	size_t length = strlen(text);

	for (int scale = 1000; scale; scale /= 10)
		text[length++] = (char)('0' + code / scale % 10);
	text[length++] = '\n';
	(void)!write(ready, text, length);
}

__attribute__((noreturn)) static void child_run(const char *program, char *const argv[], int ready,
						bool leave_directory)
{
	pid_t pid;
	int rc;

	(void)setsid();
	/* The second fork: the daemon is init's child, and can get no terminal. */
	pid = fork_unseen();
	if (pid != 0) {
		if (pid < 0)
			exec_failed(ready, errno);
		_exit(0);
	}
	rc = launch_child_prepare(ready, -1);
	if (rc < 0) {
		exec_failed(ready, -rc);
		_exit(127);
	}
	if (leave_directory)
		(void)!chdir("/");
	umask(077);
	(void)execv(program, argv);
	exec_failed(LAUNCH_READY_FD, errno);
	_exit(127);
}

static int child_start(const char *program, char *const argv[], int ready)
{
	/* A daemon should not keep the user's directory busy, but the home may be named by a path
	 * that starts there. */
	const char *home = secure_getenv("TEESIM_HOME");
	bool leave_directory = !home || !home[0] || home[0] == '/';
	sigset_t all, before;
	pid_t pid;
	int rc;

	leave_directory = leave_directory && program[0] == '/';
	/* No handler of the application may run in the child. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork_unseen();
	if (pid == 0)
		child_run(program, argv, ready, leave_directory);
	rc = pid < 0 ? -errno : 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc < 0)
		return rc;
	while (waitpid(pid, NULL, __WCLONE) < 0)
		if (errno != EINTR)
			break;
	return 0;
}

int launch_daemon(const char *program, char *const argv[], unsigned int timeout_ms, char *err,
		  size_t errlen)
{
	int ready[2];
	int rc;

	if (pipe2(ready, O_CLOEXEC) < 0) {
		rc = -errno;
		explain(err, errlen, "cannot start %s: %s", program, strerror(-rc));
		return rc;
	}
	rc = child_start(program, argv, ready[1]);
	close(ready[1]);
	if (rc < 0)
		explain(err, errlen, "cannot start %s: %s", program, strerror(-rc));
	else
		rc = launch_ready_wait(ready[0], program, timeout_ms, err, errlen);
	close(ready[0]);
	return rc;
}

static int daemon_start(const char *device, const char *path, unsigned int timeout_ms, char *err,
			size_t errlen)
{
	static const char ready_fd[] = { '0' + LAUNCH_READY_FD, '\0' };
	char program[PATH_MAX];
	const char *argv[] = { program,	     "--device", device,	"--socket", path,
			       "--ready-fd", ready_fd,	 "--on-demand", NULL };
	int rc = launch_daemon_path(program, sizeof(program), err, errlen);

	return rc < 0 ? rc : launch_daemon(program, (char *const *)argv, timeout_ms, err, errlen);
}

/* Connects to the device's own socket; starts the daemon whenever nobody listens there. */
static int connect_or_start(const char *device, const char *path, uint64_t deadline, char *err,
			    size_t errlen)
{
	unsigned int pause = RETRY_FIRST_MS, start_pause = START_AGAIN_FIRST_MS;
	/* The daemon that we started found another one that has the device. */
	bool runs_already = false;
	uint64_t next_start = 0;
	struct sockaddr_un address;
	int rc = address_of(path, &address, err, errlen);

	if (rc < 0)
		return rc;
	for (;;) {
		uint64_t now;

		rc = connect_queued(&address, deadline);
		if (!nobody_listens(rc)) {
			if (rc < 0)
				explain_connect(path, rc, err, errlen);
			return rc;
		}
		now = now_ms();
		if (now < deadline && now >= next_start) {
			rc = daemon_start(device, path, (unsigned int)(deadline - now), err,
					  errlen);
			/* One that got only what was left of the time is not to blame. */
			if (rc == -ETIMEDOUT && runs_already)
				now = deadline;
			else if (rc < 0 && rc != -EALREADY)
				return rc;
			if (rc == -EALREADY)
				runs_already = true;
			next_start = now_ms() + start_pause;
			if (start_pause < START_AGAIN_LAST_MS)
				start_pause *= 2;
			if (rc == 0)
				continue;
		}
		if (now >= deadline) {
			explain(err, errlen,
				"teesimd for device '%s' runs already but does not listen at %s: "
				"end it with 'teesim stop --device %s'",
				device, path, device);
			return -ETIMEDOUT;
		}
		sleep_ms(pause);
		if (pause < RETRY_LAST_MS)
			pause *= 2;
	}
}

static int connect_device(const char *device, const struct launch_options *options, char *err,
			  size_t errlen)
{
	unsigned int timeout = options->timeout_ms ? options->timeout_ms : LAUNCH_TIMEOUT_MS;
	const char *no_start = secure_getenv("TEESIM_NO_START");
	char path[PATH_MAX];
	int rc = paths_socket(device, path, sizeof(path), err, errlen);

	if (rc < 0)
		return rc;
	if (!options->no_start && !(no_start && !strcmp(no_start, "1")))
		return connect_or_start(device, path, now_ms() + timeout, err, errlen);
	rc = launch_connect_path(path, timeout, err, errlen);
	if (nobody_listens(rc))
		explain(err, errlen,
			"no teesimd runs for device '%s'%s: start it with 'teesim start --device "
			"%s'",
			device,
			options->no_start ? "" : " and TEESIM_NO_START=1 forbids to start it",
			device);
	return rc;
}

static int connect_chosen(const struct launch_options *options, char *err, size_t errlen)
{
	const char *socket_path = secure_getenv("TEESIM_SOCKET");
	int rc;

	if (options->device)
		return connect_device(options->device, options, err, errlen);
	if (!socket_path || !socket_path[0])
		return connect_device(paths_default_device(), options, err, errlen);
	rc = launch_connect_path(socket_path, options->timeout_ms, err, errlen);
	if (nobody_listens(rc))
		explain(err, errlen,
			"no teesimd listens at %s, where TEESIM_SOCKET points: unset it, or start "
			"one there",
			socket_path);
	return rc;
}

int launch_connect(const struct launch_options *options, char *err, size_t errlen)
{
	static const struct launch_options nothing_special;
	int cancel_state, rc;

	/* A thread that ends half-way would leave descriptors behind. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	rc = connect_chosen(options ? options : &nothing_special, err, errlen);
	pthread_setcancelstate(cancel_state, NULL);
	return rc;
}
