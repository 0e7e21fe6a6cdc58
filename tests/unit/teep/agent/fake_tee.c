#include "fake_tee.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "otrp/tee_socket.h"
#include "wire/socket.h"

/* assert() is nothing in a build for release. */
static void require(bool holds)
{
	if (!holds)
		abort();
}

#define CONNECTIONS_MAX 32
#define ANSWER_MAX	(20U << 20)

struct connection {
	int fd;
	unsigned int name;
	bool waits; /* FAKE_WAITS */
	struct tee_packet request;
	char *octets;
};

struct serving {
	struct fake_shared *shared;
	const char *const *names;
	int listener;
	struct connection connections[CONNECTIONS_MAX];
	unsigned int count;
	bool left;
	uint32_t answered;
};

static void answer(int fd, uint32_t kind, uint32_t status, const char *octets, size_t size)
{
	const struct tee_packet packet = { TEE_PACKET_MAGIC, kind, status, (uint32_t)size };
	struct packet_fds fds = { .count = size != 0 };

	if (size) {
		fds.fd[0] = tee_octets_make(octets, size);
		require(fds.fd[0] >= 0);
	}
	(void)socket_send(fd, &packet, sizeof(packet), &fds, 0);
	packet_fds_close(&fds);
}

static void names_tell(const struct serving *serving, int fd)
{
	char text[1024] = "[";

	for (unsigned int i = 0; serving->names[i]; i++)
		sprintf(text + strlen(text), "%s\"%s\"", i ? "," : "", serving->names[i]);
	strcat(text, "]");
	answer(fd, TEE_NAMES, 0, text, strlen(text));
}

static void echo(const struct serving *serving, const struct connection *connection)
{
	const char *name = serving->names[connection->name];
	char *text = malloc(ANSWER_MAX);
	size_t size;

	if (!text)
		abort();
	require(connection->request.size < ANSWER_MAX / 2);
	size = (size_t)sprintf(text, "%s:", name);
	if (connection->octets)
		memcpy(text + size, connection->octets, connection->request.size);
	answer(connection->fd, connection->request.kind, 0, text, size + connection->request.size);
	free(text);
}

/* Returns false when the connection is to be closed. */
static bool serve(struct serving *serving, struct connection *connection)
{
	char text[128];

	switch ((enum fake_mood)serving->shared->mood[connection->name]) {
	case FAKE_ANSWERS:
	case FAKE_LEAVES_FIRST:
		echo(serving, connection);
		return true;
	case FAKE_WRAPS:
		sprintf(text, "{\"GetDeviceTEEStateResponse\":\"%s\"}",
			serving->names[connection->name]);
		answer(connection->fd, connection->request.kind, 0, text, strlen(text));
		return true;
	case FAKE_HANGS:
		return true;
	case FAKE_DIES:
		_exit(0);
	case FAKE_REFUSES:
		answer(connection->fd, connection->request.kind, EIO, "out of order", 12);
		return true;
	case FAKE_KNOWS_NO_TA:
		answer(connection->fd, connection->request.kind, ENOENT, "no such TA", 10);
		return true;
	case FAKE_TALKS_RUBBISH:
		answer(connection->fd, TEE_SELECT, 0, "rubbish", 7);
		return true;
	case FAKE_WAITS:
		connection->waits = true;
		return true;
	}
	return false;
}

static bool select_tee(const struct serving *serving, struct connection *connection)
{
	for (unsigned int i = 0; serving->names[i]; i++)
		if (strlen(serving->names[i]) == connection->request.size &&
		    !memcmp(serving->names[i], connection->octets, connection->request.size)) {
			connection->name = i;
			answer(connection->fd, TEE_SELECT, 0, NULL, 0);
			return true;
		}
	answer(connection->fd, TEE_SELECT, ENOENT, "no such TEE", 11);
	return true;
}

