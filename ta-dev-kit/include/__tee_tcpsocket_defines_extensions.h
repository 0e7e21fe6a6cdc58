/* SPDX-License-Identifier: BSD-2-Clause */
/* OP-TEE's own ioctl functions of TCP sockets: buffer sizes in bytes, a uint32_t. */
#ifndef ____TEE_TCPSOCKET_DEFINES_EXTENSIONS_H
#define ____TEE_TCPSOCKET_DEFINES_EXTENSIONS_H

#define TEE_TCP_SET_RECVBUF 0x65f00000
#define TEE_TCP_SET_SENDBUF 0x65f00001

#endif /* ____TEE_TCPSOCKET_DEFINES_EXTENSIONS_H */
