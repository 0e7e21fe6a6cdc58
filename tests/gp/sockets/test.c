/*
 * TEE Sockets API, from a TA in a sandbox, with servers in this process.
 */
#include "fixture.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sockets/commands.h"

/* <tee_isocket.h> of the kit, and its kin. */
#define TCP		       0x65
#define UDP		       0x66
#define ERROR_PROTOCOL	       0xF1007001
#define ERROR_REMOTE_CLOSED    0xF1007002
#define ERROR_TIMEOUT	       0xF1007003
#define ERROR_OUT_OF_RESOURCES 0xF1007004
#define ERROR_LARGE_BUFFER     0xF1007005
#define ERROR_HOSTNAME	       0xF1007007
#define TCP_SET_RECVBUF	       0x65f00000
#define TCP_SET_SENDBUF	       0x65f00001
#define UDP_CHANGEADDR	       0x66000001
#define UDP_CHANGEPORT	       0x66000002
#define FOR_EVER	       0xFFFFFFFF

/* As TEE_ipSocket_ipVersion has them. */
enum {
	EITHER,
	IPV4,
	IPV6
};

static const TEEC_UUID ta = UUID_SOCKETS;

static struct client client;

static void start(void)
{
	fixture_start();
	client_open(&client, &ta);
}

static void stop(void)
{
	client_close(&client);
	fixture_stop();
}

TestSuite(sockets, .init = start, .fini = stop);

/*
 * Servers.
 */

struct server {
	int sock;
	uint16_t port;
	pthread_t thread;
};

static void server_bind(struct server *server, int family, int type, const char *address)
{
	struct sockaddr_storage at = { .ss_family = (sa_family_t)family };
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&at;
	struct sockaddr_in *four = (struct sockaddr_in *)&at;
	socklen_t size = sizeof(at);

	cr_assert_eq(inet_pton(family, address,
			       family == AF_INET ? (void *)&four->sin_addr
						 : (void *)&six->sin6_addr),
		     1);
	server->sock = socket(family, type | SOCK_CLOEXEC, 0);
	cr_assert_geq(server->sock, 0);
	cr_assert_eq(bind(server->sock, (struct sockaddr *)&at,
			  family == AF_INET ? sizeof(*four) : sizeof(*six)),
		     0, "%s: %s", address, strerror(errno));
	cr_assert_eq(getsockname(server->sock, (struct sockaddr *)&at, &size), 0);
	server->port = ntohs(family == AF_INET ? four->sin_port : six->sin6_port);
}

/* Takes one connection, gives back what comes on it, and closes it when the other side has. */
static void *echo_stream(void *arg)
{
	struct server *server = arg;
	int sock = accept4(server->sock, NULL, NULL, SOCK_CLOEXEC);
	char octets[4096];
	ssize_t n;

	while (sock >= 0 && (n = read(sock, octets, sizeof(octets))) > 0)
		if (write(sock, octets, (size_t)n) != n)
			break;
	if (sock >= 0)
		close(sock);
	return NULL;
}

/* Takes one connection, says one thing, and closes it. */
static void *hang_up(void *arg)
{
	struct server *server = arg;
	int sock = accept4(server->sock, NULL, NULL, SOCK_CLOEXEC);

	if (sock >= 0) {
		(void)!write(sock, "bye", 3);
		close(sock);
	}
	return NULL;
}

/* Gives back each datagram with the server's letter in front, until one is empty. */
static void *echo_datagrams(void *arg)
{
	struct server *server = arg;
	struct sockaddr_storage from;
	char octets[65536];
	ssize_t n;

	do {
		socklen_t size = sizeof(from);

		n = recvfrom(server->sock, octets + 1, sizeof(octets) - 1, 0,
			     (struct sockaddr *)&from, &size);
		octets[0] = (char)('A' + server->port % 26);
		if (n > 0)
			(void)!sendto(server->sock, octets, (size_t)n + 1, 0,
				      (struct sockaddr *)&from, size);
	} while (n > 0);
	return NULL;
}

