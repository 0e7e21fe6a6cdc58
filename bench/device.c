#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "placement.h"
#include "process.h"
#include "wire/launch.h"
#include "wire/wait.h"

#define SETTLE_STEP_NS 2000000
#define SETTLE_STEPS   500U
/* Many ticks of the clock that processor time is counted in. */
#define BUSY_NS 200000000U

void device_use(const struct device *device)
{
	setenv("TEESIM_SOCKET", device->socket, 1);
}

__attribute__((noreturn)) static void teesimd_exec(const char *program, const char *name,
						   const char *socket, int ready, int cpu)
{
	static const char ready_fd[] = { '0' + LAUNCH_READY_FD, '\0' };
	const char *argv[] = { program, "--device",   name,	"--socket",
			       socket,	"--ready-fd", ready_fd, NULL };

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (cpu >= 0)
		(void)placement_pin(cpu);
	/* A group of its own: Ctrl-C reaches who runs the measurements, and that ends it. */
	(void)setpgid(0, 0);
	if (launch_child_prepare(ready, false) == 0)
		(void)execv(program, (char *const *)argv);
	_exit(127);
}

int device_start(struct device *device, const char *scratch, const char *name, int cpu, char *why,
		 size_t size)
{
	char program[PATH_MAX];
	int ready[2];
	int err = launch_daemon_path(program, sizeof(program), why, size);

	memset(device, 0, sizeof(*device));
	if (err < 0)
		return err;
	snprintf(device->socket, sizeof(device->socket), "%s/%s.sock", scratch, name);
	if (pipe2(ready, O_CLOEXEC) < 0) {
		err = -errno;
		snprintf(why, size, "no pipe: %s", strerror(-err));
		return err;
	}
	device->teesimd = fork();
	if (device->teesimd == 0)
		teesimd_exec(program, name, device->socket, ready[1], cpu);
	err = device->teesimd < 0 ? -errno : 0;
	close(ready[1]);
	if (err < 0)
		snprintf(why, size, "no process: %s", strerror(-err));
	else
		err = launch_ready_wait(ready[0], program, 0, why, size);
	close(ready[0]);
	if (err < 0) {
		device_stop(device);
		return err;
	}
	device_use(device);
	return 0;
}

void device_stop(struct device *device)
{
	const struct timespec step = { .tv_nsec = SETTLE_STEP_NS };

	if (device->teesimd <= 0)
		return;
	kill(device->teesimd, SIGTERM);
	for (unsigned int i = 0; i < SETTLE_STEPS; i++) {
		if (waitpid(device->teesimd, NULL, WNOHANG) != 0)
			goto gone;
		nanosleep(&step, NULL);
	}
	kill(device->teesimd, SIGKILL);
	while (waitpid(device->teesimd, NULL, 0) < 0 && errno == EINTR)
		;
gone:
	device->teesimd = 0;
}

unsigned int device_hosts(const struct device *device, pid_t pids[DEVICE_PROCESSES_MAX])
{
	return process_descendants(device->teesimd, "ta-host", pids, DEVICE_PROCESSES_MAX);
}

pid_t device_busy_host(const struct device *device, int (*call)(void *context), void *context)
{
	pid_t pids[DEVICE_PROCESSES_MAX];
	int64_t before[DEVICE_PROCESSES_MAX];
	unsigned int count = device_hosts(device, pids);
	uint64_t deadline = wait_now_ns() + BUSY_NS;
	int64_t most = 0;
	pid_t busy = -ESRCH;

	for (unsigned int i = 0; i < count; i++)
		before[i] = process_cpu_ticks(pids[i]);
	while (wait_now_ns() < deadline)
		for (unsigned int i = 0; i < 64; i++)
			if (call(context) < 0)
				return -EIO;
	for (unsigned int i = 0; i < count; i++) {
		int64_t ticks = process_cpu_ticks(pids[i]) - before[i];

		if (before[i] >= 0 && ticks > most) {
			most = ticks;
			busy = pids[i];
		}
	}
	return busy;
}

void device_settle(const struct device *device, unsigned int hosts)
{
	const struct timespec step = { .tv_nsec = SETTLE_STEP_NS };
	pid_t pids[DEVICE_PROCESSES_MAX];

	for (unsigned int i = 0; i < SETTLE_STEPS; i++) {
		if (device_hosts(device, pids) <= hosts)
			return;
		nanosleep(&step, NULL);
	}
}
