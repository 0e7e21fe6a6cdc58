/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pseudo TA that is behind the sockets API on a board. TAs here use <tee_tcpsocket.h> and
 * <tee_udpsocket.h>, as they do there.
 */
#ifndef __PTA_SOCKET
#define __PTA_SOCKET

/* clang-format off */
#define PTA_SOCKET_UUID \
	{ 0x3b996a7d, 0x2c2b, 0x4a49, \
	  { 0xa8, 0x96, 0xe1, 0xfb, 0x57, 0x66, 0xd2, 0xf4 } }
/* clang-format on */

/* value[0] (in): a: TEE_IP_VERSION_…, b: port; memref[1] (in): address; value[2].a (in): protocol;
 * value[3].a (out): the socket's number, which is value[0].a (in) of the others. */
#define PTA_SOCKET_OPEN	 1
#define PTA_SOCKET_CLOSE 2
/* value[0].b (in): milliseconds, or one of these two; memref[1]: data. */
#define PTA_SOCKET_TIMEOUT_NONBLOCKING 0
#define PTA_SOCKET_TIMEOUT_BLOCKING    0xffffffff
#define PTA_SOCKET_SEND		       3
#define PTA_SOCKET_RECV		       4
/* value[0].b (in): command; memref[1] (inout). */
#define PTA_SOCKET_IOCTL 5

#endif /* __PTA_SOCKET */
