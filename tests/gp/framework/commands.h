/* What the TA of this chapter does. */
#ifndef GP_FRAMEWORK_COMMANDS_H
#define GP_FRAMEWORK_COMMANDS_H

enum {
	/* Output memory 0: the entry points of this instance so far, a letter each, terminated:
	 * Create, Open, Invoke (also this one), c for close. */
	CMD_HISTORY = 1,
	/* Value 0.a, out: which session of the instance this is, from 1; 0.b: how often this
	 * command was invoked in it. */
	CMD_COUNT,
	/* Value 0.a: what to return. */
	CMD_RETURN,
	/* Value 0.a: how to die. */
	CMD_DIE,
	/* Value 0.a: close, when it comes, dies. */
	CMD_DIE_ON_CLOSE,
	/* The destroy entry point, when it comes, panics. */
	CMD_DIE_ON_DESTROY,
	/* Value 0.a, out: the login of gpd.client.identity; 0.b: the first part of its UUID. */
	CMD_IDENTITY,
	/* Value 0.a: what TEE_SetInstanceData() is given from now on; 0.b, out: what
	 * TEE_GetInstanceData() gave before. */
	CMD_INSTANCE_DATA,
	/* Value 0.a: milliseconds to wait in the command, with a time between that belongs to it
	 * alone; the result is TEE_ERROR_BUSY when another command was in it. */
	CMD_DWELL,
};

enum {
	DIE_PANIC = 1,
	DIE_NULL_POINTER,
	DIE_ABORT,
	DIE_DIVISION,
	DIE_INSTRUCTION,
	DIE_STACK,
	DIE_EXIT,
	DIE_PANIC_OF_THE_API,
	DIE_END,
};

/* Value 0.a of an open: what to return, when it is not 0. OPEN_PANICS: panic. */
#define OPEN_PANICS 0x0DEAD0DE

#endif
