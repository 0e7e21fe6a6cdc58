#include "otrp/parser_stream.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "wire/socket.h"

/* What comes with the first read; longer ones take another. */
#define FIRST_READ 16384U

static int send_all(int sock, struct iovec parts[2])
{
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	while (parts[0].iov_len || parts[1].iov_len) {
		const ssize_t n = sendmsg(sock, &message, MSG_NOSIGNAL);
		size_t sent = n > 0 ? (size_t)n : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ECONNRESET ? -EPIPE : -errno;
		for (int i = 0; i < 2; i++) {
			const size_t of_part = sent < parts[i].iov_len ? sent : parts[i].iov_len;

			parts[i].iov_base = (uint8_t *)parts[i].iov_base + of_part;
			parts[i].iov_len -= of_part;
			sent -= of_part;
		}
	}
	return 0;
}

static int read_all(int sock, uint8_t *data, size_t size)
{
	while (size) {
		const ssize_t n = read(sock, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 || errno == ECONNRESET ? -EPIPE : -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

void parser_stream_greet(int sock)
{
	(void)socket_send(sock, "g", 1, NULL, 0);
}

pid_t parser_stream_greeted(int sock, int flags)
{
	struct packet_fds fds;
	pid_t child;
	char word;
	const ssize_t n = socket_receive_from(sock, &word, 1, &fds, &child, flags);

	if (n != 1)
		child = n == -EAGAIN && flags & MSG_DONTWAIT ? -1 : 0;
	packet_fds_close(&fds);
	return child;
}

static int wait_for(int sock, short events, int patience_ms)
{
	struct pollfd polled = { .fd = sock, .events = events };
	int n;

	do {
		n = poll(&polled, 1, patience_ms);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n ? 0 : -EAGAIN;
}

int parser_stream_wait(int sock, int patience_ms)
{
	return wait_for(sock, POLLIN, patience_ms);
}

void parser_stream_wait_end(int sock)
{
	(void)wait_for(sock, 0, -1);
}

int parser_stream_write(int sock, struct span octets)
{
	uint32_t size = (uint32_t)octets.size;
	struct iovec parts[2] = { { &size, sizeof(size) }, { (void *)octets.data, octets.size } };

	return send_all(sock, parts);
}

int parser_stream_read(int sock, uint32_t most, struct arena *arena, struct span *out)
{
	uint8_t first[FIRST_READ], *data;
	uint32_t size;
	ssize_t n;

	do {
		n = read(sock, first, sizeof(first));
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n == 0 || errno == ECONNRESET ? -EPIPE : -errno;
	if (n < (ssize_t)sizeof(size))
		return -EBADMSG;
	memcpy(&size, first, sizeof(size));
	n -= (ssize_t)sizeof(size);
	if (size > most || (size_t)n > size)
		return -EBADMSG;
	data = arena_take(arena, size);
	if (!data)
		return -ENOMEM;
	*out = span_of(data, size);
	memcpy(data, first + sizeof(size), (size_t)n);
	return read_all(sock, data + n, size - (size_t)n);
}
