#include "raw_client.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fixture.h"
#include "ta/villain.h"
#include "wire/result.h"

#define WAIT_MS FIXTURE_HANG_MS
/* No call to an honest TA takes longer. */
#define CALL_MS FIXTURE_HANG_MS

int raw_connect(bool greeted)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct {
		struct message_hello hello;
		char text[256];
	} message = { .hello = { .header = { .type = MESSAGE_HELLO, .request = 1 },
				 .protocol = MESSAGE_PROTOCOL } };
	struct message_answer answer;

	strcpy(address.sun_path, fixture_socket());
	cr_assert_eq(connect(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	if (!greeted)
		return sock;
	strcpy(message.text, HOSTILE_TA_DIR);
	message.hello.ta_path_size = sizeof(HOSTILE_TA_DIR) - 1;
	raw_send(sock, &message, sizeof(message.hello) + message.hello.ta_path_size, -1);
	raw_receive(sock, MESSAGE_ANSWER, &answer, sizeof(answer), NULL);
	cr_assert_eq(answer.result, RESULT_SUCCESS);
	return sock;
}

void raw_send(int sock, const void *message, size_t size, int fd)
{
	const struct packet_fds fds = { .fd = { fd }, .count = fd >= 0 };

	cr_assert_eq(socket_send(sock, message, size, &fds, 0), 0);
}

static bool readable(int sock)
{
	struct pollfd poller = { .fd = sock, .events = POLLIN };

	return poll(&poller, 1, WAIT_MS) == 1;
}

void raw_receive(int sock, uint32_t type, void *message, size_t size, struct packet_fds *fds)
{
	union {
		struct message_header header;
		uint8_t octets[MESSAGE_SIZE_MAX];
	} packet;
	struct packet_fds unwanted;
	ssize_t n;

	cr_assert(readable(sock), "no message came");
	n = socket_receive(sock, &packet, sizeof(packet), fds ? fds : &unwanted, 0);
	cr_assert_geq(n, (ssize_t)size, "no message, but %zd", n);
	cr_assert_eq(packet.header.type, type, "type %u instead of %u", packet.header.type, type);
	memcpy(message, packet.octets, size);
	if (!fds)
		packet_fds_close(&unwanted);
}

bool raw_cut_off(int sock)
{
	uint8_t octets[MESSAGE_SIZE_MAX];
	struct packet_fds fds;
	ssize_t n;

	do {
		if (!readable(sock))
			return false;
		n = socket_receive(sock, octets, sizeof(octets), &fds, 0);
		if (n > 0)
			packet_fds_close(&fds);
	} while (n > 0);
	return true;
}

bool raw_answered(int sock)
{
	const struct message_bare status = { .header = { .type = MESSAGE_STATUS, .request = 77 } };
	union {
		struct message_header header;
		uint8_t octets[MESSAGE_SIZE_MAX];
	} packet = { 0 };
	struct packet_fds fds;

	if (socket_send(sock, &status, sizeof(status), NULL, 0) < 0)
		return false;
	do {
		if (!readable(sock) || socket_receive(sock, &packet, sizeof(packet), &fds, 0) <= 0)
			return false;
		packet_fds_close(&fds);
	} while (packet.header.type != MESSAGE_STATUS_DEVICE);
	return true;
}

void raw_session_map(struct raw_session *session, int sock, unsigned int ta)
{
	const TEEC_UUID uuid = fixture_uuid(ta);
	const struct message_open_session open = {
		.header = { .type = MESSAGE_OPEN_SESSION, .request = 2 },
		.ta = uuid_from_fields(uuid.timeLow, uuid.timeMid, uuid.timeHiAndVersion,
				       uuid.clockSeqAndNode),
	};
	struct message_opened opened;
	struct packet_fds fds;

	raw_send(sock, &open, sizeof(open), -1);
	raw_receive(sock, MESSAGE_OPENED, &opened, sizeof(opened), &fds);
	cr_assert_eq(opened.result, RESULT_SUCCESS, "0x%x", opened.result);
	cr_assert_eq(fds.count, 2);
	session->sock = sock;
	session->id = opened.session;
	cr_assert_eq(channel_client_map(&session->client, fds.fd[0], fds.fd[1], opened.slot, -1),
		     0);
	packet_fds_close(&fds);
}

void raw_session_open(struct raw_session *session, int sock, unsigned int ta)
{
	struct channel_operation operation = { .op = CHANNEL_OPEN };

	raw_session_map(session, sock, ta);
	cr_assert_eq(raw_call(session, &operation), RESULT_SUCCESS);
}

void raw_session_unmap(struct raw_session *session)
{
	channel_client_unmap(&session->client);
}

static int call_tick(void *deadline)
{
	return fixture_now_ms() < *(uint64_t *)deadline ? 0 : -ETIMEDOUT;
}

uint32_t raw_call(struct raw_session *session, struct channel_operation *operation)
{
	uint64_t deadline = fixture_now_ms() + CALL_MS;
	int err = channel_client_call(&session->client, operation, call_tick, &deadline);

	cr_expect_neq(err, -ETIMEDOUT, "no answer to operation %u", operation->op);
	return err < 0 ? 1 : operation->result;
}

bool raw_session_works(struct raw_session *session)
{
	struct channel_operation operation = { .op = CHANNEL_INVOKE,
					       .cmd = VILLAIN_COUNT,
					       .types = CHANNEL_TYPE_VALUE_INOUT };

	operation.slot[0].value.a = 0x12345678;
	return raw_call(session, &operation) == RESULT_SUCCESS &&
	       operation.slot[0].value.b == ~0x12345678U;
}

uint32_t raw_share(const struct raw_session *session, uint32_t number, uint64_t size,
		   uint32_t flags, int fd)
{
	const struct message_share_block share = {
		.header = { .type = MESSAGE_SHARE_BLOCK, .request = 3 },
		.session = session->id,
		.block = number,
		.flags = flags,
		.size = size,
	};
	struct message_answer answer;

	raw_send(session->sock, &share, sizeof(share), fd);
	raw_receive(session->sock, MESSAGE_ANSWER, &answer, sizeof(answer), NULL);
	return answer.result;
}
