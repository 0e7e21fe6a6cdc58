/* What the TA of this chapter does. */
#ifndef GP_SYSTEM_COMMANDS_H
#define GP_SYSTEM_COMMANDS_H

enum {
	/* Memory 0, in: extra data; memory 1, out: the TA's unique key, by way of its own memory.
	 * Value 2.a: the key's size. */
	CMD_UNIQUE_KEY = 1,
	/* The same, straight into memory 1, which is shared. */
	CMD_UNIQUE_KEY_SHARED,
	/* Tries the commands about the TA's own process. Value 0.a, out: the number of the line
	 * that found something wrong, 0 where all is right. */
	CMD_PROCESS,
	/* Value 0.a: a command of the pseudo TA to give without parameters. */
	CMD_ANY,
	/* Value 0.a, out: how many sessions there were before there was no room; all are closed. */
	CMD_SESSIONS,
};

#endif
