/*
 * A client that speaks the protocol itself, and so can break it: control messages as octets, and
 * sessions whose channel and doorbell are there to be written to.
 */
#ifndef TEESIM_TEST_HOSTILE_RAW_CLIENT_H
#define TEESIM_TEST_HOSTILE_RAW_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/channel_client.h"
#include "wire/message.h"
#include "wire/socket.h"

struct raw_session {
	int sock;
	uint32_t id;
	struct channel_client client;
};

/* Connects; with `greeted`, says hello, too. The caller closes the socket. */
int raw_connect(bool greeted);

void raw_send(int sock, const void *message, size_t size, int fd);

/* Receives one message of `type` into `message`; fails the test when none or another comes. The
 * descriptors are the caller's when `fds` is not NULL. */
void raw_receive(int sock, uint32_t type, void *message, size_t size, struct packet_fds *fds);
/* Does the daemon end the connection? What it says before is read and forgotten. */
bool raw_cut_off(int sock);
/* Is the daemon still at this end, and answering? */
bool raw_answered(int sock);

/* Asks for a session with the TA and maps it; the TA's open entry point has not been called. */
void raw_session_map(struct raw_session *session, int sock, unsigned int ta);
/* The same, and calls it. */
void raw_session_open(struct raw_session *session, int sock, unsigned int ta);
void raw_session_unmap(struct raw_session *session);

/* Runs an operation; returns the result, or 1 for a call that came to nothing. */
uint32_t raw_call(struct raw_session *session, struct channel_operation *operation);
/* Is the session served, and right? */
bool raw_session_works(struct raw_session *session);

/* Shares `fd` as block `number`; returns the answer's result. */
uint32_t raw_share(const struct raw_session *session, uint32_t number, uint64_t size,
		   uint32_t flags, int fd);

#endif
