/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP sockets for TAs: TEE_tcpSocket->open() and so on.
 */
#ifndef __TEE_TCPSOCKET_H
#define __TEE_TCPSOCKET_H

#include <stdint.h>
#include <tee_isocket.h>
#include <__tee_ipsocket.h>
#include <__tee_tcpsocket_defines.h>

/* Whom to connect to: a host name or address, and a port in the host's byte order. */
typedef struct TEE_tcpSocket_Setup_s {
	TEE_ipSocket_ipVersion ipVersion;
	char *server_addr;
	uint16_t server_port;
} TEE_tcpSocket_Setup;

#ifdef __cplusplus
extern "C" {
#endif

extern TEE_iSocket *const TEE_tcpSocket;

#ifdef __cplusplus
}
#endif

#endif /* __TEE_TCPSOCKET_H */
