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
 * Time-outs are in milliseconds, or TEE_TIMEOUT_INFINITE. A pending cancellation ends a call with
 * TEE_ERROR_CANCEL.
 */
typedef const struct TEE_iSocket_s {
	uint32_t TEE_iSocketVersion;
	uint8_t protocolID;

	/* Connect as @setup, the protocol's own structure, says. @protocolError: detail on error.
	 */
	TEE_Result (*open)(TEE_iSocketHandle *ctx, void *setup, uint32_t *protocolError);

	/* The handle is gone, whatever is returned. */
	TEE_Result (*close)(TEE_iSocketHandle ctx);

	/* @length: bytes to send, and on return bytes sent */
	TEE_Result (*send)(TEE_iSocketHandle ctx, const void *buf, uint32_t *length,
			   uint32_t timeout);

	/* @length: room at @buf, and on return bytes received */
	TEE_Result (*recv)(TEE_iSocketHandle ctx, void *buf, uint32_t *length, uint32_t timeout);

	/* Detail of the last protocol error. */
	uint32_t (*error)(TEE_iSocketHandle ctx);

	/* A function of the protocol: @commandCode with @length bytes at @buf. */
	TEE_Result (*ioctl)(TEE_iSocketHandle ctx, uint32_t commandCode, void *buf,
			    uint32_t *length);
} TEE_iSocket;

#endif /* __TEE_ISOCKET_H */
