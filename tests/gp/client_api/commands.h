/* What the TA of this chapter does, and what it tells of what it got. */
#ifndef GP_CLIENT_API_COMMANDS_H
#define GP_CLIENT_API_COMMANDS_H

#include <stdint.h>

enum {
	/* Notes all parameters for CMD_SEEN. Then inverts the bits of output values, and fills
	 * output memory with FILL + the parameter's number. */
	CMD_TOUCH = 1,
	/* Output memory 0: the struct seen of the session's last CMD_TOUCH. */
	CMD_SEEN,
	/* Value 0: the size that output memory 1 is said to have (FILL octets are written, as many
	 * as there is room for), and the result. */
	CMD_SET_SIZE,
	/* Writes to input memory 0. */
	CMD_WRITE_INPUT,
	/* Value 0: flags for TEE_CheckMemoryAccessRights() on memory 1; its answer is the result.
	 */
	CMD_CHECK_RIGHTS,
	/* Output memory 0: the client's identity, as TEE_Identity. */
	CMD_IDENTITY,
};

#define FILL 0x40

struct seen {
	uint32_t types;
	struct {
		uint32_t a;
		uint32_t b;
		uint32_t is_null;
		uint64_t size;
		/* Of all octets. */
		uint64_t sum;
	} param[4];
};

#endif
