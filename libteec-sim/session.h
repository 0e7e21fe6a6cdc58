/*
 * Sessions: a command channel to one TA instance, and the queue of those who want to use it.
 */
#ifndef TEESIM_LIBTEEC_SESSION_H
#define TEESIM_LIBTEEC_SESSION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <tee_client_api.h>

#include "control.h"
#include "wire/channel_client.h"
#include "wire/uuid.h"

struct context;

/* Somebody who waits for the operation under way to end. */
struct session_waiter {
	struct session_waiter *next;
	uint32_t ticket;
	bool cancelled;
};

struct session {
	uint32_t handle;
	/* teesimd's number for it. */
	uint32_t id;
	struct uuid ta;
	/* Who the client is in it. */
	uint32_t login;
	uint32_t connection_data;
	bool may_reopen;
	uint64_t closed_at_ns;
	uint32_t instance;
	/* What is asked of teesimd, for the opening or for the operation under way: by the number
	 * that it has, or is to have, on the channel. */
	struct control_cancel asked;
	_Atomic bool open_cancelled;
	/* The number that the opening has on the channel. */
	uint32_t open_seq;
	/* The channel can be used: the host has it too. */
	_Atomic bool connected;
	/* Sticky: what every operation fails with, as a negative errno. */
	_Atomic int failure;
	struct context *context;
	struct session *next;
	struct channel_client client;

	/* Held by the one operation under way. */
	_Atomic uint32_t busy;
	_Atomic uint32_t waiters;
	/* Ticket of the operation under way, while it came from the queue. */
	_Atomic uint32_t current_ticket;
	_Atomic uint32_t current_seq;
	pthread_mutex_t queue_lock;
	pthread_cond_t queue_moved;
	struct session_waiter *queue;
	uint32_t last_ticket;
};

/* Frees the sessions that a context leaves behind. teesimd ends them when the connection closes. */
void session_abandon_all(struct context *context);

#endif
