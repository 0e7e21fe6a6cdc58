/*
 * TEE Sockets API: the TCP and UDP socket objects. Not part of this version yet; the objects exist,
 * and every function of theirs says so.
 */
#include <stddef.h>
#include <tee_tcpsocket.h>
#include <tee_udpsocket.h>

#include "api/unsupported.h"

static TEE_Result socket_open(TEE_iSocketHandle *ctx, void *setup, uint32_t *protocolError)
{
	*ctx = NULL;
	*protocolError = TEE_SUCCESS;
	return UNSUPPORTED_CALL();
}

static TEE_Result socket_close(TEE_iSocketHandle ctx)
{
	return UNSUPPORTED_CALL();
}

static TEE_Result socket_send(TEE_iSocketHandle ctx, const void *buf, uint32_t *length,
			      uint32_t timeout)
{
	return UNSUPPORTED_CALL();
}

static TEE_Result socket_recv(TEE_iSocketHandle ctx, void *buf, uint32_t *length, uint32_t timeout)
{
	return UNSUPPORTED_CALL();
}

static uint32_t socket_error(TEE_iSocketHandle ctx)
{
	return UNSUPPORTED_CALL();
}

static TEE_Result socket_ioctl(TEE_iSocketHandle ctx, uint32_t commandCode, void *buf,
			       uint32_t *length)
{
	return UNSUPPORTED_CALL();
}

#define SOCKET_OF(protocol)                                                              \
	{                                                                                \
		TEE_ISOCKET_VERSION, (protocol), socket_open, socket_close, socket_send, \
			socket_recv, socket_error, socket_ioctl,                         \
	}

static TEE_iSocket tcp_socket = SOCKET_OF(TEE_ISOCKET_PROTOCOLID_TCP);
static TEE_iSocket udp_socket = SOCKET_OF(TEE_ISOCKET_PROTOCOLID_UDP);

TEE_iSocket *const TEE_tcpSocket = &tcp_socket;
TEE_iSocket *const TEE_udpSocket = &udp_socket;