static void server_start(struct server *server, int family, int type, const char *address,
			 void *(*run)(void *))
{
	server_bind(server, family, type, address);
	if (type == SOCK_STREAM)
		cr_assert_eq(listen(server->sock, 8), 0);
	cr_assert_eq(pthread_create(&server->thread, NULL, run, server), 0);
}

static void server_stop(struct server *server)
{
	(void)shutdown(server->sock, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->sock);
}

/*
 * The TA.
 */

static uint32_t protocol_error, socket_handle;

static TEEC_Result ta_open(uint32_t protocol, uint32_t version, const char *host, uint16_t port)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT,
								    TEEC_MEMREF_TEMP_INPUT,
								    TEEC_VALUE_OUTPUT, 0) };
	TEEC_Result result;

	operation.params[0].value.a = protocol;
	operation.params[0].value.b = version << 16 | port;
	operation.params[1].tmpref.buffer = (void *)host;
	operation.params[1].tmpref.size = strlen(host) + 1;
	result = client_invoke(&client, CMD_OPEN, &operation);
	protocol_error = operation.params[2].value.a;
	socket_handle = operation.params[2].value.b;
	return result;
}

static TEEC_Result ta_close(void)
{
	return client_invoke(&client, CMD_CLOSE, NULL);
}

static TEEC_Operation transfer(uint32_t type, void *data, size_t size, uint32_t timeout,
			       bool unmask)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(type, TEEC_VALUE_INPUT,
								    TEEC_VALUE_INOUT, 0) };

	operation.params[0].tmpref.buffer = data;
	operation.params[0].tmpref.size = size;
	operation.params[1].value.a = timeout;
	operation.params[2].value.b = unmask;
	return operation;
}

static TEEC_Result ta_send(const void *data, size_t *size, uint32_t timeout)
{
	TEEC_Operation operation =
		transfer(TEEC_MEMREF_TEMP_INPUT, (void *)data, *size, timeout, false);
	TEEC_Result result = client_invoke(&client, CMD_SEND, &operation);

	*size = operation.params[2].value.a;
	return result;
}

static TEEC_Result ta_receive(void *data, size_t *size, uint32_t timeout)
{
	TEEC_Operation operation = transfer(TEEC_MEMREF_TEMP_OUTPUT, data, *size, timeout, false);
	TEEC_Result result = client_invoke(&client, CMD_RECEIVE, &operation);

	*size = operation.params[0].tmpref.size;
	return result;
}

static void expect_sent(const char *text)
{
	size_t size = strlen(text);

	cr_expect_eq(ta_send(text, &size, FOR_EVER), TEEC_SUCCESS);
	cr_expect_eq(size, strlen(text));
}

/* All of `text` comes, in one part or several. */
static void expect_received(const char *text)
{
	char octets[256] = "";
	size_t got = 0, size;

	while (got < strlen(text)) {
		size = sizeof(octets) - 1 - got;
		cr_assert_eq(ta_receive(octets + got, &size, FOR_EVER), TEEC_SUCCESS);
		got += size;
	}
	cr_expect_str_eq(octets, text);
}

static uint32_t ta_error(void)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0) };

	cr_assert_eq(client_invoke(&client, CMD_ERROR, &operation), TEEC_SUCCESS);
	return operation.params[0].value.a;
}

static TEEC_Result ta_ioctl(uint32_t code, const void *data, size_t size)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT,
								    TEEC_MEMREF_TEMP_INPUT, 0, 0) };

	operation.params[0].value.a = code;
	operation.params[1].tmpref.buffer = (void *)data;
	operation.params[1].tmpref.size = size;
	return client_invoke(&client, CMD_IOCTL, &operation);
}

/*
 * TCP.
 */

