#include "otrp/parser_stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int send_all(int sock, const uint8_t *data, size_t size)
{
	while (size) {
		const ssize_t n = send(sock, data, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ECONNRESET ? -EPIPE : -errno;
		data += n;
		size -= (size_t)n;
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

int parser_stream_write(int sock, struct span octets)
{
	const uint32_t size = (uint32_t)octets.size;
	int rc = send_all(sock, (const uint8_t *)&size, sizeof(size));

	return rc ? rc : send_all(sock, octets.data, octets.size);
}

int parser_stream_read(int sock, uint32_t most, struct arena *arena, struct span *out)
{
	uint8_t *data;
	uint32_t size;
	int rc = read_all(sock, (uint8_t *)&size, sizeof(size));

	if (rc)
		return rc;
	if (size > most)
		return -EBADMSG;
	data = arena_take(arena, size);
	if (!data)
		return -ENOMEM;
	*out = span_of(data, size);
	return read_all(sock, data, size);
}
