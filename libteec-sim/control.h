/*
 * A context's control connection to teesimd. Any number of threads have requests under way at
 * once; whoever waits and finds nobody reading reads for all. What teesimd answers is
 * checked for its type and size here.
 */
#ifndef TEESIM_LIBTEEC_CONTROL_H
#define TEESIM_LIBTEEC_CONTROL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/message.h"
#include "wire/socket.h"

struct control_request;

struct control {
	int sock;
	_Atomic bool dead;
	pthread_mutex_t lock;
	pthread_cond_t progress;
	bool reading;
	uint32_t last_request;
	struct control_request *waiting;
};

/* Takes over the connected socket. */
void control_init(struct control *control, int sock);
/* Closes the connection; nobody may be waiting any more. */
void control_fini(struct control *control);

/* Takes the next request number: to be put in `header.request` by control_call(). Named apart
 * from it so that a request can be cancelled from the moment it has been sent. */
uint32_t control_number(struct control *control);

/*
 * Sends `message` (whose header's `type` is set) as request `number` and waits for the answer.
 * `fds` may be NULL and stay the caller's. The answer must be of type `answer_type` and of
 * `answer_size` octets exactly. Descriptors that come along are the caller's.
 *
 * Returns 0, or -EPIPE when teesimd is gone, -EPROTO for an answer that makes no sense, or what
 * sending gave.
 */
int control_call(struct control *control, uint32_t number, struct message_header *message,
		 size_t size, const struct packet_fds *fds, uint32_t answer_type, void *answer,
		 size_t answer_size, struct packet_fds *answer_fds);

/* Sends a message that has no answer. */
int control_send(struct control *control, struct message_header *message, size_t size);

/* Is teesimd still there? Never blocks. */
bool control_alive(struct control *control);

#endif
