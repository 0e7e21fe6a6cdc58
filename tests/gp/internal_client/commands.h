/* What the TA of the chapter does; the same TA calls and is called. */
#ifndef TEESIM_TEST_GP_INTERNAL_CLIENT_COMMANDS_H
#define TEESIM_TEST_GP_INTERNAL_CLIENT_COMMANDS_H

enum {
	/*
	 * As a caller.
	 */
	/* [0] in: TEE_UUID. [1] inout: time-out, 1 to unmask cancellation first; result, origin.
	 * [2] inout: the open parameter of the other TA; the handle's place. */
	CMD_OPEN = 1,
	/* [0] inout: place, command; result, origin. [1] in: time-out, 1 to unmask first. [2] and
	 * [3] are the other TA's [0] and [1]. */
	CMD_FORWARD,
	/* [0] in: place. */
	CMD_CLOSE,
	/* [0] in: TEE_UUID. [1] inout: command, and what the other TA's [0] is as a value; result,
	 * origin. Opens, invokes, closes. */
	CMD_VISIT,
	/* [0] inout: place, octets. Has that much private memory incremented; how much of it was.
	 */
	CMD_LEND_PRIVATE,
	/* [0] inout: place, one of LEND_*; result, origin. */
	CMD_LEND_ODDLY,
	/* [0] in: place, one of MISTAKE_*. Panics. */
	CMD_MAKE_MISTAKE,
	/* [0] in: TEE_UUID. [1] inout: how many; how many sessions could be opened, used and
	 * closed. */
	CMD_OPEN_MANY,

	/*
	 * As a callee.
	 */
	CMD_NOTHING,
	/* [0] out: TEE_Identity of the client. */
	CMD_WHO,
	/* [0] inout: each octet grows by one. */
	CMD_INCREMENT,
	/* [0] in, [1] out: copied, if there is room. */
	CMD_COPY,
	/* [0] any memory, [1] out: DESCRIBED_* bits, size. */
	CMD_DESCRIBE,
	/* [0] inout: a says hello, waits for an answer in b, and says so in c; all in the memory.
	 */
	CMD_HANDSHAKE,
	/* [0] in: milliseconds, 1 to unmask. Returns what TEE_Wait() does. [1] out: flag when
	 * unmasked; or two octets inout: 1 when it waits, the flag. */
	CMD_WAIT,
	/* Waits, unmasked, until it is cancelled. */
	CMD_SLEEP,
	CMD_PANIC,
	CMD_CRASH,
	/* [0] out: sessions of this instance. */
	CMD_SESSIONS,
	/* [0] out: result and origin of what was opened in the create entry point. */
	CMD_BIRTH,
	/* [0] in: a result to return. [1] inout: both members grow by one. */
	CMD_RETURN,
	/* Claims more in [0] (out) than there is room for. */
	CMD_OVERSTATE,
};

/* The open parameter: [0] in, member a; b is its argument. */
enum {
	OPEN_PLAIN,
	OPEN_REFUSE, /* with result b */
	OPEN_PANIC,
	OPEN_WAIT,	/* b milliseconds, unmasked */
	OPEN_VISIT_HUB, /* opens a session with UUID_HUB and returns what comes of that */
};

enum {
	LEND_NULL,   /* NULL of size 0 */
	LEND_EMPTY,  /* memory of size 0 */
	LEND_RODATA, /* constant memory, as input */
};

enum {
	MISTAKE_HANDLE,
	MISTAKE_NULL_HANDLE,
	MISTAKE_CLOSED_HANDLE,
	MISTAKE_CLOSE_TWICE,
	MISTAKE_NULL_DESTINATION,
	MISTAKE_NULL_SESSION,
	MISTAKE_WILD_MEMORY,
	MISTAKE_NULL_MEMORY,
	MISTAKE_RODATA_OUTPUT,
	MISTAKE_TYPE,
	MISTAKE_NULL_PARAMS,
	MISTAKE_COUNT,
};

enum {
	DESCRIBED_NULL = 1,
	DESCRIBED_READABLE = 2,
	DESCRIBED_WRITABLE = 4,
	/* Without TEE_MEMORY_ACCESS_ANY_OWNER. */
	DESCRIBED_PRIVATE = 8,
};

#endif
