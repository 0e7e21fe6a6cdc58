#include "daemon_fixture.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/memory.h"
#include "wire/result.h"

/* More than any machine needs; what comes is waited for no longer than it takes. */
#define WAIT_MS 60000

static struct uuid uuid_of(enum fixture_ta ta)
{
	static const uint8_t node[] = { 0xab, 0xe2, 0x00, 0x02, 0xa5, 0xd5, 0xc5, 0 };
	struct uuid uuid = uuid_from_fields(0x7e5e51d0, 0x2450, 0x41e4, node);

	uuid.octet[15] = (uint8_t)ta;
	return uuid;
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

void daemon_dirs_make(struct daemon *daemon)
{
	static const char *const names[] = { "home", "run", "ta" };

	memset(daemon, 0, sizeof(*daemon));
	daemon->fds_before = descriptors_count();
	strcpy(daemon->dir, "/tmp/teesim-unit.XXXXXX");
	cr_assert(mkdtemp(daemon->dir));
	for (size_t i = 0; i < 3; i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", daemon->dir, names[i]);
		cr_assert_eq(mkdir(path, 0700), 0);
	}
	snprintf(daemon->socket, sizeof(daemon->socket), "%s/run/sock", daemon->dir);
	/* Whatever the daemon leaves behind becomes our child. */
	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
}

static void environment_set(const struct daemon *daemon)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/home", daemon->dir);
	setenv("TEESIM_HOME", path, 1);
	snprintf(path, sizeof(path), "%s/run", daemon->dir);
	setenv("XDG_RUNTIME_DIR", path, 1);
	unsetenv("TEESIM_IDLE_SECONDS");
	unsetenv("TEESIM_DEVICE");
}

void daemon_launch(struct daemon *daemon, const char *const *extra, char *said, size_t size)
{
	const char *argv[24] = { TEESIMD,      "--socket", daemon->socket,
				 "--host",     FAKE_HOST,  "--no-spare-host",
				 "--ready-fd", "9",	   "--log-level",
				 "debug",      NULL };
	const struct rlimit descriptors = { DAEMON_DESCRIPTORS, DAEMON_DESCRIPTORS };
	size_t count = 10, have = 0;
	int ready[2];
	ssize_t n;

	while (extra && *extra)
		argv[count++] = *extra++;
	argv[count] = NULL;
	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	daemon->pid = fork();
	cr_assert_geq(daemon->pid, 0);
	if (!daemon->pid) {
		setrlimit(RLIMIT_NOFILE, &descriptors);
		environment_set(daemon);
		dup2(ready[1], 9);
		execv(TEESIMD, (char *const *)argv);
		_exit(127);
	}
	close(ready[1]);
	while (have < size - 1 && (n = read(ready[0], said + have, size - 1 - have)) > 0)
		have += (size_t)n;
	said[have] = '\0';
	close(ready[0]);
}

void daemon_start(struct daemon *daemon, const char *const *extra)
{
	char said[512];

	daemon_dirs_make(daemon);
	daemon_launch(daemon, extra, said, sizeof(said));
	cr_assert_str_eq(said, "ready\n");
}

int daemon_wait(struct daemon *daemon)
{
	int status = -1;

	for (int i = 0; i < WAIT_MS / 10; i++) {
		if (waitpid(daemon->pid, &status, WNOHANG) == daemon->pid) {
			daemon->pid = 0;
			return status;
		}
		usleep(10000);
	}
	kill(daemon->pid, SIGKILL);
	waitpid(daemon->pid, &status, 0);
	cr_assert_fail("teesimd did not end");
	return -1;
}

static int leftover(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)type;
	(void)at;
	cr_expect(!S_ISSOCK(st->st_mode), "left behind: socket %s", path);
	cr_expect(!strstr(path, "ephemeral-"), "left behind: %s", path);
	cr_expect(!strstr(path, "huk.new"), "left behind: %s", path);
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void daemon_check_nothing_left(struct daemon *daemon)
{
	pid_t pid = 0;

	/* What the daemon killed takes a moment to go. */
	for (int i = 0; i < WAIT_MS / 10; i++) {
		do {
			pid = waitpid(-1, NULL, WNOHANG);
		} while (pid > 0);
		if (pid < 0)
			break;
		usleep(10000);
	}
	cr_expect(pid < 0 && errno == ECHILD, "left behind: a process");
	nftw(daemon->dir, leftover, 16, FTW_PHYS);
	nftw(daemon->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	cr_expect_eq(descriptors_count(), daemon->fds_before, "left open: a descriptor");
}

void daemon_stop(struct daemon *daemon)
{
	int status;

	kill(daemon->pid, SIGTERM);
	status = daemon_wait(daemon);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "teesimd ended with status 0x%x",
		  status);
	daemon_check_nothing_left(daemon);
}

