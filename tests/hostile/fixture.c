#include "fixture.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ta/villain.h"
#include "wire/message.h"
#include "wire/socket.h"

#define STEP_US	   5000
#define READY_FD   9
#define SPIN_TICKS 100

static struct {
	pid_t daemon;
	char dir[64];
	char socket[96];
	char ta_dir[96];
	unsigned int descriptors;
	bool no_pid_namespaces;
} fixture;

uint64_t fixture_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint32_t fixture_random(uint32_t limit)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % limit;
}

static unsigned int descriptors_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void subdirectory(const char *name, const char *variable, char *out, size_t size)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", fixture.dir, name);
	cr_assert_eq(mkdir(path, 0700), 0);
	if (variable)
		setenv(variable, path, 1);
	if (out)
		snprintf(out, size, "%s", path);
}

static void directories_make(void)
{
	char path[PATH_MAX];

	strcpy(fixture.dir, "/tmp/teesim-hostile.XXXXXX");
	cr_assert(mkdtemp(fixture.dir));
	subdirectory("home", "TEESIM_HOME", NULL, 0);
	subdirectory("run", "XDG_RUNTIME_DIR", NULL, 0);
	subdirectory("ta", NULL, fixture.ta_dir, sizeof(fixture.ta_dir));
	snprintf(fixture.socket, sizeof(fixture.socket), "%s/run/sock", fixture.dir);
	snprintf(path, sizeof(path), "%s:%s", fixture.ta_dir, HOSTILE_TA_DIR);
	setenv("TEESIM_TA_PATH", path, 1);
	setenv("TEESIM_SOCKET", fixture.socket, 1);
	setenv("TEESIM_NO_START", "1", 1);
	unsetenv("TEESIM_DEVICE");
	unsetenv("TEESIM_IDLE_SECONDS");
}

/* Refuses clone() and unshare() with CLONE_NEWPID; a filter can't look into what clone3() is given,
 * and no library of ours uses that for processes. */
static void pid_namespaces_refuse(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWPID, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(126);
}

void fixture_deny_pid_namespaces(void)
{
	fixture.no_pid_namespaces = true;
}

static void daemon_exec(const char *const *extra, int ready)
{
	char grace[16], ready_fd[8];
	const char *argv[24] = { TEESIMD, "--socket",	fixture.socket, "--abandoned-ms",
				 grace,	  "--ready-fd", ready_fd,	NULL };
	size_t count = 7;

	snprintf(grace, sizeof(grace), "%d", FIXTURE_GRACE_MS);
	snprintf(ready_fd, sizeof(ready_fd), "%d", READY_FD);
	while (extra && *extra && count < 23)
		argv[count++] = *extra++;
	argv[count] = NULL;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(ready, READY_FD);
	if (fixture.no_pid_namespaces)
		pid_namespaces_refuse();
	execv(TEESIMD, (char *const *)argv);
	_exit(127);
}

void fixture_daemon_start(const char *const *extra)
{
	char said[512] = "";
	size_t have = 0;
	int ready[2];
	ssize_t n;

	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	fixture.daemon = fork();
	cr_assert_geq(fixture.daemon, 0);
	if (!fixture.daemon)
		daemon_exec(extra, ready[1]);
	close(ready[1]);
	while (have < sizeof(said) - 1 &&
	       (n = read(ready[0], said + have, sizeof(said) - 1 - have)) > 0)
		have += (size_t)n;
	close(ready[0]);
	cr_assert_str_eq(said, "ready\n");
}

void fixture_setup(void)
{
	memset(&fixture, 0, sizeof(fixture));
	fixture.descriptors = descriptors_count();
	/* Whatever outlives its parent becomes our child. */
	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	directories_make();
	fixture_daemon_start(NULL);
}

static bool everybody_gone(void)
{
	pid_t pid = 0;

	for (int i = 0; i < FIXTURE_HANG_MS * 1000 / STEP_US; i++) {
		do {
			pid = waitpid(-1, NULL, WNOHANG);
		} while (pid > 0);
		if (pid < 0)
			return true;
		usleep(STEP_US);
	}
	return false;
}

void fixture_daemon_kill(void)
{
	kill(fixture.daemon, SIGKILL);
	cr_expect_neq(fixture_reap(fixture.daemon), -1);
	fixture.daemon = 0;
}

