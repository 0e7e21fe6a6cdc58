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
};

#endif