static void expect_echo(int family, const char *listens, uint32_t version, const char *name)
{
	struct server server;

	server_start(&server, family, SOCK_STREAM, listens, echo_stream);
	cr_assert_eq(ta_open(TCP, version, name, server.port), TEEC_SUCCESS, "%s", name);
	cr_expect_eq(protocol_error, TEEC_SUCCESS);
	cr_expect_gt(socket_handle, 0);
	expect_sent("hello");
	expect_received("hello");
	expect_sent("world");
	expect_received("world");
	cr_expect_eq(ta_error(), TEEC_SUCCESS);
	cr_expect_eq(ta_close(), TEEC_SUCCESS);
	server_stop(&server);
}

Test(sockets, tcp_reaches_this_machine_by_ipv4)
{
	expect_echo(AF_INET, "127.0.0.1", EITHER, "127.0.0.1");
	expect_echo(AF_INET, "127.0.0.1", IPV4, "127.0.0.1");
	expect_echo(AF_INET, "127.3.2.1", EITHER, "127.3.2.1");
	expect_echo(AF_INET, "127.0.0.1", EITHER, "localhost");
	expect_echo(AF_INET, "127.0.0.1", IPV4, "LocalHost");
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	int sock = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = sock >= 0 && !bind(sock, (struct sockaddr *)&address, sizeof(address));

	if (sock >= 0)
		close(sock);
	return has;
}

Test(sockets, tcp_reaches_this_machine_by_ipv6)
{
	if (!has_ipv6()) {
		cr_log_warn("this machine has no IPv6");
		return;
	}
	expect_echo(AF_INET6, "::1", EITHER, "::1");
	expect_echo(AF_INET6, "::1", IPV6, "::1");
	expect_echo(AF_INET6, "::1", IPV6, "localhost");
	/* Where nobody listens by IPv4, the other is tried. */
	expect_echo(AF_INET6, "::1", EITHER, "localhost");
}

Test(sockets, an_address_of_the_other_version_is_no_host)
{
	cr_expect_eq(ta_open(TCP, IPV6, "127.0.0.1", 1), ERROR_PROTOCOL);
	cr_expect_eq(protocol_error, ERROR_HOSTNAME);
	cr_expect_eq(socket_handle, 0);
	cr_expect_eq(ta_open(TCP, IPV4, "::1", 1), ERROR_PROTOCOL);
	cr_expect_eq(protocol_error, ERROR_HOSTNAME);
	cr_expect_eq(ta_open(TCP, 3, "127.0.0.1", 1), TEEC_ERROR_BAD_PARAMETERS);
}

Test(sockets, what_is_no_name_of_a_host_is_a_protocol_error)
{
	static const char *const names[] = { "", "-x", "a b", "127.0.0.1/8", "[::1]", "a:b" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cr_expect_eq(ta_open(TCP, EITHER, names[i], 80), ERROR_PROTOCOL, "\"%s\"",
			     names[i]);
		cr_expect_eq(protocol_error, ERROR_HOSTNAME);
	}
}

Test(sockets, nobody_who_listens_is_a_communication_error)
{
	struct server server;

	server_bind(&server, AF_INET, SOCK_STREAM, "127.0.0.1");
	cr_expect_eq(ta_open(TCP, EITHER, "127.0.0.1", server.port), TEEC_ERROR_COMMUNICATION);
	cr_expect_eq(protocol_error, TEEC_SUCCESS);
	cr_expect_eq(socket_handle, 0);
	cr_expect_eq(ta_open(TCP, EITHER, "127.0.0.1", 0), TEEC_ERROR_COMMUNICATION);
	close(server.sock);
}

