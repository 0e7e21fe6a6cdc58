#include "network.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "runtime.h"
#include "session/network_rules.h"
#include "wire/message.h"
#include "wire/result.h"
#include "wire/socket.h"
#include "wire/wait.h"

/* How often a cancellation is looked for. */
#define TICK_MS	  4
#define NS_PER_MS 1000000U

/* Requests here are told from those of client.c. */
#define REQUEST_BIT 0x80000000U

enum network_wait network_wait(int sock, bool to_write, uint64_t deadline_ns, bool cancellable)
{
	struct pollfd poller = { .fd = sock, .events = to_write ? POLLOUT : POLLIN };

	for (;;) {
		const uint64_t now = wait_now_ns();
		int ms = cancellable ? TICK_MS : 60000;

		if (cancellable && runtime_cancel_requested())
			return NETWORK_CANCELLED;
		if (deadline_ns != UINT64_MAX) {
			const uint64_t left = now < deadline_ns ? deadline_ns - now : 0;

			if (left / NS_PER_MS < (uint64_t)ms)
				ms = (int)((left + NS_PER_MS - 1) / NS_PER_MS);
		}
		if (poll(&poller, 1, ms) > 0)
			return NETWORK_READY;
		if (wait_now_ns() >= deadline_ns)
			return NETWORK_TIMED_OUT;
	}
}

/* Takes the answer to `request`, whatever else comes before it. Returns 0 or -errno. */
static int answer_take(uint32_t request, struct message_answer *answer, struct packet_fds *fds)
{
	for (;;) {
		ssize_t got =
			socket_receive(MESSAGE_HOST_CLIENT_FD, answer, sizeof(*answer), fds, 0);

		if (got < (ssize_t)sizeof(answer->header))
			return got < 0 ? (int)got : -EPIPE;
		if (answer->header.request == request)
			return answer->header.type == MESSAGE_ANSWER &&
					       (size_t)got == sizeof(*answer)
				       ? 0
				       : -EPROTO;
		packet_fds_close(fds);
	}
}

/* Waits for the answer; asks for it to come at once where the operation is cancelled. */
static int answer_wait(uint32_t request, bool cancellable, struct message_answer *answer,
		       struct packet_fds *fds)
{
	const struct message_cancel cancel = { .header.type = MESSAGE_CANCEL, .target = request };

	if (network_wait(MESSAGE_HOST_CLIENT_FD, false, UINT64_MAX, cancellable) ==
	    NETWORK_CANCELLED) {
		int err = socket_send(MESSAGE_HOST_CLIENT_FD, &cancel, sizeof(cancel), NULL, 0);

		if (err < 0)
			return err;
	}
	return answer_take(request, answer, fds);
}

static int ask(const struct network_peer *peer, uint32_t number, int given)
{
	const size_t size = strlen(peer->host);
	struct {
		struct message_connect connect;
		char host[NETWORK_HOST_SIZE];
	} message = {
		.connect = {
			.header.type = given >= 0 ? MESSAGE_CONNECT_AGAIN : MESSAGE_CONNECT,
			.header.request = number,
			.protocol = peer->protocol,
			.ip_version = peer->ip_version,
			.port = peer->port,
			.host_size = (uint32_t)size,
		},
	};
	const struct packet_fds fds = { .fd = { given }, .count = given >= 0 };

	memcpy(message.host, peer->host, size);
	return socket_send(MESSAGE_HOST_CLIENT_FD, &message, sizeof(message.connect) + size, &fds,
			   0);
}

uint32_t network_connect(const struct network_peer *peer, bool cancellable, int *sock)
{
	static uint32_t last_request;
	const uint32_t number = REQUEST_BIT | ++last_request;
	struct message_answer answer = { 0 };
	struct packet_fds fds = { 0 };
	uint32_t result;
	int err;

	if (!peer->host[0] || strlen(peer->host) >= NETWORK_HOST_SIZE)
		return MESSAGE_CONNECT_NO_SUCH_HOST;
	if (!peer->port)
		return RESULT_COMMUNICATION;
	err = ask(peer, number, *sock);
	if (!err)
		err = answer_wait(number, cancellable, &answer, &fds);
	/* There was no room for the descriptor that came along. */
	if (err == -EPROTO)
		return MESSAGE_CONNECT_NO_RESOURCES;
	if (err < 0)
		return RESULT_COMMUNICATION;
	result = answer.result;
	if (result == RESULT_SUCCESS && *sock < 0) {
		*sock = packet_fds_take(&fds, 0);
		if (*sock < 0)
			result = MESSAGE_CONNECT_NO_RESOURCES;
	}
	packet_fds_close(&fds);
	return result;
}
