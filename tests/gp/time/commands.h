/* What the TA of this chapter does. */
#ifndef GP_TIME_COMMANDS_H
#define GP_TIME_COMMANDS_H

enum {
	/* Value 0 and 1, out: system time and REE time, seconds and milliseconds. */
	CMD_CLOCKS = 1,
	/* Value 0.a: milliseconds to wait; 0.b: unmask cancellation first. The result is that of
	 * TEE_Wait(); value 1.a, out: TEE_GetCancellationFlag() afterwards, 1.b: what the flag was
	 * with cancellation masked. */
	CMD_WAIT,
	/* Until cancelled, asks for the flag in a loop. */
	CMD_POLL,
	/* The result is TEE_GetTAPersistentTime()'s; value 0, out: the time. */
	CMD_GET_PERSISTENT,
	/* The result is TEE_SetTAPersistentTime()'s; value 0, in: the time. */
	CMD_SET_PERSISTENT,
	/* Value 0.a: a mistake to make. */
	CMD_MISTAKE,
};

enum {
	MISTAKE_SYSTEM_TIME_NULL = 1,
	MISTAKE_REE_TIME_NULL,
	MISTAKE_GET_PERSISTENT_NULL,
	MISTAKE_SET_PERSISTENT_NULL,
	MISTAKE_SET_PERSISTENT_MILLIS,
	MISTAKE_END,
};

#endif
