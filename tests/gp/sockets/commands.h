/* What the TA of this chapter does with its one socket. Results are those of the API. */
#ifndef GP_SOCKETS_COMMANDS_H
#define GP_SOCKETS_COMMANDS_H

enum {
	/* Value 0: the protocol's number, and the version of IP in the upper half of b with the
	 * port in its lower; memory 1: the server, terminated. Value 2, out: the protocol error,
	 * and the handle. Cancellation is unmasked. */
	CMD_OPEN = 1,
	CMD_CLOSE,
	/* Memory 0, in: data; value 1.a: time-out; value 2.a, out: how much was sent; 2.b, in:
	 * unmask cancellation. */
	CMD_SEND,
	/* Memory 0, out: room, of which the answer's size is used; value 1.a: time-out; 2.b as
	 * above.
	 */
	CMD_RECEIVE,
	/* Value 0.a, out: the last error. */
	CMD_ERROR,
	/* Value 0.a: command code; memory 1: data. */
	CMD_IOCTL,
	/* Value 0.a: a port of 127.0.0.1. Opens datagram sockets until there are no more, 0.b, out:
	 * how many, and closes them. The result is that of the last one. */
	CMD_OPEN_MANY,
	/* Value 0.a: a mistake to make. */
	CMD_MISTAKE,
	/* Value 0.a: a way to reach somebody else; 0.b: a port of 127.0.0.1 where that might be. */
	CMD_ESCAPE,
};

enum {
	MISTAKE_SEND_CLOSED = 1,
	MISTAKE_RECEIVE_NULL,
	MISTAKE_SEND_NULL,
	MISTAKE_IOCTL_UNKNOWN,
	MISTAKE_IOCTL_OTHER_PROTOCOL,
	MISTAKE_OPEN_NULL,
	MISTAKE_CLOSE_TWICE,
	MISTAKE_END,
};

enum {
	ESCAPE_SOCKET = 1,
	ESCAPE_CONNECT,
	ESCAPE_SENDTO,
	ESCAPE_SENDMSG,
	ESCAPE_SENDMMSG,
	ESCAPE_BIND,
	ESCAPE_ACCEPT,
	ESCAPE_END,
};

#endif