Test(sockets, end_of_a_stream_is_told)
{
	struct server server;
	char octets[16];
	size_t size = sizeof(octets);

	server_start(&server, AF_INET, SOCK_STREAM, "127.0.0.1", hang_up);
	cr_assert_eq(ta_open(TCP, EITHER, "127.0.0.1", server.port), TEEC_SUCCESS);
	expect_received("bye");
	cr_expect_eq(ta_receive(octets, &size, FOR_EVER), ERROR_REMOTE_CLOSED);
	cr_expect_eq(ta_error(), ERROR_REMOTE_CLOSED);
	cr_expect_eq(size, sizeof(octets));
	server_stop(&server);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

Test(sockets, receiving_has_a_time_out)
{
	const uint64_t before = now_ms();
	struct server server;
	char octets[16];
	size_t size = sizeof(octets);

	server_start(&server, AF_INET, SOCK_STREAM, "127.0.0.1", echo_stream);
	cr_assert_eq(ta_open(TCP, EITHER, "127.0.0.1", server.port), TEEC_SUCCESS);
	cr_expect_eq(ta_receive(octets, &size, 0), ERROR_TIMEOUT);
	cr_expect_eq(ta_receive(octets, &size, 50), ERROR_TIMEOUT);
	cr_expect_geq(now_ms() - before, 49);
	cr_expect_eq(size, sizeof(octets));
	cr_expect_eq(ta_error(), ERROR_TIMEOUT);
	/* The socket is none the worse for it. */
	expect_sent("late");
	expect_received("late");
	cr_expect_eq(ta_error(), TEEC_SUCCESS);
	cr_expect_eq(ta_close(), TEEC_SUCCESS);
	server_stop(&server);
}

/* A connection whose other end is never read. The caller closes both numbers. */
static void deaf_peer_open(struct server *server, int *peer)
{
	const uint32_t small = 4096;

	server_bind(server, AF_INET, SOCK_STREAM, "127.0.0.1");
	cr_assert_eq(setsockopt(server->sock, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	cr_assert_eq(listen(server->sock, 1), 0);
	cr_assert_eq(ta_open(TCP, EITHER, "127.0.0.1", server->port), TEEC_SUCCESS);
	*peer = accept4(server->sock, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_geq(*peer, 0);
	cr_expect_eq(ta_ioctl(TCP_SET_SENDBUF, &small, sizeof(small)), TEEC_SUCCESS);
	cr_expect_eq(ta_ioctl(TCP_SET_RECVBUF, &small, sizeof(small)), TEEC_SUCCESS);
}

Test(sockets, sending_has_a_time_out_and_tells_how_much_went)
{
	static char octets[16 * 1024];
	struct server server;
	size_t sent = 0, size;
	TEEC_Result result;
	int peer;

	deaf_peer_open(&server, &peer);
	do {
		size = sizeof(octets);
		result = ta_send(octets, &size, 10);
		sent += size;
	} while (result == TEEC_SUCCESS && sent < 64U << 20);
	cr_expect_eq(result, ERROR_TIMEOUT);
	cr_expect_lt(size, sizeof(octets));
	cr_expect_eq(ta_error(), ERROR_TIMEOUT);
	cr_expect_lt(sent, 4U << 20, "the buffers are not small: %zu", sent);
	close(peer);
	close(server.sock);
}

Test(sockets, sizes_of_buffers_are_numbers_of_32_bits)
{
	const uint32_t size = 65536;
	struct server server;
	int peer;

	deaf_peer_open(&server, &peer);
	cr_expect_eq(ta_ioctl(TCP_SET_RECVBUF, &size, 3), TEEC_ERROR_BAD_PARAMETERS);
	cr_expect_eq(ta_ioctl(TCP_SET_SENDBUF, &size, 0), TEEC_ERROR_BAD_PARAMETERS);
	cr_expect_eq(ta_ioctl(TCP_SET_RECVBUF, &size, 4), TEEC_SUCCESS);
	/* What is for all protocols does nothing. */
	cr_expect_eq(ta_ioctl(0x00F00000, &size, 4), TEEC_SUCCESS);
	close(peer);
	close(server.sock);
}

/*
 * Cancellation.
 */

struct cancelling {
	TEEC_Operation *operation;
	unsigned int ms;
	atomic_bool done;
};

/* Again and again, as an operation that has not got anywhere yet is not reached. */
static void *cancel_soon(void *arg)
{
	struct cancelling *cancelling = arg;

	for (unsigned int waited = 0; waited < cancelling->ms && !cancelling->done; waited += 10)
		usleep(10000);
	do {
		TEEC_RequestCancellation(cancelling->operation);
		usleep(5000);
	} while (!cancelling->done);
	return NULL;
}

/* While the TA is at it; where it had not even begun, it is done again, later. */
static TEEC_Result invoke_cancelled(uint32_t command, TEEC_Operation *operation)
{
	const TEEC_Operation before = *operation;
	struct cancelling cancelling = { .operation = operation };
	TEEC_Result result;
	pthread_t thread;

	for (cancelling.ms = 100;; cancelling.ms *= 2) {
		*operation = before;
		operation->started = 0;
		cancelling.done = false;
		cr_assert_eq(pthread_create(&thread, NULL, cancel_soon, &cancelling), 0);
		result = client_invoke(&client, command, operation);
		cancelling.done = true;
		pthread_join(thread, NULL);
		if (result != TEEC_ERROR_CANCEL || client.origin == TEEC_ORIGIN_TRUSTED_APP ||
		    cancelling.ms > 20000)
			return result;
	}
}

Test(sockets, receiving_is_cancelled)
{
	char octets[16];
	TEEC_Operation operation =
		transfer(TEEC_MEMREF_TEMP_OUTPUT, octets, sizeof(octets), FOR_EVER, true);
	struct server server;
	int peer;

	deaf_peer_open(&server, &peer);
	cr_expect_eq(invoke_cancelled(CMD_RECEIVE, &operation), TEEC_ERROR_CANCEL);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TRUSTED_APP);
	/* Masked, it goes on to its own end. */
	operation = transfer(TEEC_MEMREF_TEMP_OUTPUT, octets, sizeof(octets), 300, false);
	cr_expect_eq(invoke_cancelled(CMD_RECEIVE, &operation), ERROR_TIMEOUT);
	close(peer);
	close(server.sock);
}

Test(sockets, sending_is_cancelled)
{
	static char octets[8 << 20];
	TEEC_Operation operation =
		transfer(TEEC_MEMREF_TEMP_INPUT, octets, sizeof(octets), FOR_EVER, true);
	struct server server;
	int peer;

	deaf_peer_open(&server, &peer);
	cr_expect_eq(invoke_cancelled(CMD_SEND, &operation), TEEC_ERROR_CANCEL);
	cr_expect_gt(operation.params[2].value.a, 0);
	cr_expect_lt(operation.params[2].value.a, sizeof(octets));
	close(peer);
	close(server.sock);
}

/* A server whose queue is full does not answer at all. */
static void queue_fill(const struct server *server, int queued[4])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(server->port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	cr_assert_eq(listen(server->sock, 0), 0);
	for (int i = 0; i < 4; i++) {
		queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(queued[i], (struct sockaddr *)&address, sizeof(address));
	}
}

Test(sockets, connecting_is_cancelled)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT,
								    TEEC_MEMREF_TEMP_INPUT,
								    TEEC_VALUE_OUTPUT, 0) };
	char host[] = "127.0.0.1";
	struct server server;
	int queued[4];

	server_bind(&server, AF_INET, SOCK_STREAM, host);
	queue_fill(&server, queued);
	operation.params[0].value.a = TCP;
	operation.params[0].value.b = server.port;
	operation.params[1].tmpref.buffer = host;
	operation.params[1].tmpref.size = sizeof(host);
	cr_expect_eq(invoke_cancelled(CMD_OPEN, &operation), TEEC_ERROR_CANCEL);
	cr_expect_eq(operation.params[2].value.b, 0);
	for (int i = 0; i < 4; i++)
		close(queued[i]);
	close(server.sock);
	/* teesimd is ready for the next. */
	expect_echo(AF_INET, host, EITHER, host);
}