void fixture_daemon_stop(void)
{
	int status;

	kill(fixture.daemon, SIGTERM);
	status = fixture_reap(fixture.daemon);
	cr_expect_eq(status, 0, "teesimd ended with status 0x%x", status);
	fixture.daemon = 0;
}

static int leftover(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)type;
	(void)at;
	cr_expect(!S_ISSOCK(st->st_mode), "left behind: socket %s", path);
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void mappings_check(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];

	while (maps && fgets(line, sizeof(line), maps))
		cr_expect(!strstr(line, "/memfd:te"), "left mapped: %s", line);
	if (maps)
		fclose(maps);
}

void fixture_teardown(void)
{
	if (fixture.daemon)
		fixture_daemon_stop();
	cr_expect(everybody_gone(), "left behind: a process");
	nftw(fixture.dir, leftover, 16, FTW_PHYS);
	nftw(fixture.dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	mappings_check();
	cr_expect_eq(descriptors_count(), fixture.descriptors, "left open: a descriptor");
}

const char *fixture_ta_dir(void)
{
	return fixture.ta_dir;
}

pid_t fixture_daemon(void)
{
	return fixture.daemon;
}

const char *fixture_socket(void)
{
	return fixture.socket;
}

static FILE *log_open_for_reading(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/home/devices/default/log", fixture.dir);
	return fopen(path, "re");
}

static bool line_holds(const char *line, const char *first, va_list more)
{
	for (const char *text = first; text; text = va_arg(more, const char *))
		if (!strstr(line, text))
			return false;
	return true;
}

static void log_show(void)
{
	FILE *log = log_open_for_reading();
	char line[2048];

	while (log && fgets(line, sizeof(line), log))
		fputs(line, stderr);
	if (log)
		fclose(log);
}

bool fixture_logged(const char *first, ...)
{
	char line[2048];

	for (int i = 0; i < FIXTURE_HANG_MS * 1000 / STEP_US; i++) {
		FILE *log = log_open_for_reading();
		bool found = false;

		while (log && !found && fgets(line, sizeof(line), log)) {
			va_list more;

			va_start(more, first);
			found = line_holds(line, first, more);
			va_end(more);
		}
		if (log)
			fclose(log);
		if (found)
			return true;
		usleep(STEP_US);
	}
	fprintf(stderr, "not logged: %s ... The log:\n", first);
	log_show();
	return false;
}

unsigned int fixture_log_count(const char *text)
{
	FILE *log = log_open_for_reading();
	unsigned int count = 0;
	char line[2048];

	while (log && fgets(line, sizeof(line), log))
		count += strstr(line, text) != NULL;
	if (log)
		fclose(log);
	return count;
}

bool fixture_not_logged(const char *text)
{
	if (!fixture_log_count(text))
		return true;
	fprintf(stderr, "logged: %s. The log:\n", text);
	log_show();
	return false;
}

static int connect_to_daemon(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, fixture.socket);
	cr_assert_eq(connect(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	return sock;
}

/* Enters the instances' processes, of one TA or of all (-1), and returns how many there are. */
static unsigned int hosts_list(int ta, pid_t *pids, unsigned int max)
{
	const struct message_hello hello = { .header = { .type = MESSAGE_HELLO, .request = 1 },
					     .protocol = MESSAGE_PROTOCOL };
	const struct message_bare status = { .header = { .type = MESSAGE_STATUS, .request = 2 } };
	union {
		struct message_header header;
		struct message_status_instance instance;
		uint8_t octets[MESSAGE_SIZE_MAX];
	} packet;
	int sock = connect_to_daemon();
	unsigned int count = 0;
	struct packet_fds fds;

	cr_assert_eq(socket_send(sock, &hello, sizeof(hello), NULL, 0), 0);
	cr_assert_eq(socket_send(sock, &status, sizeof(status), NULL, 0), 0);
	do {
		cr_assert_gt(socket_receive(sock, &packet, sizeof(packet), &fds, 0), 0);
		packet_fds_close(&fds);
		if (packet.header.type != MESSAGE_STATUS_INSTANCE || !packet.instance.pid)
			continue;
		if (ta >= 0 && packet.instance.ta.octet[15] != ta)
			continue;
		if (count < max)
			pids[count] = packet.instance.pid;
		count++;
	} while (packet.header.type != MESSAGE_STATUS_DEVICE);
	close(sock);
	return count;
}

unsigned int fixture_hosts(pid_t *pids, unsigned int max)
{
	return hosts_list(-1, pids, max);
}

pid_t fixture_host_of(unsigned int ta)
{
	pid_t pid = 0;

	(void)hosts_list((int)ta, &pid, 1);
	return pid;
}

/* Its processor time in clock ticks, in both modes. */
static unsigned long host_ticks(pid_t host)
{
	char path[64], line[1024] = "";
	unsigned long user = 0, kernel = 0;
	const char *end;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)host);
	stat = fopen(path, "re");
	if (!stat || !fgets(line, sizeof(line), stat))
		line[0] = '\0';
	if (stat)
		fclose(stat);
	end = strrchr(line, ')');
	/* NOLINTNEXTLINE(cert-err34-c): the kernel writes numbers that fit */
	if (!end || sscanf(end, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
			   &kernel) != 2)
		return 0;
	return user + kernel;
}