static bool receive(struct serving *serving, struct connection *connection)
{
	struct tee_image_packet raw, packet;
	struct packet_fds fds;
	const ssize_t n = socket_receive(connection->fd, &raw, sizeof(raw), &fds, 0);
	const void *octets = "";

	if (n <= 0)
		return false;
	require(tee_packet_parse(&raw, (size_t)n, fds.count, &packet) == 0);
	free(connection->octets);
	connection->request = packet.head;
	connection->octets = malloc(packet.head.size + 1U);
	if (packet.head.size) {
		require(tee_octets_map(fds.fd[0], packet.head.size, &octets) == 0);
		memcpy(connection->octets, octets, packet.head.size);
		(void)munmap((void *)octets, packet.head.size);
	}
	packet_fds_close(&fds);
	if (packet.head.kind == TEE_NAMES)
		names_tell(serving, connection->fd);
	else if (packet.head.kind == TEE_SELECT)
		return select_tee(serving, connection);
	else {
		serving->shared->asked++;
		return serve(serving, connection);
	}
	return true;
}

static void drop(struct serving *serving, unsigned int i)
{
	close(serving->connections[i].fd);
	free(serving->connections[i].octets);
	serving->connections[i] = serving->connections[--serving->count];
}

static void accept_one(struct serving *serving)
{
	const int fd = accept4(serving->listener, NULL, NULL, SOCK_CLOEXEC);

	require(fd >= 0 && serving->count < CONNECTIONS_MAX);
	serving->shared->connected++;
	if (serving->shared->mood[0] == FAKE_LEAVES_FIRST && !serving->left) {
		serving->left = true;
		close(fd);
		return;
	}
	serving->connections[serving->count++] = (struct connection) { .fd = fd };
}

__attribute__((noreturn)) static void run(struct serving *serving)
{
	for (;;) {
		struct pollfd pollers[CONNECTIONS_MAX + 1] = { { serving->listener, POLLIN, 0 } };
		bool waits = false;

		for (unsigned int i = 0; i < serving->count; i++) {
			pollers[i + 1] = (struct pollfd) { serving->connections[i].fd, POLLIN, 0 };
			waits = waits || serving->connections[i].waits;
		}
		(void)poll(pollers, serving->count + 1, waits ? 5 : -1);
		for (unsigned int i = serving->count; i-- > 0;) {
			struct connection *connection = &serving->connections[i];

			if (pollers[i + 1].revents && !receive(serving, connection)) {
				drop(serving, i);
				continue;
			}
			if (connection->waits && serving->answered < serving->shared->released) {
				serving->answered++;
				connection->waits = false;
				echo(serving, connection);
			}
		}
		if (pollers[0].revents)
			accept_one(serving);
	}
}

static void fork_serving(struct fake_tee *fake, const char *const *names)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct serving serving = { .shared = fake->shared, .names = names };

	strcpy(address.sun_path, fake->path);
	(void)unlink(fake->path);
	serving.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	require(serving.listener >= 0 &&
		bind(serving.listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		listen(serving.listener, CONNECTIONS_MAX) == 0);
	fake->pid = fork();
	require(fake->pid >= 0);
	if (fake->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(&serving);
	}
	close(serving.listener);
}

void fake_tee_start(struct fake_tee *fake, const char *path, const char *const *names)
{
	strcpy(fake->path, path);
	fake->shared = mmap(NULL, sizeof(*fake->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	require(fake->shared != MAP_FAILED);
	fork_serving(fake, names);
}

static void end(struct fake_tee *fake)
{
	(void)kill(fake->pid, SIGKILL);
	while (waitpid(fake->pid, NULL, 0) < 0 && errno == EINTR)
		;
	(void)unlink(fake->path);
}

void fake_tee_restart(struct fake_tee *fake, const char *const *names)
{
	end(fake);
	fork_serving(fake, names);
}

void fake_tee_stop(struct fake_tee *fake)
{
	end(fake);
	(void)munmap(fake->shared, sizeof(*fake->shared));
}
