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
	/* As CMD_OWN_RIGHTS, of a heap that ends at TA_DATA_SIZE. */
	CMD_STRICT_HEAP,
	/* Value 0.a: octets of stack to use. */
	CMD_USE_STACK,
	/* As CMD_OWN_RIGHTS, of parameters 1 (in), 2 (out) and 3 (inout), all shared. Their first
	 * octets lie on one page with something else of the TA's client. */
	CMD_SHARED_RIGHTS,
	/* The same, of memory that knows its direction: the TA may not write what it gets. */
	CMD_SHARED_BLOCK_RIGHTS,
	/* The result of TEE_CacheFlush() on the TA's own memory; value 0.a: of none of it. */
	CMD_CACHE,
	/* Value 0.a, out: what gpd.ta.dataSize says, 0.b: gpd.ta.stackSize. */
	CMD_SIZES,
};

enum {
	MISTAKE_TOUCH_NOTHING = 1,
	MISTAKE_FREE_TWICE,
	MISTAKE_FREE_STACK,
	MISTAKE_REALLOC_FREED,
	MISTAKE_MOVE_NULL,
	MISTAKE_WRITE_CONSTANT,
	MISTAKE_FAR_BELOW_STACK,
	MISTAKE_FILL_NULL,
	MISTAKE_COMPARE_NULL,
	MISTAKE_FREE_PLAIN,
	MISTAKE_END,
};

#endif
