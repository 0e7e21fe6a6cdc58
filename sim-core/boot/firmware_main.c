/*
 * tee-firmware: a device's trusted firmware. It boots the device, and is the only process that ever
 * has its eFuse key or the firmware's signing key.
 *
 *   tee-firmware start DIRECTORY ARGUMENT…   by teesimd: boots, starts each TEE (tee-otrp), with
 *                                            those arguments, and serves them
 *   tee-firmware again DIRECTORY ARGUMENT… TEE
 *                                            by teesimd: a TEE below the first one has ended;
 *                                            starts it as the boot record has it, and serves it
 *   tee-firmware serve DIRECTORY TEE         by a program that has the TEE in itself: boots, and
 *                                            serves that one
 *
 * Trusts its command line. When it has given out the TEEs' keys it forgets where they came from:
 * it can open nothing any more, and has one key left.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot/firmware.h"
#include "boot/manufacture.h"
#include "sandbox/service.h"
#include "wire/socket.h"
#include "wire/turn.h"
#ifndef TEESIM_SANITIZE
#include "firmware_policy.h"
#endif

#define CONTROL_FD 3
/* Where the first TEE finds those below it. */
#define SUBORDINATE_FD 5

static char err[PATH_MAX + 512];
static struct boot_firmware device;

struct service {
	struct firmware_service of[BOOT_TEES_MAX];
	struct pollfd polled[BOOT_TEES_MAX];
	pid_t pid[BOOT_TEES_MAX];
	unsigned int count;
};

static int memory_confine(void)
{
	const struct rlimit no_core = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &no_core) < 0)
		return -errno;
#ifndef TEESIM_SANITIZE
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
#endif
	return 0;
}

/* Landlock would keep out what can't be opened anyway. */
static int confine(void)
{
	const struct service_confinement confinement = {
		.policy_name = "sim-core/boot/firmware.policy",
#ifndef TEESIM_SANITIZE
		.policy = policy_firmware,
		.policy_length = sizeof(policy_firmware) / sizeof(policy_firmware[0]),
#endif
	};

	return service_confine(&confinement);
}

/* `again`: others of its TEEs run since the last boot, to which nothing may have changed. */
static enum boot_result boot(const char *directory, bool again)
{
	enum boot_result result = boot_firmware_start(directory, !again, &device, err, sizeof(err));

	if (again)
		return result;

	if (result == BOOT_NOT_MANUFACTURED &&
	    manufacture_throwaway(directory, err, sizeof(err)) == 0)
		result = boot_firmware_start(directory, true, &device, err, sizeof(err));
	return result;
}

static bool all_given(const struct service *service)
{
	for (unsigned int i = 0; i < service->count; i++)
		if (service->polled[i].fd >= 0 &&
		    service->of[i].given != (1U << FIRMWARE_KEY_TEE | 1U << FIRMWARE_KEY_STORE))
			return false;
	return true;
}

/* Until all TEEs are gone. One that is has no more to do with the others. */
static int serve(struct service *service)
{
	unsigned int gone = 0;
	bool giving = true;

	/* A TEE that asks for a signature has something else to do meanwhile. */
	turn_wait();
	for (;;) {
		if (poll(service->polled, service->count, -1) < 0 && errno != EINTR)
			return -errno;
		for (unsigned int i = 0; i < service->count; i++)
			if (service->polled[i].revents &&
			    firmware_answer(&service->of[i], service->polled[i].fd)) {
				close(service->polled[i].fd);
				service->polled[i].fd = -1;
				gone++;
			}
		/* The first is teesimd's way to all. */
		if (gone == service->count || service->polled[0].fd < 0)
			return 0;
		if (giving && all_given(service)) {
			int rc = confine();

			if (rc < 0)
				return rc;
			for (unsigned int i = 0; i < service->count; i++)
				service->of[i].directory = NULL;
			giving = false;
		}
	}
}

static int serve_one(const char *directory, unsigned int tee)
{
	static struct service service;
	enum boot_result result = boot_firmware_start(directory, true, &device, err, sizeof(err));

	if (result == BOOT_OK && tee >= device.tees) {
		snprintf(err, sizeof(err), "%s: has no TEE %u", directory, tee);
		result = BOOT_FILE;
	}
	if (firmware_tell(FIRMWARE_SOCKET, result, err) || result)
		return EXIT_FAILURE;
	service.of[0] = (struct firmware_service) { &device, directory, tee, 0 };
	service.polled[0] = (struct pollfd) { .fd = FIRMWARE_SOCKET, .events = POLLIN };
	service.count = 1;
	return serve(&service) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* A TEE's process: its control socket as descriptor 3, we as 4, and the first one has sockets to
 * those below it behind. */
static int tee_spawn(char **argv, const int *fds, unsigned int count, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	char *environment[] = { NULL };
	int high[BOOT_TEES_MAX + 2] = { 0 }, rc = 0;

	posix_spawn_file_actions_init(&actions);
	for (unsigned int i = 0; rc == 0 && i < count; i++) {
		/* Out of the way of those that come before it. */
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 64);
		rc = high[i] < 0 ? errno
				 : posix_spawn_file_actions_adddup2(&actions, high[i],
								    CONTROL_FD + (int)i);
	}
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(&actions, CONTROL_FD + (int)count);
	if (rc == 0)
		rc = posix_spawn(pid, argv[0], &actions, NULL, argv,
#ifdef TEESIM_SANITIZE
				 environ
#else
				 environment
#endif
		);
	(void)environment;
	posix_spawn_file_actions_destroy(&actions);
	for (unsigned int i = 0; i < count; i++)
		if (high[i] > 0)
			close(high[i]);
	return -rc;
}