Test(sockets, a_ta_that_goes_while_it_connects_leaves_nothing)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT,
								    TEEC_MEMREF_TEMP_INPUT,
								    TEEC_VALUE_OUTPUT, 0) };
	struct cancelling cancelling = { .operation = &operation, .ms = 100 };
	char host[] = "127.0.0.1";
	struct server server;
	pthread_t thread;
	int queued[4];

	server_bind(&server, AF_INET, SOCK_STREAM, host);
	queue_fill(&server, queued);
	operation.params[0].value.a = TCP;
	operation.params[0].value.b = server.port;
	operation.params[1].tmpref.buffer = host;
	operation.params[1].tmpref.size = sizeof(host);
	cr_assert_eq(pthread_create(&thread, NULL, cancel_soon, &cancelling), 0);
	(void)client_invoke(&client, CMD_OPEN, &operation);
	cancelling.done = true;
	pthread_join(thread, NULL);
	for (int i = 0; i < 4; i++)
		close(queued[i]);
	close(server.sock);
}

/*
 * UDP.
 */

static void expect_datagram(const struct server *from, const char *text)
{
	char octets[64] = "";
	size_t size = sizeof(octets) - 1;

	expect_sent(text);
	cr_expect_eq(ta_receive(octets, &size, FOR_EVER), TEEC_SUCCESS);
	cr_expect_eq(octets[0], 'A' + from->port % 26);
	cr_expect_str_eq(octets + 1, text);
}

