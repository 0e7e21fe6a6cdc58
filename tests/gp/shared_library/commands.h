/* What the TAs of these tests can be asked, and what their libraries offer. */
#ifndef GP_SHARED_LIBRARY_COMMANDS_H
#define GP_SHARED_LIBRARY_COMMANDS_H

#include <stdint.h>

enum command {
	/* out memref 0: the order in which constructors were called */
	CMD_HISTORY,
	/* in/out value 0: through both libraries and back into the TA */
	CMD_COMPUTE,
	/* out value 0: a: how often it was asked, in the library's thread-local memory */
	CMD_COUNT,
	/* in memref 0: UUID as text; in value 1: flags, b: keep; out value 2: a: handle's place */
	CMD_OPEN,
	/* in memref 0: symbol; in value 1: a: handle's place; out value 2: a: what it returns */
	CMD_CALL,
	CMD_CLOSE,
	/* out memref 0: what dlerror() says */
	CMD_ERROR,
	/* out memref 0: names of all objects of dl_iterate_phdr(), one a line; value 1: callbacks
	 */
	CMD_OBJECTS,
	/* in value 0: 0: a null pointer in the second library, 1: a panic there */
	CMD_DIE,
	/* out value 0: a: what setjmp() gave after the library's longjmp() */
	CMD_JUMP,
	/* in memref 0: UUID as text; in memref 1: symbol: opened and called by way of the system
	 * pseudo TA; out value 2: a: what it returns */
	CMD_SYSTEM,
};

enum object {
	/* For CMD_OPEN: dlopen(NULL). */
	OPEN_ALL = 1,
};

#endif
