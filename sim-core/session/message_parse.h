/*
 * Takes apart the control messages that teesimd receives. What arrives is hostile: a message that
 * message_parse() accepts is of a type that its sender may send, has exactly its type's size and
 * descriptors, and its tail adds up. Nothing behind it checks that again. Handlers still judge the
 * numbers in it: whose session that is, how large a block may be.
 *
 * Runs in teesimd. Touches nothing but its arguments.
 */
#ifndef TEESIM_SESSION_MESSAGE_PARSE_H
#define TEESIM_SESSION_MESSAGE_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "wire/message.h"

enum message_sender {
	MESSAGE_FROM_CLIENT,
	MESSAGE_FROM_HOST,
};

/* Octets inside the packet that was parsed; not terminated. */
struct message_text {
	const char *octets;
	size_t size;
};

struct message {
	union {
		struct message_header header;
		struct message_hello hello;
		struct message_open_session open_session;
		struct message_close_session close_session;
		struct message_cancel cancel;
		struct message_share_block share_block;
		struct message_release_block release_block;
		struct message_grow_arena grow_arena;
		struct message_connect connect;
		struct message_waits waits;
		struct message_bare bare;
		struct message_started started;
		struct message_session session;
		struct message_session_rests session_rests;
		struct message_host_answer host_answer;
		struct message_death death;
	};
	/* MESSAGE_HELLO: absolute or empty. */
	struct message_text client_directory;
	/* MESSAGE_HELLO. */
	struct message_text ta_path;
	/* MESSAGE_CONNECT and MESSAGE_CONNECT_AGAIN: 1 to 255 octets. */
	struct message_text host;
	/* MESSAGE_STARTED. */
	struct message_text text;
};

/* Returns 0, or -EPROTO with `*why` a few words about what is wrong. */
int message_parse(struct message *message, enum message_sender sender, const void *data,
		  size_t size, unsigned int descriptors, const char **why);

#endif