Test(sockets, udp_keeps_datagrams_apart)
{
	struct server server;

	server_start(&server, AF_INET, SOCK_DGRAM, "127.0.0.1", echo_datagrams);
	cr_assert_eq(ta_open(UDP, EITHER, "127.0.0.1", server.port), TEEC_SUCCESS);
	expect_datagram(&server, "one");
	expect_datagram(&server, "another");
	cr_expect_eq(ta_error(), TEEC_SUCCESS);
	cr_expect_eq(ta_close(), TEEC_SUCCESS);
	server_stop(&server);
}

Test(sockets, udp_cuts_a_datagram_that_is_too_long_for_its_room)
{
	struct server server;
	char octets[4];
	size_t size = sizeof(octets);

	server_start(&server, AF_INET, SOCK_DGRAM, "127.0.0.1", echo_datagrams);
	cr_assert_eq(ta_open(UDP, EITHER, "localhost", server.port), TEEC_SUCCESS);
	expect_sent("0123456789");
	cr_expect_eq(ta_receive(octets, &size, FOR_EVER), TEEC_SUCCESS);
	cr_expect_eq(size, 4);
	cr_expect_eq(memcmp(octets + 1, "012", 3), 0);
	/* Its rest is gone. */
	size = sizeof(octets);
	cr_expect_eq(ta_receive(octets, &size, 0), ERROR_TIMEOUT);
	server_stop(&server);
}

Test(sockets, udp_datagram_that_no_network_takes_is_too_large)
{
	static char octets[70000];
	size_t size = sizeof(octets);
	struct server server;

	server_start(&server, AF_INET, SOCK_DGRAM, "127.0.0.1", echo_datagrams);
	cr_assert_eq(ta_open(UDP, EITHER, "127.0.0.1", server.port), TEEC_SUCCESS);
	cr_expect_eq(ta_send(octets, &size, FOR_EVER), ERROR_LARGE_BUFFER);
	cr_expect_eq(size, 0);
	server_stop(&server);
}

