/*
 * TEE Sockets API: the TCP and UDP socket objects. Not part of this version yet; the objects exist,
 * and every function of theirs says so.
 */
#include <stdbool.h>
#include <stdint.h>
#include <tee_api_types.h>

#include "api/unsupported.h"

/* Layout that the Sockets API lays down for its instances, see <tee_isocket.h> of a TA. */
struct socket_interface {
	uint32_t version;
	uint8_t protocol;
	TEE_Result (*open)(void **context, void *setup, uint32_t *protocol_error);
	TEE_Result (*close)(void *context);
	TEE_Result (*send)(void *context, const void *buffer, uint32_t *length, uint32_t timeout);
	TEE_Result (*receive)(void *context, void *buffer, uint32_t *length, uint32_t timeout);
	uint32_t (*error)(void *context);
	TEE_Result (*control)(void *context, uint32_t command, void *buffer, uint32_t *length);
};

#define SOCKET_INTERFACE_VERSION 0x01000000
#define SOCKET_PROTOCOL_TCP	 0x65
#define SOCKET_PROTOCOL_UDP	 0x66

static TEE_Result socket_open(void **context, void *setup, uint32_t *protocol_error)
{
	*context = NULL;
	*protocol_error = TEE_SUCCESS;
	return UNSUPPORTED_CALL();
}

static TEE_Result socket_close(void *context)
{
	return UNSUPPORTED_CALL();
}

static TEE_Result socket_send(void *context, const void *buffer, uint32_t *length, uint32_t timeout)
{
	return UNSUPPORTED_CALL();
}

static TEE_Result socket_receive(void *context, void *buffer, uint32_t *length, uint32_t timeout)
{
	return UNSUPPORTED_CALL();
}

static uint32_t socket_error(void *context)
{
	return UNSUPPORTED_CALL();
}

static TEE_Result socket_control(void *context, uint32_t command, void *buffer, uint32_t *length)
{
	return UNSUPPORTED_CALL();
}

#define SOCKET_INTERFACE(number)                                                                \
	{                                                                                       \
		.version = SOCKET_INTERFACE_VERSION, .protocol = (number), .open = socket_open, \
		.close = socket_close, .send = socket_send, .receive = socket_receive,          \
		.error = socket_error, .control = socket_control,                               \
	}

static const struct socket_interface tcp_interface = SOCKET_INTERFACE(SOCKET_PROTOCOL_TCP);
static const struct socket_interface udp_interface = SOCKET_INTERFACE(SOCKET_PROTOCOL_UDP);

extern const struct socket_interface *const TEE_tcpSocket;
extern const struct socket_interface *const TEE_udpSocket;

const struct socket_interface *const TEE_tcpSocket = &tcp_interface;
const struct socket_interface *const TEE_udpSocket = &udp_interface;
