/* What the TA of this chapter does. */
#ifndef GP_MEMORY_COMMANDS_H
#define GP_MEMORY_COMMANDS_H

enum {
	/* Checks of TEE_CheckMemoryAccessRights() on memory of the TA's own. Value 0.a, out: the
	 * number of the line that found something wrong, 0 where all is right. */
	CMD_OWN_RIGHTS = 1,
	/* The heap, the same way. */
	CMD_HEAP,
	/* Value 0.a: a mistake to make. */
	CMD_MISTAKE,
};

enum {
	MISTAKE_TOUCH_NOTHING = 1,
	MISTAKE_FREE_TWICE,
	MISTAKE_FREE_STACK,
	MISTAKE_REALLOC_FREED,
	MISTAKE_MOVE_NULL,
	MISTAKE_WRITE_CONSTANT,
	MISTAKE_FAR_BELOW_STACK,
	MISTAKE_END,
};

#endif
