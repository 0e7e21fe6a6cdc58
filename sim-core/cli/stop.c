/* `teesim stop`: the end of a device's daemon, orderly or by force. */
#include "cli/commands.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cli/admin.h"
#include "cli/device_option.h"
#include "device/lock.h"
#include "device/paths.h"
#include "wire/launch.h"
#include "wire/socket.h"

/* teesimd gives its TAs two seconds, those that it has killed ten, and reports of crashes twenty.
 */
#define STOP_TIMEOUT_MS 45000
/* The lock is let go of when the last child is gone, a moment later. */
#define LOCK_ATTEMPTS 50
#define LOCK_STEP_NS  20000000

static const char help[] =
	"usage: teesim stop [--device NAME] [--force]\n"
	"\n"
	"Ends the simulated device: sessions are closed, trusted applications ended; what the "
	"device\n"
	"keeps stays. Returns when all of it is gone. It is no error when nothing runs.\n"
	"\n"
	"  -d, --device NAME   the device (default: the one at $TEESIM_SOCKET, else "
	"$TEESIM_DEVICE,\n"
	"                      else \"default\")\n"
	"      --force         kill it, and all that it has started, without asking: for one that\n"
	"                      does not end. Nothing that was stored is lost.\n";

static void waits_print(const struct admin_instance *instance)
{
	static const struct uuid none;
	const char *slash = strrchr(instance->path, '/');
	char ta[UUID_TEXT_SIZE];

	if (uuid_equal(&instance->ta, &none))
		fprintf(stderr, "teesim stop: waits for %s (process %d)\n",
			slash ? slash + 1 : instance->path, (int)instance->pid);
	else
		fprintf(stderr, "teesim stop: waits for TA %s (process %d, %s)\n",
			uuid_format(&instance->ta, ta), (int)instance->pid, instance->path);
}

/* The directory of the device that is meant, where it is meant by name. */
static bool directory_find(const char *device, char path[PATH_MAX])
{
	const char *socket = getenv("TEESIM_SOCKET");

	return (device || !socket || !socket[0]) &&
	       paths_device(device ? device : paths_default_device(), path, PATH_MAX) == 0;
}

/* The daemon, as a descriptor of the process, also one that takes no connections. -ESRCH: none. */
static int daemon_find(const char *device, pid_t *pid)
{
	const struct launch_options options = { .device = device,
						.no_start = true,
						.timeout_ms = 1 };
	char directory[PATH_MAX], err[512];
	int process = -ESRCH, sock;

	if (directory_find(device, directory))
		process = lock_owner(directory, pid);
	if (process >= 0)
		return process;
	sock = launch_connect(&options, err, sizeof(err));
	if (sock < 0)
		return -ESRCH;
	*pid = socket_peer(sock);
	close(sock);
	process = *pid > 0 ? (int)syscall(SYS_pidfd_open, *pid, 0) : -1;
	return process < 0 ? -ESRCH : process;
}

/* Until the process has ended. Returns 0 or -ETIMEDOUT. */
static int end_await(int process)
{
	struct pollfd polled = { .fd = process, .events = POLLIN };
	int rc;

	do {
		rc = poll(&polled, 1, STOP_TIMEOUT_MS);
	} while (rc < 0 && errno == EINTR);
	return rc == 1 ? 0 : -ETIMEDOUT;
}

static void next_step(void)
{
	fputs("teesim stop: 'teesim stop --force' kills it; 'teesim log' tells more\n", stderr);
}

static int not_running(const char *device)
{
	printf("device '%s' is not running\n", device_option_text(device));
	return EXIT_OK;
}

static int has_ended(const char *device)
{
	printf("device '%s' has ended\n", device_option_text(device));
	return EXIT_OK;
}

/* It has been told to end, and hears nobody any more. */
static int stop_ending(const char *device)
{
	pid_t pid;
	const int process = daemon_find(device, &pid);
	int rc;

	if (process < 0)
		return not_running(device);
	rc = end_await(process);
	close(process);
	if (rc == 0)
		return has_ended(device);
	fprintf(stderr, "teesim stop: teesimd (process %d) takes no connection and does not end\n",
		(int)pid);
	next_step();
	return EXIT_REFUSED;
}

/* What a killed daemon has left; not where another one runs meanwhile. */
static void sockets_remove(const char *device)
{
	const struct timespec step = { .tv_nsec = LOCK_STEP_NS };
	char directory[PATH_MAX], path[PATH_MAX], otrp[PATH_MAX], err[256];
	int lock = -EBUSY;

	if (!directory_find(device, directory) ||
	    paths_socket(device ? device : paths_default_device(), path, sizeof(path), err,
			 sizeof(err)) < 0)
		return;
	for (int i = 0; i < LOCK_ATTEMPTS && lock == -EBUSY; i++) {
		if (i)
			nanosleep(&step, NULL);
		lock = lock_take(directory);
	}
	if (lock < 0)
		return;
	(void)unlink(path);
	if (paths_otrp_socket(path, otrp, sizeof(otrp)) == 0)
		(void)unlink(otrp);
	close(lock);
}

static int stop_by_force(const char *device)
{
	pid_t pid;
	const int process = daemon_find(device, &pid);
	int rc;

	if (process < 0)
		return not_running(device);
	/* Its children end with it. */
	rc = syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0) < 0 ? -errno : 0;
	if (rc == 0 || rc == -ESRCH)
		rc = end_await(process);
	close(process);
	if (rc) {
		fprintf(stderr, "teesim stop: teesimd (process %d) can't be killed: %s\n", (int)pid,
			strerror(-rc));
		return EXIT_REFUSED;
	}
	sockets_remove(device);
	printf("device '%s' was killed\n", device_option_text(device));
	return EXIT_OK;
}

int cmd_stop(int argc, char **argv)
{
	char err[512] = "";
	const char *device;
	bool force = false;
	int sock, rc = device_option_parse(argc, argv, help, &device, "force", &force);

	if (rc >= 0)
		return rc;
	if (force)
		return stop_by_force(device);
	sock = admin_connect(device, err, sizeof(err));
	if (sock == -ENOENT || sock == -ECONNREFUSED)
		return stop_ending(device);
	rc = sock;
	if (sock >= 0) {
		rc = admin_stop(sock, STOP_TIMEOUT_MS, waits_print, err, sizeof(err));
		close(sock);
	}
	if (rc == 0)
		return has_ended(device);
	fprintf(stderr, "teesim stop: %s\n", err);
	if (rc == -ETIMEDOUT)
		next_step();
	return EXIT_REFUSED;
}
