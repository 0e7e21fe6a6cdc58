/*
 * TEE Sockets API: TCP and UDP. teesimd connects (network.h); what is connected is read and written
 * here.
 *
 * Where the API leaves room: sending goes on until everything is sent, the time is up or the
 * operation is cancelled, and tells how much went in either case. A datagram that is longer than
 * the room for it is cut.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tee_api.h>
#include <tee_tcpsocket.h>
#include <tee_udpsocket.h>
#include <unistd.h>

#include <__tee_tcpsocket_defines_extensions.h>

#include "api/handle_table.h"
#include "network.h"
#include "runtime.h"
#include "session/network_rules.h"
#include "wire/message.h"
#include "wire/result.h"

struct tee_socket {
	int sock;
	uint8_t protocol;
	uint32_t ip_version;
	char host[NETWORK_HOST_SIZE];
	uint16_t port;
	/* What error() tells. */
	uint32_t last_error;
};

static struct tee_socket *socket_get(TEE_iSocketHandle ctx, const char *complaint)
{
	struct tee_socket *socket = handle_find(HANDLE_SOCKET, (uintptr_t)ctx);

	if (!socket)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, complaint);
	return socket;
}

static TEE_Result noted(struct tee_socket *socket, TEE_Result result)
{
	socket->last_error = result;
	return result;
}

/* (Re)connects to the peer that the socket names. */
static uint32_t peer_connect(struct tee_socket *socket)
{
	const struct network_peer peer = {
		.protocol = socket->protocol == TEE_ISOCKET_PROTOCOLID_TCP ? MESSAGE_CONNECT_TCP
									   : MESSAGE_CONNECT_UDP,
		.ip_version = socket->ip_version,
		.host = socket->host,
		.port = socket->port,
	};

	return network_connect(&peer, !runtime.cancellation_masked, &socket->sock);
}

static uint32_t ip_version_of(TEE_ipSocket_ipVersion version)
{
	switch (version) {
	case TEE_IP_VERSION_4:
		return 4;
	case TEE_IP_VERSION_6:
		return 6;
	default:
		return 0;
	}
}

static TEE_Result socket_open(uint8_t protocol, TEE_ipSocket_ipVersion version, const char *address,
			      uint16_t port, TEE_iSocketHandle *ctx, uint32_t *protocol_error)
{
	struct tee_socket *socket;
	uint32_t result, handle = 0;

	*ctx = NULL;
	*protocol_error = TEE_SUCCESS;
	if (!address)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "socket open: server_addr is NULL");
	if (version != TEE_IP_VERSION_DC && version != TEE_IP_VERSION_4 &&
	    version != TEE_IP_VERSION_6)
		return TEE_ERROR_BAD_PARAMETERS;
	socket = calloc(1, sizeof(*socket));
	if (!socket)
		return TEE_ERROR_OUT_OF_MEMORY;
	socket->sock = -1;
	socket->protocol = protocol;
	socket->ip_version = ip_version_of(version);
	socket->port = port;
	result = TEE_ISOCKET_ERROR_HOSTNAME;
	if (strlen(address) < sizeof(socket->host)) {
		strcpy(socket->host, address);
		result = peer_connect(socket);
	}
	if (result == TEE_SUCCESS) {
		handle = handle_insert(HANDLE_SOCKET, socket);
		result = handle ? TEE_SUCCESS : TEE_ERROR_OUT_OF_MEMORY;
	}
	if (result == TEE_SUCCESS) {
		*ctx = (TEE_iSocketHandle)(uintptr_t)handle;
		return TEE_SUCCESS;
	}
	if (socket->sock >= 0)
		close(socket->sock);
	free(socket);
	if (result != TEE_ISOCKET_ERROR_HOSTNAME)
		return result;
	*protocol_error = result;
	return TEE_ISOCKET_ERROR_PROTOCOL;
}

static void need_open_arguments(const TEE_iSocketHandle *ctx, const void *setup,
				const uint32_t *protocol_error)
{
	if (!ctx || !setup || !protocol_error)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS,
			      "socket open: ctx, setup or protocolError is NULL");
}

