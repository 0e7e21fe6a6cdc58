/*
 * The TA's way to the network: teesimd connects, this process reads and writes what is connected.
 *
 * Runs in ta-host, on the TA's thread. Sockets belong to the caller, who closes them; the sandbox
 * lets them be used without an address alone, so that each reaches the peer that it was connected
 * to.
 */
#ifndef TEESIM_TA_HOST_NETWORK_H
#define TEESIM_TA_HOST_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

/* Whom to connect to. */
struct network_peer {
	/* MESSAGE_CONNECT_TCP or MESSAGE_CONNECT_UDP. */
	uint32_t protocol;
	/* 4, 6, or 0 for either. */
	uint32_t ip_version;
	const char *host;
	uint16_t port;
};

/*
 * Connects, and leaves a socket that does not block in `*sock`. Where that is not -1 before, it is
 * a datagram socket that is connected anew and stays what it is. While `cancellable`, a
 * cancellation of the operation under way ends it.
 *
 * Returns RESULT_SUCCESS, or what the TA is to be told: RESULT_CANCEL, RESULT_ACCESS_DENIED,
 * RESULT_COMMUNICATION, or one of MESSAGE_CONNECT_….
 */
uint32_t network_connect(const struct network_peer *peer, bool cancellable, int *sock);

enum network_wait {
	NETWORK_READY,
	NETWORK_TIMED_OUT,
	NETWORK_CANCELLED,
};

/* Waits until `sock` can be read, or written, or has failed; or until `deadline_ns` (as
 * runtime_deadline() gives it), or, while `cancellable`, a cancellation. */
enum network_wait network_wait(int sock, bool to_write, uint64_t deadline_ns, bool cancellable);

#endif