bool fixture_host_spins(unsigned int ta)
{
	unsigned long from = 0;
	pid_t host = 0;

	for (int i = 0; i < FIXTURE_HANG_MS * 1000 / STEP_US; i++) {
		const pid_t now = fixture_host_of(ta);

		if (now && now != host)
			from = host_ticks(now);
		host = now;
		/* What it does to start, and before it goes to sleep, takes a fraction of that. */
		if (host && host_ticks(host) >= from + SPIN_TICKS)
			return true;
		usleep(STEP_US);
	}
	return false;
}

bool fixture_hosts_become(unsigned int count)
{
	for (int i = 0; i < FIXTURE_HANG_MS * 1000 / STEP_US; i++) {
		if (fixture_hosts(NULL, 0) == count)
			return true;
		usleep(STEP_US);
	}
	return false;
}

pid_t fixture_spawn(void (*body)(void *), void *arg)
{
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	body(arg);
	_exit(0);
}

int fixture_reap(pid_t pid)
{
	int status;

	for (int i = 0; i < FIXTURE_HANG_MS * 1000 / STEP_US; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(STEP_US);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

TEEC_UUID fixture_uuid(unsigned int ta)
{
	TEEC_UUID uuid = VILLAIN_UUID(0);

	uuid.clockSeqAndNode[7] = (uint8_t)ta;
	return uuid;
}

struct outcome fixture_open(TEEC_Context *context, TEEC_Session *session, unsigned int ta)
{
	const TEEC_UUID uuid = fixture_uuid(ta);
	struct outcome outcome;

	outcome.result = TEEC_OpenSession(context, session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL,
					  &outcome.origin);
	return outcome;
}

struct outcome fixture_invoke(TEEC_Session *session, uint32_t command, uint32_t *a, uint32_t *b)
{
	TEEC_Operation operation = { 0 };
	struct outcome outcome;

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].value.a = a ? *a : 0;
	operation.params[0].value.b = b ? *b : 0;
	outcome.result = TEEC_InvokeCommand(session, command, &operation, &outcome.origin);
	if (a)
		*a = operation.params[0].value.a;
	if (b)
		*b = operation.params[0].value.b;
	return outcome;
}

struct outcome fixture_tell(TEEC_Session *session, uint32_t command, uint32_t a, uint32_t b)
{
	return fixture_invoke(session, command, &a, &b);
}

void bystander_arrive(struct bystander *bystander)
{
	memset(bystander, 0, sizeof(*bystander));
	cr_assert_eq(TEEC_InitializeContext(NULL, &bystander->context), TEEC_SUCCESS);
	cr_assert_eq(
		fixture_open(&bystander->context, &bystander->session, VILLAIN_BYSTANDER).result,
		TEEC_SUCCESS);
}

void bystander_check(struct bystander *bystander)
{
	uint32_t a = ++bystander->count, b = 0;

	expect_outcome(fixture_invoke(&bystander->session, VILLAIN_COUNT, &a, &b), TEEC_SUCCESS,
		       TEEC_ORIGIN_TRUSTED_APP);
	/* What it counted for this session, and what it was told. */
	cr_expect_eq(a, bystander->count);
	cr_expect_eq(b, ~bystander->count);
}

void bystander_leave(struct bystander *bystander)
{
	bystander_check(bystander);
	TEEC_CloseSession(&bystander->session);
	TEEC_FinalizeContext(&bystander->context);
}