static int pair(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0 ? -errno : 0;
}

/* The last is started first: the first one has sockets to all others. */
static int tees_start(struct service *service, char **argv)
{
	int below[BOOT_TEES_MAX + 2] = { CONTROL_FD }, firmware[2], control[2], rc = 0;
	char number[16], *program = argv[0];

	service->count = device.tees;
	for (unsigned int i = device.tees; rc == 0 && i-- > 0;) {
		rc = pair(firmware);
		if (rc)
			break;
		(void)fcntl(firmware[0], F_SETFD, FD_CLOEXEC);
		service->of[i] = (struct firmware_service) { &device, argv[2], i, 0 };
		service->polled[i] = (struct pollfd) { .fd = firmware[0], .events = POLLIN };
		snprintf(number, sizeof(number), "%u", i);
		argv[1] = number;
		below[1] = firmware[1];
		if (i) {
			rc = pair(control);
			if (rc == 0) {
				const int of_tee[] = { control[1], firmware[1] };

				below[SUBORDINATE_FD - CONTROL_FD + (int)i - 1] = control[0];
				rc = tee_spawn(argv, of_tee, 2, &service->pid[i]);
				close(control[1]);
			}
		} else {
			rc = tee_spawn(argv, below, SUBORDINATE_FD - CONTROL_FD + device.tees - 1,
				       &service->pid[0]);
		}
		close(firmware[1]);
	}
	argv[0] = program;
	/* Theirs alone. */
	for (unsigned int i = 1; i < device.tees; i++)
		if (below[SUBORDINATE_FD - CONTROL_FD + (int)i - 1] > 0)
			close(below[SUBORDINATE_FD - CONTROL_FD + (int)i - 1]);
	close(CONTROL_FD);
	if (rc)
		fprintf(stderr, "%s can't be started: %s\n", argv[0], strerror(-rc));
	return rc;
}

/* One alone, whose control socket is this process's. */
static int tee_start(struct service *service, char **argv, unsigned int tee)
{
	int firmware[2], rc = pair(firmware);
	char number[16], *program = argv[0];

	if (rc == 0) {
		const int of_tee[] = { CONTROL_FD, firmware[1] };

		service->count = 1;
		service->of[0] = (struct firmware_service) { &device, argv[2], tee, 0 };
		service->polled[0] = (struct pollfd) { .fd = firmware[0], .events = POLLIN };
		snprintf(number, sizeof(number), "%u", tee);
		argv[1] = number;
		rc = tee_spawn(argv, of_tee, 2, &service->pid[0]);
		close(firmware[1]);
	}
	close(CONTROL_FD);
	if (rc)
		fprintf(stderr, "%s can't be started: %s\n", program, strerror(-rc));
	return rc;
}

/* One that ended by itself because teesimd hung up ended well. */
static int tees_end(struct service *service)
{
	int status, worst = EXIT_SUCCESS;

	for (unsigned int i = 0; i < service->count; i++)
		if (service->polled[i].fd >= 0)
			close(service->polled[i].fd);
	for (unsigned int i = 0; i < service->count; i++) {
		if (!service->pid[i] || waitpid(service->pid[i], &status, 0) < 0)
			continue;
		if (WIFSIGNALED(status))
			fprintf(stderr, "TEE %u was ended by signal %d\n", service->of[i].tee,
				WTERMSIG(status));
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			worst = EXIT_FAILURE;
	}
	return worst;
}

static int tee_program_find(char path[PATH_MAX])
{
	const ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 16);

	if (n < 0)
		return -errno;
	path[n] = '\0';
	strcpy(strrchr(path, '/') + 1, "tee-otrp");
	return 0;
}

/* No TEE runs. Who asks for it is told why. */
static int refuse(const char *path)
{
	char *argv[] = { (char *)path, "refuse", err, NULL };

	fprintf(stderr, "%s\n", err);
	execv(path, argv);
	return EXIT_FAILURE;
}

static int start(char **argv, const char *again)
{
	static struct service service;
	const unsigned int tee = again ? (unsigned int)strtoul(again, NULL, 10) : 0;
	char path[PATH_MAX];
	int rc = tee_program_find(path);

	if (rc < 0)
		return EXIT_FAILURE;
	argv[0] = path;
	if (boot(argv[2], again))
		return refuse(path);
	if (again && (!tee || tee >= device.tees)) {
		snprintf(err, sizeof(err), "%s: has no TEE %s below the first one", argv[2], again);
		return refuse(path);
	}
	rc = again ? tee_start(&service, argv, tee) : tees_start(&service, argv);
	if (rc == 0)
		(void)serve(&service);
	return tees_end(&service);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	/* Nothing of the machine's configuration concerns this process. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (memory_confine() < 0)
		return EXIT_FAILURE;
	if (argc > 2 && !strcmp(argv[1], "start"))
		return start(argv, NULL);
	if (argc > 3 && !strcmp(argv[1], "again")) {
		const char *tee = argv[argc - 1];

		argv[argc - 1] = NULL;
		return start(argv, tee);
	}
	if (argc == 4 && !strcmp(argv[1], "serve"))
		return serve_one(argv[2], (unsigned int)strtoul(argv[3], NULL, 10));
	fputs("tee-firmware: this program is started by teesimd; see 'teesim --help'\n", stderr);
	return 2;
}
