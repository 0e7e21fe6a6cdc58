/* What the TAs of this chapter do. */
#ifndef GP_CONCURRENCY_COMMANDS_H
#define GP_CONCURRENCY_COMMANDS_H

enum {
	/* Value 0: b becomes ~a. */
	CMD_ECHO = 1,
	/* Memref 1: says in its second octet that it is there, and comes back when the first one is
	 * not 0 any more. Value 0.a: may be cancelled meanwhile. */
	CMD_HOLD,
	/* Memref 1: says in octet 0.a that it is there, and waits until octet 0.b says so. */
	CMD_MEET,
	/* Stays a moment. Value 0.a, out: how many were ever here at a time, 0.b: how many came. */
	CMD_ENTER,
	/* Value 0.b becomes the sum of memref 1's octets. */
	CMD_SUM,
};

#endif
