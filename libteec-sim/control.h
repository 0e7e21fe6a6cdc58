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

#define CONTROL_NOTHING UINT64_MAX

/* What lets other threads cancel the requests of one owner, who has one under way at a time. Owners
 * number what they make requests for, as they like but for CONTROL_NOTHING. */
struct control_cancel {
	/* The owner: what the request is for. Set before the request is. */
	_Atomic uint64_t purpose;
	/* The others: what is no longer wanted. */
	_Atomic uint64_t unwanted;
	/* The request under way, 0: none. */
	_Atomic uint32_t request;
};

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

/*
 * Sends `message` (whose header's `type` is set) as a request and waits for the answer.
 * `fds` may be NULL and stay the caller's. The answer must be of type `answer_type` and of
 * `answer_size` octets exactly. Descriptors that come along are the caller's. `cancel` may be NULL;
 * a cancelled request is answered all the same.
 *
 * Returns 0, or -EPIPE when teesimd is gone, -EPROTO for an answer that makes no sense, or what
 * sending gave.
 */
int control_call(struct control *control, struct control_cancel *cancel,
		 struct message_header *message, size_t size, const struct packet_fds *fds,
		 uint32_t answer_type, void *answer, size_t answer_size,
		 struct packet_fds *answer_fds);

/* `purpose` is no longer wanted: cancels the request that is under way for it, if one is. From any
 * thread. */
void control_cancel(struct control *control, struct control_cancel *cancel, uint64_t purpose);

/* Sends a message that has no answer. */
int control_send(struct control *control, struct message_header *message, size_t size);

/* Is teesimd still there? Never blocks. */
bool control_alive(struct control *control);

#endif
