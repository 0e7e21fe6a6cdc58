#include "wire/socket.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PLACE_ATTEMPTS 200
#define PLACE_STEP_NS  5000000

union control_buffer {
	char bytes[CMSG_SPACE(sizeof(int) * SOCKET_FDS_MAX)];
	struct cmsghdr align;
};

int socket_send(int sock, const void *data, size_t size, const struct packet_fds *fds, int flags)
{
	struct iovec iov = { .iov_base = (void *)data, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control_buffer control;
	ssize_t n;

	if (fds && fds->count) {
		size_t bytes = sizeof(int) * fds->count;
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(bytes);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(bytes);
		memcpy(CMSG_DATA(c), fds->fd, bytes);
	}
	do {
		n = sendmsg(sock, &msg, flags | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static void descriptors_collect(struct msghdr *msg, struct packet_fds *fds, int *excess)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (fds->count < SOCKET_FDS_MAX) {
				fds->fd[fds->count++] = fd;
			} else {
				close(fd);
				*excess = 1;
			}
		}
	}
}

static pid_t sender_find(struct msghdr *msg)
{
	struct ucred sender = { 0 };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS &&
		    c->cmsg_len == CMSG_LEN(sizeof(sender)))
			memcpy(&sender, CMSG_DATA(c), sizeof(sender));
	return sender.pid;
}

ssize_t socket_receive_from(int sock, void *data, size_t capacity, struct packet_fds *fds,
			    pid_t *from, int flags)
{
	struct iovec iov = { .iov_base = data, .iov_len = capacity };
	union {
		char bytes[sizeof(union control_buffer) + CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control) };
	int excess = 0;
	ssize_t n;

	fds->count = 0;
	*from = 0;
	do {
		n = recvmsg(sock, &msg, flags | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	descriptors_collect(&msg, fds, &excess);
	if (excess || msg.msg_flags & MSG_CTRUNC) {
		packet_fds_close(fds);
		return -EPROTO;
	}
	if (msg.msg_flags & MSG_TRUNC) {
		packet_fds_close(fds);
		return -EMSGSIZE;
	}
	/* Nobody sends an empty packet; one with descriptors would pass for the end and leak them.
	 */
	if (n == 0)
		packet_fds_close(fds);
	else
		*from = sender_find(&msg);
	return n;
}

ssize_t socket_receive(int sock, void *data, size_t capacity, struct packet_fds *fds, int flags)
{
	pid_t unused;

	return socket_receive_from(sock, data, capacity, fds, &unused, flags);
}

pid_t socket_peer(int sock)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ? 0 : peer.pid;
}

void packet_fds_close(struct packet_fds *fds)
{
	for (unsigned int i = 0; i < fds->count; i++)
		if (fds->fd[i] >= 0)
			close(fds->fd[i]);
	fds->count = 0;
}

int packet_fds_take(struct packet_fds *fds, unsigned int i)
{
	int fd;

	if (i >= fds->count)
		return -1;
	fd = fds->fd[i];
	fds->fd[i] = -1;
	return fd;
}

/* Of any kind: only where nobody listens is a connection refused. */
static bool place_is_served(const struct sockaddr_un *address)
{
	const int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const bool served =
		sock < 0 ||
		connect(sock, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		errno != ECONNREFUSED;

	if (sock >= 0)
		close(sock);
	return served;
}

int socket_place_clear(const char *path)
{
	const struct timespec step = { .tv_nsec = PLACE_STEP_NS };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	for (int i = 0; i < PLACE_ATTEMPTS; i++) {
		if (lstat(path, &st) < 0)
			return errno == ENOENT ? 0 : -errno;
		if (!S_ISSOCK(st.st_mode))
			return -EEXIST;
		if (!place_is_served(&address))
			return unlink(path) == 0 || errno == ENOENT ? 0 : -errno;
		nanosleep(&step, NULL);
	}
	return -EADDRINUSE;
}

int socket_listen(const char *path, int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock, err = socket_place_clear(path);
	mode_t mask;

	if (err < 0)
		return err;
	strcpy(address.sun_path, path);
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0)
		return -errno;
	mask = umask(0177);
	if (bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		err = -errno;
	umask(mask);
	if (!err && listen(sock, backlog) < 0) {
		err = -errno;
		(void)unlink(path);
	}
	if (err < 0) {
		close(sock);
		return err;
	}
	return sock;
}

const char *socket_place_reason(int rc)
{
	switch (rc) {
	case -EEXIST:
		return "what is there is no socket, and is left alone";
	case -EADDRINUSE:
		return "another process serves it";
	default:
		return strerror(-rc);
	}
}