static TEE_Result tcp_open(TEE_iSocketHandle *ctx, void *setup, uint32_t *protocolError)
{
	const TEE_tcpSocket_Setup *tcp = setup;

	need_open_arguments(ctx, setup, protocolError);
	return socket_open(TEE_ISOCKET_PROTOCOLID_TCP, tcp->ipVersion, tcp->server_addr,
			   tcp->server_port, ctx, protocolError);
}

static TEE_Result udp_open(TEE_iSocketHandle *ctx, void *setup, uint32_t *protocolError)
{
	const TEE_udpSocket_Setup *udp = setup;

	need_open_arguments(ctx, setup, protocolError);
	return socket_open(TEE_ISOCKET_PROTOCOLID_UDP, udp->ipVersion, udp->server_addr,
			   udp->server_port, ctx, protocolError);
}

static TEE_Result socket_close(TEE_iSocketHandle ctx)
{
	struct tee_socket *socket;

	if (!ctx)
		return TEE_SUCCESS;
	socket = socket_get(ctx, "socket close: ctx is no open socket");
	handle_remove((uintptr_t)ctx);
	close(socket->sock);
	free(socket);
	return TEE_SUCCESS;
}

static TEE_Result result_of_errno(int error)
{
	switch (error) {
	case ECONNRESET:
	case EPIPE:
		return TEE_ISOCKET_ERROR_REMOTE_CLOSED;
	case EMSGSIZE:
		return TEE_ISOCKET_ERROR_LARGE_BUFFER;
	case ENOMEM:
	case ENOBUFS:
		return TEE_ISOCKET_ERROR_OUT_OF_RESOURCES;
	case ETIMEDOUT:
		return TEE_ISOCKET_ERROR_TIMEOUT;
	default:
		return TEE_ERROR_COMMUNICATION;
	}
}

static bool goes_on(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static TEE_Result wait_for(const struct tee_socket *socket, bool to_write, uint64_t deadline_ns)
{
	switch (network_wait(socket->sock, to_write, deadline_ns, !runtime.cancellation_masked)) {
	case NETWORK_READY:
		return TEE_SUCCESS;
	case NETWORK_CANCELLED:
		return TEE_ERROR_CANCEL;
	default:
		return TEE_ISOCKET_ERROR_TIMEOUT;
	}
}

static TEE_Result all_send(const struct tee_socket *socket, const uint8_t *octets, size_t size,
			   uint64_t deadline_ns, size_t *sent)
{
	TEE_Result result;
	ssize_t n;

	*sent = 0;
	do {
		result = wait_for(socket, true, deadline_ns);
		if (result != TEE_SUCCESS)
			return result;
		n = send(socket->sock, octets + *sent, size - *sent, MSG_NOSIGNAL);
		if (n < 0 && !goes_on(errno))
			return result_of_errno(errno);
		if (n > 0)
			*sent += (size_t)n;
	} while (n < 0 || *sent < size);
	return TEE_SUCCESS;
}

static TEE_Result socket_send(TEE_iSocketHandle ctx, const void *buf, uint32_t *length,
			      uint32_t timeout)
{
	struct tee_socket *socket = socket_get(ctx, "socket send: ctx is no open socket");
	TEE_Result result;
	size_t sent;

	if (!length || (!buf && *length))
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "socket send: buf or length is NULL");
	result = all_send(socket, buf, *length, runtime_deadline(timeout), &sent);
	*length = (uint32_t)sent;
	return noted(socket, result);
}

static TEE_Result some_receive(const struct tee_socket *socket, void *buf, uint32_t *length,
			       uint64_t deadline_ns)
{
	TEE_Result result;
	ssize_t n;

	do {
		result = wait_for(socket, false, deadline_ns);
		if (result != TEE_SUCCESS)
			return result;
		n = recv(socket->sock, buf, *length, 0);
	} while (n < 0 && goes_on(errno));
	if (n < 0)
		return result_of_errno(errno);
	/* An empty datagram is one; an empty part of a stream is its end. */
	if (!n && *length && socket->protocol == TEE_ISOCKET_PROTOCOLID_TCP)
		return TEE_ISOCKET_ERROR_REMOTE_CLOSED;
	*length = (uint32_t)n;
	return TEE_SUCCESS;
}

