/*
 * The host's end of the control socket. teesimd is trusted; what comes from it is checked for its
 * shape all the same, so that a bug there shows here.
 */
#ifndef TEESIM_SERVING_CONTROL_H
#define TEESIM_SERVING_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/message.h"
#include "wire/socket.h"

/* One message with what came along. `size` is that of the whole packet. */
struct control_packet {
	union {
		struct message_header header;
		struct message_start start;
		struct message_library library;
		struct message_add_session add_session;
		struct message_session session;
		struct message_resume_session resume_session;
		struct message_map_block map_block;
		struct message_unmap_block unmap_block;
		struct message_map_arena map_arena;
		uint8_t bytes[MESSAGE_SIZE_MAX];
	};
	size_t size;
	struct packet_fds fds;
};

/* Reads the next message; the process ends when teesimd is gone. With `block` false, returns false
 * when there is none. Descriptors are the caller's: packet_fds_close(). */
bool control_receive(struct control_packet *packet, bool block);

/* Takes the first message to a program that is no TA host: MESSAGE_START, whose text goes
 * terminated to `path` of `size` octets, and which brings two descriptors. The process ends where
 * it is anything else. */
void control_receive_start(struct control_packet *packet, char *path, size_t size);

/* Sends a message; the process ends when teesimd is gone. */
void control_send(const void *message, size_t size);

/* Reports how starting went. `text` says why not, for the developer. */
void control_send_started(uint32_t result, uint32_t origin, uint32_t sandbox_missing,
			  const char *text);

#endif
