/* What the TA of these tests can be asked. */
#ifndef GP_LIBUTILS_COMMANDS_H
#define GP_LIBUTILS_COMMANDS_H

enum command {
	/* Value 0: a, out: the number of the line that found something wrong, 0 where all is right.
	 */
	CMD_STRINGS,
	CMD_NUMBERS,
	CMD_CONTAINERS,
	CMD_MEMORY,
	CMD_LOCKS_AND_JUMPS,
	/* Value 0: a: the level; says a word at each level, and dumps four octets. */
	CMD_TRACE,
	/* Says a word by each way that C has. */
	CMD_OUTPUT,
	/* assert(0) */
	CMD_ASSERT,
};

#endif