static TEE_Result socket_recv(TEE_iSocketHandle ctx, void *buf, uint32_t *length, uint32_t timeout)
{
	struct tee_socket *socket = socket_get(ctx, "socket recv: ctx is no open socket");

	if (!length || (!buf && *length))
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "socket recv: buf or length is NULL");
	return noted(socket, some_receive(socket, buf, length, runtime_deadline(timeout)));
}

static uint32_t socket_error(TEE_iSocketHandle ctx)
{
	return socket_get(ctx, "socket error: ctx is no open socket")->last_error;
}

static TEE_Result buffer_resize(const struct tee_socket *socket, int option, const void *buf,
				uint32_t length)
{
	uint32_t size;
	int bounded;

	if (length != sizeof(size))
		return TEE_ERROR_BAD_PARAMETERS;
	memcpy(&size, buf, sizeof(size));
	bounded = size > INT32_MAX ? INT32_MAX : (int)size;
	if (setsockopt(socket->sock, SOL_SOCKET, option, &bounded, sizeof(bounded)) < 0)
		return result_of_errno(errno);
	return TEE_SUCCESS;
}

static TEE_Result address_change(struct tee_socket *socket, const char *buf, uint32_t length)
{
	struct tee_socket changed = *socket;
	uint32_t result;

	if (!length || length > sizeof(changed.host) || buf[length - 1] ||
	    strlen(buf) != length - 1)
		return TEE_ISOCKET_ERROR_HOSTNAME;
	memcpy(changed.host, buf, length);
	result = peer_connect(&changed);
	if (result == TEE_SUCCESS)
		*socket = changed;
	return result;
}

static TEE_Result port_change(struct tee_socket *socket, const void *buf, uint32_t length)
{
	struct tee_socket changed = *socket;
	uint32_t result;

	if (length != sizeof(changed.port))
		return TEE_ERROR_BAD_PARAMETERS;
	memcpy(&changed.port, buf, sizeof(changed.port));
	result = peer_connect(&changed);
	if (result == TEE_SUCCESS)
		*socket = changed;
	return result;
}

/* The protocol that a command code is for; 0: for all. */
#define IOCTL_PROTOCOL(code) ((code) >> 24)

static TEE_Result socket_ioctl(TEE_iSocketHandle ctx, uint32_t commandCode, void *buf,
			       uint32_t *length)
{
	struct tee_socket *socket = socket_get(ctx, "socket ioctl: ctx is no open socket");

	if (!length || (!buf && *length))
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "socket ioctl: buf or length is NULL");
	/* None of those that are for all protocols has anything to do here. */
	if (!IOCTL_PROTOCOL(commandCode))
		return TEE_SUCCESS;
	if (IOCTL_PROTOCOL(commandCode) != socket->protocol)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS,
			      "socket ioctl: commandCode is of another protocol");
	switch (commandCode) {
	case TEE_TCP_SET_RECVBUF:
		return noted(socket, buffer_resize(socket, SO_RCVBUF, buf, *length));
	case TEE_TCP_SET_SENDBUF:
		return noted(socket, buffer_resize(socket, SO_SNDBUF, buf, *length));
	case TEE_UDP_CHANGEADDR:
		return noted(socket, address_change(socket, buf, *length));
	case TEE_UDP_CHANGEPORT:
		return noted(socket, port_change(socket, buf, *length));
	default:
		runtime_panic(TEE_ERROR_BAD_PARAMETERS,
			      "socket ioctl: the protocol has no such commandCode");
	}
}

#define SOCKET_OF(protocol, open)                                                                \
	{                                                                                        \
		TEE_ISOCKET_VERSION, (protocol), (open), socket_close, socket_send, socket_recv, \
			socket_error, socket_ioctl,                                              \
	}

static TEE_iSocket tcp_socket = SOCKET_OF(TEE_ISOCKET_PROTOCOLID_TCP, tcp_open);
static TEE_iSocket udp_socket = SOCKET_OF(TEE_ISOCKET_PROTOCOLID_UDP, udp_open);

TEE_iSocket *const TEE_tcpSocket = &tcp_socket;
TEE_iSocket *const TEE_udpSocket = &udp_socket;
