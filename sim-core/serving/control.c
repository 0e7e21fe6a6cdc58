#include "serving/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Without teesimd there is nobody to serve and nobody to tell. */
#define STATUS_ABANDONED 71

bool control_receive(struct control_packet *packet, bool block)
{
	ssize_t n = socket_receive(MESSAGE_HOST_CONTROL_FD, packet->bytes, sizeof(packet->bytes),
				   &packet->fds, block ? 0 : MSG_DONTWAIT);

	if (n == -EAGAIN && !block)
		return false;
	if (n < (ssize_t)sizeof(packet->header))
		_exit(STATUS_ABANDONED);
	packet->size = (size_t)n;
	return true;
}

void control_receive_start(struct control_packet *packet, char *path, size_t size)
{
	const struct message_start *start = &packet->start;

	(void)control_receive(packet, true);
	if (packet->size < sizeof(*start) || packet->header.type != MESSAGE_START ||
	    packet->fds.count != 2 || packet->size - sizeof(*start) != start->path_size ||
	    start->path_size >= size) {
		fputs("the first message of teesimd makes no sense\n", stderr);
		_exit(EXIT_FAILURE);
	}
	memcpy(path, packet->bytes + sizeof(*start), start->path_size);
	path[start->path_size] = '\0';
}

void control_send(const void *message, size_t size)
{
	if (socket_send(MESSAGE_HOST_CONTROL_FD, message, size, NULL, 0) < 0)
		_exit(STATUS_ABANDONED);
}

void control_send_started(uint32_t result, uint32_t origin, uint32_t sandbox_missing,
			  const char *text)
{
	struct {
		struct message_started started;
		char text[1024];
	} message;
	size_t length = text ? strnlen(text, sizeof(message.text)) : 0;

	memset(&message.started, 0, sizeof(message.started));
	message.started.header.type = MESSAGE_STARTED;
	message.started.result = result;
	message.started.origin = origin;
	message.started.sandbox_missing = sandbox_missing;
	message.started.text_size = (uint32_t)length;
	if (length)
		memcpy(message.text, text, length);
	control_send(&message, sizeof(message.started) + length);
}