void daemon_add_ta(const struct daemon *daemon, enum fixture_ta ta, const char *behaviour)
{
	struct uuid uuid = uuid_of(ta);
	char from[512], to[512], text[UUID_TEXT_SIZE];
	char buffer[65536];
	int in, out;
	ssize_t n;

	snprintf(to, sizeof(to), "%s/ta/%s", daemon->dir, behaviour);
	mkdir(to, 0700);
	snprintf(from, sizeof(from), "%s/ta%d.ta", FIXTURES, ta);
	snprintf(to, sizeof(to), "%s/ta/%s/%s.ta", daemon->dir, behaviour,
		 uuid_format(&uuid, text));
	in = open(from, O_RDONLY);
	cr_assert_geq(in, 0, "%s", from);
	(void)unlink(to);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
	cr_assert_geq(out, 0, "%s", to);
	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		cr_assert_eq(write(out, buffer, (size_t)n), n);
	close(in);
	close(out);
}

bool daemon_logged(const struct daemon *daemon, const char *text)
{
	static char log[1 << 20];
	char path[256];

	snprintf(path, sizeof(path), "%s/home/devices/default/log", daemon->dir);
	for (int i = 0; i < WAIT_MS / 10; i++) {
		int fd = open(path, O_RDONLY);
		ssize_t n = fd < 0 ? 0 : read(fd, log, sizeof(log) - 1);

		if (fd >= 0)
			close(fd);
		log[n > 0 ? n : 0] = '\0';
		if (strstr(log, text))
			return true;
		usleep(10000);
	}
	fprintf(stderr, "not logged: %s\n%s", text, log);
	return false;
}

int client_connect(const struct daemon *daemon)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, daemon->socket);
	cr_assert_eq(connect(sock, (struct sockaddr *)&address, sizeof(address)), 0, "%s",
		     strerror(errno));
	return sock;
}

int client_hello(const struct daemon *daemon, const char *behaviour)
{
	struct {
		struct message_hello hello;
		char text[256];
	} message = { .hello = { .header = { .type = MESSAGE_HELLO, .request = 1 },
				 .protocol = MESSAGE_PROTOCOL } };
	int sock = client_connect(daemon);
	int n = snprintf(message.text, sizeof(message.text), "%s/ta/%s", daemon->dir, behaviour);

	message.hello.ta_path_size = (uint32_t)n;
	client_send(sock, &message, sizeof(message.hello) + (size_t)n);
	cr_assert_eq(client_answer(sock).result, RESULT_SUCCESS);
	return sock;
}

void client_send(int sock, const void *message, size_t size)
{
	cr_assert_eq(socket_send(sock, message, size, NULL, 0), 0);
}

void client_send_fd(int sock, const void *message, size_t size, int fd)
{
	struct packet_fds fds = { .fd = { fd }, .count = 1 };

	cr_assert_eq(socket_send(sock, message, size, &fds, 0), 0);
}

static bool readable(int sock, int ms)
{
	struct pollfd poller = { .fd = sock, .events = POLLIN };

	return poll(&poller, 1, ms) == 1;
}

void client_receive(int sock, uint32_t type, void *message, size_t size, struct packet_fds *fds)
{
	struct packet_fds unwanted;
	union {
		struct message_header header;
		char bytes[MESSAGE_SIZE_MAX];
	} packet;
	ssize_t n;

	cr_assert(readable(sock, WAIT_MS), "no message came");
	n = socket_receive(sock, &packet, sizeof(packet), fds ? fds : &unwanted, 0);
	cr_assert_geq(n, (ssize_t)size, "the connection ended, or a short message came (%zd)", n);
	cr_assert_eq(packet.header.type, type, "message type %u in place of %u", packet.header.type,
		     type);
	memcpy(message, packet.bytes, size);
	if (!fds)
		packet_fds_close(&unwanted);
}