Test(sockets, udp_peer_is_changed)
{
	struct server first, second, third;
	char octets[16];
	size_t size = sizeof(octets);

	server_start(&first, AF_INET, SOCK_DGRAM, "127.0.0.1", echo_datagrams);
	server_start(&second, AF_INET, SOCK_DGRAM, "127.0.0.1", echo_datagrams);
	server_start(&third, AF_INET, SOCK_DGRAM, "127.0.0.2", echo_datagrams);
	cr_assert_eq(ta_open(UDP, EITHER, "127.0.0.1", first.port), TEEC_SUCCESS);
	expect_datagram(&first, "one");
	cr_expect_eq(ta_ioctl(UDP_CHANGEPORT, &second.port, sizeof(second.port)), TEEC_SUCCESS);
	expect_datagram(&second, "two");
	cr_expect_eq(ta_ioctl(UDP_CHANGEPORT, &third.port, sizeof(third.port)), TEEC_SUCCESS);
	cr_expect_eq(ta_ioctl(UDP_CHANGEADDR, "127.0.0.2", 10), TEEC_SUCCESS);
	expect_datagram(&third, "three");

	cr_expect_eq(ta_ioctl(UDP_CHANGEPORT, &third.port, 1), TEEC_ERROR_BAD_PARAMETERS);
	cr_expect_eq(ta_ioctl(UDP_CHANGEADDR, "127.0.0.2", 9), ERROR_HOSTNAME);
	cr_expect_eq(ta_ioctl(UDP_CHANGEADDR, "", 0), ERROR_HOSTNAME);
	cr_expect_eq(ta_ioctl(UDP_CHANGEADDR, "::1", 4), ERROR_HOSTNAME);
	cr_expect_eq(ta_ioctl(UDP_CHANGEADDR, "192.0.2.1", 10), TEEC_ERROR_ACCESS_DENIED);
	cr_expect_eq(ta_error(), TEEC_ERROR_ACCESS_DENIED);
	/* It goes on with whom it had. */
	expect_datagram(&third, "four");
	cr_expect_eq(ta_receive(octets, &size, 0), ERROR_TIMEOUT);
	server_stop(&first);
	server_stop(&second);
	server_stop(&third);
}

Test(sockets, there_are_many_but_not_any_number)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, 0, 0, 0) };
	struct server server;

	server_start(&server, AF_INET, SOCK_DGRAM, "127.0.0.1", echo_datagrams);
	for (int round = 0; round < 2; round++) {
		operation.params[0].value.a = server.port;
		cr_expect_eq(client_invoke(&client, CMD_OPEN_MANY, &operation),
			     ERROR_OUT_OF_RESOURCES);
		cr_expect_geq(operation.params[0].value.b, 100);
		cr_expect_lt(operation.params[0].value.b, 1000);
	}
	cr_assert_eq(ta_open(UDP, EITHER, "127.0.0.1", server.port), TEEC_SUCCESS);
	expect_datagram(&server, "one");
	server_stop(&server);
}

/*
 * Who may be reached.
 */

Test(sockets, others_than_this_machine_are_refused_and_the_log_says_how_to_allow_them)
{
	cr_expect_eq(ta_open(TCP, EITHER, "192.0.2.1", 443), TEEC_ERROR_ACCESS_DENIED);
	cr_expect(fixture_log_has("--allow-net 192.0.2.1:443"));
	cr_expect_eq(ta_open(UDP, EITHER, "example.com", 53), TEEC_ERROR_ACCESS_DENIED);
	cr_expect(fixture_log_has("--allow-net example.com:53"));
	cr_expect_eq(ta_open(TCP, EITHER, "2001:db8::1", 443), TEEC_ERROR_ACCESS_DENIED);
	cr_expect(fixture_log_has("--allow-net [2001:db8::1]:443"));
	/* Not the loopback interface, but all of them. */
	cr_expect_eq(ta_open(TCP, EITHER, "0.0.0.0", 443), TEEC_ERROR_ACCESS_DENIED);
	cr_expect_eq(ta_open(TCP, EITHER, "::", 443), TEEC_ERROR_ACCESS_DENIED);
}

Test(sockets, hosts_that_were_named_are_reached_by_name)
{
	char name[256], option[300];
	const char *const arguments[] = { option, NULL };
	const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	struct server server;

	cr_assert_eq(gethostname(name, sizeof(name)), 0);
	if (getaddrinfo(name, NULL, &hints, &found))
		cr_skip_test("this machine does not know its own name");
	freeaddrinfo(found);
	server_start(&server, AF_INET, SOCK_STREAM, "0.0.0.0", echo_stream);
	cr_expect_eq(ta_open(TCP, IPV4, name, server.port), TEEC_ERROR_ACCESS_DENIED);
	client_close(&client);
	snprintf(option, sizeof(option), "--allow-net=192.0.2.1,%s:%u", name, server.port);
	fixture_restart(SIGTERM, arguments);
	client_open(&client, &ta);
	cr_expect_eq(ta_open(TCP, IPV4, name, (uint16_t)(server.port ^ 1)),
		     TEEC_ERROR_ACCESS_DENIED);
	cr_assert_eq(ta_open(TCP, IPV4, name, server.port), TEEC_SUCCESS);
	expect_sent("hello");
	expect_received("hello");
	cr_expect_eq(ta_close(), TEEC_SUCCESS);
	server_stop(&server);
}

