/* What the TA of these tests does. */
#ifndef FAULT_COMMANDS_H
#define FAULT_COMMANDS_H

/* Commands below 0x100 are fault points (wire/fault.h): [o result, origin] of one such operation,
 * where the point is one of the TA's. */
enum {
	/* Nothing. */
	CMD_NOTHING = 0x100,
};

#endif