bool client_cut_off(int sock)
{
	struct packet_fds fds;
	char byte;
	ssize_t n;

	if (!readable(sock, WAIT_MS))
		return false;
	n = socket_receive(sock, &byte, 1, &fds, 0);
	return n == 0 || n == -ECONNRESET;
}

bool client_quiet(int sock, int ms)
{
	return !readable(sock, ms);
}

void client_ask_open(int sock, uint32_t request, enum fixture_ta ta)
{
	const struct message_open_session message = {
		.header = { .type = MESSAGE_OPEN_SESSION, .request = request },
		.ta = uuid_of(ta),
	};

	client_send(sock, &message, sizeof(message));
}

struct message_opened client_opened(int sock, struct channel **channel)
{
	struct message_opened opened;
	struct packet_fds fds;

	client_receive(sock, MESSAGE_OPENED, &opened, sizeof(opened), &fds);
	cr_assert_eq(fds.count, opened.result == RESULT_SUCCESS ? 2 : 0);
	if (channel) {
		*channel = NULL;
		if (fds.count) {
			cr_assert_eq(block_check(fds.fd[0], CHANNEL_SIZE, false), 0);
			*channel = block_map(fds.fd[0], CHANNEL_HEADER_SIZE, true);
			cr_assert_neq((void *)*channel, MAP_FAILED);
		}
	}
	packet_fds_close(&fds);
	return opened;
}

struct message_opened client_open(int sock, enum fixture_ta ta, struct channel **channel)
{
	client_ask_open(sock, 77, ta);
	return client_opened(sock, channel);
}

void client_close_session(int sock, uint32_t session)
{
	const struct message_close_session message = { .header.type = MESSAGE_CLOSE_SESSION,
						       .session = session };

	client_send(sock, &message, sizeof(message));
}

void client_ask_share(int sock, uint32_t request, uint32_t session, uint32_t block)
{
	const struct message_share_block message = {
		.header = { .type = MESSAGE_SHARE_BLOCK, .request = request },
		.session = session,
		.block = block,
		.flags = MESSAGE_BLOCK_INPUT | MESSAGE_BLOCK_OUTPUT,
		.size = 100,
	};
	int fd = block_create("test-block", 4096);

	cr_assert_geq(fd, 0);
	client_send_fd(sock, &message, sizeof(message), fd);
	close(fd);
}

struct message_answer client_answer(int sock)
{
	struct message_answer answer;

	client_receive(sock, MESSAGE_ANSWER, &answer, sizeof(answer), NULL);
	return answer;
}

uint32_t client_command(int sock, uint32_t session, uint32_t command)
{
	client_ask_share(sock, 78, session, command);
	return client_answer(sock).result;
}

void client_status(int sock, struct device_status *status)
{
	const struct message_bare message = { .header = { .type = MESSAGE_STATUS, .request = 5 } };
	union {
		struct message_header header;
		struct message_status_instance instance;
		struct message_status_device device;
		char bytes[MESSAGE_SIZE_MAX];
	} packet;

	memset(status, 0, sizeof(*status));
	client_send(sock, &message, sizeof(message));
	for (;;) {
		struct packet_fds fds;

		cr_assert(readable(sock, WAIT_MS));
		cr_assert_gt(socket_receive(sock, &packet, sizeof(packet), &fds, 0), 0);
		cr_assert_eq(packet.header.request, 5);
		if (packet.header.type == MESSAGE_STATUS_DEVICE)
			break;
		cr_assert_eq(packet.header.type, MESSAGE_STATUS_INSTANCE);
		cr_assert_lt(status->instances, 8);
		status->instance[status->instances++] = packet.instance;
	}
	status->device = packet.device;
}

bool client_wait_instances(int sock, unsigned int instances, int state)
{
	struct device_status status;

	for (int i = 0; i < WAIT_MS / 10; i++) {
		unsigned int matching = 0;

		client_status(sock, &status);
		for (unsigned int j = 0; j < status.instances; j++)
			matching += state < 0 || status.instance[j].state == (uint32_t)state;
		if (matching == instances && status.instances == instances)
			return true;
		usleep(10000);
	}
	return false;
}