static void *open_to_nobody(void *arg)
{
	*(TEEC_Result *)arg = ta_open(TCP, IPV4, "nobody.invalid", 1);
	return NULL;
}

Test(sockets, a_name_that_nobody_answers_for_does_not_keep_the_device_from_ending)
{
	static const char *const arguments[] = { "--allow-net=nobody.invalid:1", NULL };
	TEEC_Result result = TEEC_SUCCESS;
	char mark[300];
	pthread_t thread;

	client_close(&client);
	snprintf(mark, sizeof(mark), "%s/looks-up", fixture_device());
	setenv("SLOW_RESOLVER_MARK", mark, 1);
	setenv("LD_PRELOAD", SLOW_RESOLVER, 1);
	/* The sanitizers' library does not come first then. */
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
	fixture_restart(SIGTERM, arguments);
	unsetenv("LD_PRELOAD");
	client_open(&client, &ta);
	cr_assert_eq(pthread_create(&thread, NULL, open_to_nobody, &result), 0);
	for (int i = 0; i < 6000 && access(mark, F_OK) < 0; i++)
		usleep(10000);
	cr_assert_eq(access(mark, F_OK), 0, "no name is looked up");
	fixture_restart(SIGTERM, NULL);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_expect_neq(result, TEEC_SUCCESS);
	cr_expect(fixture_log_has("ends without waiting"));
	client_close(&client);
	client_open(&client, &ta);
}

static TEEC_Result with_value(uint32_t command, uint32_t a, uint32_t b)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };

	operation.params[0].value.a = a;
	operation.params[0].value.b = b;
	return client_invoke(&client, command, &operation);
}

Test(sockets, a_ta_cannot_reach_anybody_else_with_its_socket)
{
	struct server server, forbidden;
	char octet;

	server_start(&server, AF_INET, SOCK_DGRAM, "127.0.0.1", echo_datagrams);
	server_bind(&forbidden, AF_INET, SOCK_DGRAM, "127.0.0.1");
	for (uint32_t way = 1; way < ESCAPE_END; way++) {
		cr_assert_eq(ta_open(UDP, EITHER, "127.0.0.1", server.port), TEEC_SUCCESS);
		cr_expect_eq(with_value(CMD_ESCAPE, way, forbidden.port), TEEC_ERROR_TARGET_DEAD,
			     "way %u", way);
		client_close(&client);
		client_open(&client, &ta);
	}
	cr_expect_eq(recv(forbidden.sock, &octet, 1, MSG_DONTWAIT), -1);
	cr_expect(fixture_log_has("was stopped by the sandbox: system call connect"));
	cr_expect(fixture_log_has("was stopped by the sandbox: system call sendto"));
	close(forbidden.sock);
	server_stop(&server);
}

Test(sockets, mistakes_panic)
{
	for (uint32_t which = 1; which < MISTAKE_END; which++) {
		struct server server;

		server_start(&server, AF_INET, SOCK_STREAM, "127.0.0.1", echo_stream);
		cr_assert_eq(ta_open(TCP, EITHER, "127.0.0.1", server.port), TEEC_SUCCESS);
		cr_expect_eq(with_value(CMD_MISTAKE, which, 0), TEEC_ERROR_TARGET_DEAD,
			     "mistake %u", which);
		client_close(&client);
		client_open(&client, &ta);
		server_stop(&server);
	}
	cr_expect(fixture_log_has("socket send: ctx is no open socket"));
}
