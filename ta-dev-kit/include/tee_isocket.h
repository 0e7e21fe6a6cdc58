/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GlobalPlatform TEE Sockets API 1.0: the interface that every protocol implements.
 */
#ifndef __TEE_ISOCKET_H
#define __TEE_ISOCKET_H

#include <stdint.h>
#include <tee_api_types.h>
#include <__tee_isocket_defines.h>

/* One open socket; the TA's until it is closed. */
typedef void *TEE_iSocketHandle;

/*
 * Time-outs are in milliseconds, or TEE_TIMEOUT_INFINITE, and end a call with
 * TEE_ISOCKET_ERROR_TIMEOUT; a pending cancellation ends it with TEE_ERROR_CANCEL. A handle of no
 * open socket and a NULL in the place of a buffer panic the TA. Buffers stay the caller's.
 */
typedef const struct TEE_iSocket_s {
	uint32_t TEE_iSocketVersion;
	uint8_t protocolID;

	/*
	 * Connect as @setup, the protocol's own structure, says.
	 *
	 * @ctx: receives the socket, to be given to close(); NULL on error
	 * @protocolError: the detail with TEE_ISOCKET_ERROR_PROTOCOL, such as
	 * TEE_ISOCKET_ERROR_HOSTNAME for a name that leads nowhere
	 *
	 * Also TEE_ERROR_BAD_PARAMETERS, TEE_ERROR_OUT_OF_MEMORY, TEE_ERROR_COMMUNICATION.
	 */
	TEE_Result (*open)(TEE_iSocketHandle *ctx, void *setup, uint32_t *protocolError);

	/* The handle is gone, whatever is returned. */
	TEE_Result (*close)(TEE_iSocketHandle ctx);

	/* @length: bytes to send, and on return bytes sent, also with an error.
	 * TEE_ISOCKET_ERROR_REMOTE_CLOSED; TEE_ISOCKET_ERROR_LARGE_BUFFER: no datagram can be so
	 * long. */
	TEE_Result (*send)(TEE_iSocketHandle ctx, const void *buf, uint32_t *length,
			   uint32_t timeout);

	/* @length: room at @buf, and on return bytes received, one at least of a stream.
	 * TEE_ISOCKET_ERROR_REMOTE_CLOSED: a stream is at its end. */
	TEE_Result (*recv)(TEE_iSocketHandle ctx, void *buf, uint32_t *length, uint32_t timeout);

	/* The result of the socket's last call but open() and close(). */
	uint32_t (*error)(TEE_iSocketHandle ctx);

	/* A function of the protocol: @commandCode (TEE_TCP_…, TEE_UDP_…) with *@length bytes at
	 * @buf. TEE_ERROR_BAD_PARAMETERS for another length than it takes; panics for a command of
	 * another protocol. */
	TEE_Result (*ioctl)(TEE_iSocketHandle ctx, uint32_t commandCode, void *buf,
			    uint32_t *length);
} TEE_iSocket;

#endif /* __TEE_ISOCKET_H */
