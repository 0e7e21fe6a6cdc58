/* What the TA in C++ can be asked; each takes and gives value 0: a. */
#ifndef GP_CXX_COMMANDS_H
#define GP_CXX_COMMANDS_H

enum command {
	/* Throws that many frames down: 17 * 100 + frames left. */
	CMD_UNWIND,
	/* Throws through a library's C function: n + 1. */
	CMD_THROUGH_C,
	/* A library throws a text of that length. */
	CMD_FROM_LIBRARY,
	CMD_LOCAL_STATIC,
	/* 2 * n + how often it was called. */
	CMD_STANDARD,
	CMD_CAST,
	/* Allocates so many KiB with new; 7 when that throws std::bad_alloc. */
	CMD_NO_MEMORY,
	CMD_UNCAUGHT,
};

#endif
