/* Has a socket, and does with it what it is told. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <tee_internal_api.h>
#include <tee_tcpsocket.h>
#include <tee_udpsocket.h>
#include <unistd.h>

#include "sockets/commands.h"

static TEE_iSocketHandle ctx;
static TEE_iSocket *api;

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **context)
{
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
}

static TEE_Result open_socket(TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_tcpSocket_Setup tcp = { .ipVersion = params[0].value.b >> 16,
				    .server_addr = params[1].memref.buffer,
				    .server_port = (uint16_t)params[0].value.b };
	TEE_udpSocket_Setup udp = { .ipVersion = tcp.ipVersion,
				    .server_addr = tcp.server_addr,
				    .server_port = tcp.server_port };
	const bool is_tcp = params[0].value.a == TEE_ISOCKET_PROTOCOLID_TCP;
	uint32_t error = 77;
	TEE_Result result;

	TEE_UnmaskCancellation();
	api = is_tcp ? TEE_tcpSocket : TEE_udpSocket;
	result = api->open(&ctx, is_tcp ? (void *)&tcp : (void *)&udp, &error);
	params[2].value.a = error;
	params[2].value.b = (uint32_t)(uintptr_t)ctx;
	return result;
}

static TEE_Result send_data(TEE_Param params[TEE_NUM_PARAMS])
{
	uint32_t length = (uint32_t)params[0].memref.size;
	TEE_Result result;

	if (params[2].value.b)
		TEE_UnmaskCancellation();
	result = api->send(ctx, params[0].memref.buffer, &length, params[1].value.a);
	params[2].value.a = length;
	return result;
}

static TEE_Result receive_data(TEE_Param params[TEE_NUM_PARAMS])
{
	uint32_t length = (uint32_t)params[0].memref.size;
	TEE_Result result;

	if (params[2].value.b)
		TEE_UnmaskCancellation();
	result = api->recv(ctx, params[0].memref.buffer, &length, params[1].value.a);
	params[0].memref.size = length;
	return result;
}

static TEE_Result control(TEE_Param params[TEE_NUM_PARAMS])
{
	uint32_t length = (uint32_t)params[1].memref.size;

	return api->ioctl(ctx, params[0].value.a, params[1].memref.buffer, &length);
}

static TEE_Result open_many(TEE_Param *param)
{
	TEE_udpSocket_Setup setup = { .server_addr = (char *)"127.0.0.1",
				      .server_port = (uint16_t)param->value.a };
	TEE_iSocketHandle opened[1000];
	TEE_Result result = TEE_SUCCESS;
	uint32_t count = 0, error;

	while (count < 1000 && result == TEE_SUCCESS) {
		result = TEE_udpSocket->open(&opened[count], &setup, &error);
		count += result == TEE_SUCCESS;
	}
	for (uint32_t i = 0; i < count; i++)
		(void)TEE_udpSocket->close(opened[i]);
	param->value.b = count;
	return result;
}

static void mistake(uint32_t which)
{
	uint32_t length = 1;
	char octet = 0;

	switch (which) {
	case MISTAKE_SEND_CLOSED:
		(void)api->close(ctx);
		(void)api->send(ctx, &octet, &length, 0);
		break;
	case MISTAKE_RECEIVE_NULL:
		(void)api->recv(ctx, NULL, &length, 0);
		break;
	case MISTAKE_SEND_NULL:
		(void)api->send(ctx, &octet, NULL, 0);
		break;
	case MISTAKE_IOCTL_UNKNOWN:
		(void)api->ioctl(ctx, TEE_ISOCKET_PROTOCOLID_TCP << 24, &octet, &length);
		break;
	case MISTAKE_IOCTL_OTHER_PROTOCOL:
		(void)api->ioctl(ctx, TEE_UDP_CHANGEPORT, &octet, &length);
		break;
	case MISTAKE_OPEN_NULL:
		(void)api->open(&ctx, NULL, &length);
		break;
	case MISTAKE_CLOSE_TWICE:
		(void)api->close(ctx);
		(void)api->close(ctx);
		break;
	}
}

/* The socket's own number is somewhere among these, and the rest is tried for good measure. */
#define FIRST 5
#define LAST  24

static void escape(uint32_t which, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	char octet = 'x';
	struct iovec iov = { &octet, 1 };
	struct msghdr message = { .msg_name = &address,
				  .msg_namelen = sizeof(address),
				  .msg_iov = &iov,
				  .msg_iovlen = 1 };
	struct mmsghdr messages = { .msg_hdr = message };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int fd = FIRST; fd <= LAST; fd++) {
		switch (which) {
		case ESCAPE_SOCKET:
			(void)syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);
			break;
		case ESCAPE_CONNECT:
			(void)syscall(SYS_connect, fd, &address, sizeof(address));
			break;
		case ESCAPE_SENDTO:
			(void)syscall(SYS_sendto, fd, &octet, 1, 0, &address, sizeof(address));
			break;
		case ESCAPE_SENDMSG:
			(void)syscall(SYS_sendmsg, fd, &message, 0);
			break;
		case ESCAPE_SENDMMSG:
			(void)syscall(SYS_sendmmsg, fd, &messages, 1, 0);
			break;
		case ESCAPE_BIND:
			(void)syscall(SYS_bind, fd, &address, sizeof(address));
			break;
		case ESCAPE_ACCEPT:
			(void)syscall(SYS_accept4, fd, NULL, NULL, 0);
			break;
		}
	}
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	switch (command) {
	case CMD_OPEN:
		return open_socket(params);
	case CMD_CLOSE:
		return api->close(ctx);
	case CMD_SEND:
		return send_data(params);
	case CMD_RECEIVE:
		return receive_data(params);
	case CMD_ERROR:
		params[0].value.a = api->error(ctx);
		return TEE_SUCCESS;
	case CMD_IOCTL:
		return control(params);
	case CMD_OPEN_MANY:
		return open_many(&params[0]);
	case CMD_MISTAKE:
		mistake(params[0].value.a);
		return TEE_SUCCESS;
	case CMD_ESCAPE:
		escape(params[0].value.a, (uint16_t)params[0].value.b);
		return TEE_SUCCESS;
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
