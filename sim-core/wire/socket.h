/*
 * The control connection: one SOCK_SEQPACKET socket, one packet per message, descriptors beside it.
 * This is the only place that builds or takes apart ancillary data.
 *
 * What arrives is hostile: a packet that was cut short, or that brought more descriptors than
 * the caller has room for, is refused whole and every descriptor in it is closed.
 */
#ifndef TEESIM_WIRE_SOCKET_H
#define TEESIM_WIRE_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

#define SOCKET_FDS_MAX 4

struct packet_fds {
	int fd[SOCKET_FDS_MAX];
	unsigned int count;
};

/* Sends one packet; never raises SIGPIPE. `fds` may be NULL and stay the caller's. Returns 0 or
 * -errno (-EAGAIN when a non-blocking socket is full). `flags` go to sendmsg(). */
int socket_send(int sock, const void *data, size_t size, const struct packet_fds *fds, int flags);

/* Receives one packet of at most `capacity` octets. On success `fds` holds what came along, each
 * close-on-exec and the caller's to close. Returns the packet's size, 0 when the peer is gone, or
 * -errno: -EAGAIN, -EMSGSIZE for a packet that does not fit, -EPROTO for too many descriptors. */
ssize_t socket_receive(int sock, void *data, size_t capacity, struct packet_fds *fds, int flags);

/* The same, and in *from which process sent it, by the kernel's account; 0 where this end had not
 * asked for that before it was sent (SO_PASSCRED). */
ssize_t socket_receive_from(int sock, void *data, size_t capacity, struct packet_fds *fds,
			    pid_t *from, int flags);

/* The process that connected or listened at the other end, or that made this pair of sockets, by
 * the kernel's account; 0 where that is not known. */
pid_t socket_peer(int sock);

/* Makes room at `path` for a socket: removes one that nobody serves any more, and nothing else.
 * One that is served is looked at for a second, which its process may take to end. Returns 0, where
 * nothing was there too, or -errno, which socket_place_reason() explains: -EEXIST for what is no
 * socket, -EADDRINUSE for one that is served. */
int socket_place_clear(const char *path);

/* A socket of packets that listens at `path`, for this user alone, in place of one that nobody
 * serves any more. The file mode creation mask of the process changes for a moment. Returns the
 * descriptor or -errno, as socket_place_clear(). */
int socket_listen(const char *path, int backlog);

/* Why no socket can be made somewhere: a line's end, for a negative errno. */
const char *socket_place_reason(int rc);

/* Closes all of them and empties the set. */
void packet_fds_close(struct packet_fds *fds);

/* Takes descriptor `i` out of the set: it is then the caller's. -1 when there is none. */
int packet_fds_take(struct packet_fds *fds, unsigned int i);

#endif
