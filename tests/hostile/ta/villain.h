/* The trusted applications of this suite: one source, many ways to go wrong. What both sides agree
 * on. Each TA obeys every command; they differ in their flags and in how they start. */
#ifndef VILLAIN_H
#define VILLAIN_H

#define VILLAIN_UUID(number)                                               \
	{                                                                  \
		0x6b1d0e5a, 0x77c3, 0x4f0e,                                \
		{                                                          \
			0x9d, 0x2a, 0x0c, 0x4f, 0x7a, 0x5e, 0x10, (number) \
		}                                                          \
	}

/* What teesimd calls the process of the TEE's services: number 0x50 would be asked in its place. */
#define VILLAIN_SERVICES_UUID                                          \
	{                                                              \
		0x6b1f0a52, 0x935e, 0x4d0b,                            \
		{                                                      \
			0x8e, 0x27, 0x50, 0xd4, 0xe1, 0x7c, 0x39, 0xaa \
		}                                                      \
	}

/* The last octet of the UUID. */
enum villain {
	/* An instance per session; one instance for all; one that honest clients use. */
	VILLAIN_ALONE = 0x01,
	VILLAIN_SHARED = 0x02,
	VILLAIN_BYSTANDER = 0x03,
	/* Kept, and kept when it crashed. */
	VILLAIN_KEPT = 0x04,
	VILLAIN_NOWHERE = 0x0f,

	/* They fail to start. */
	VILLAIN_CRASH_IN_CONSTRUCTOR = 0x20,
	VILLAIN_PANIC_IN_CREATE = 0x21,
	VILLAIN_FAIL_IN_CREATE = 0x22,
	VILLAIN_MISSING_SYMBOL = 0x23,
	VILLAIN_MISSING_ENTRY_POINT = 0x24,
	VILLAIN_EXIT_IN_CONSTRUCTOR = 0x25,
	/* Made by the tests from others. */
	VILLAIN_WRONG_ARCHITECTURE = 0x30,
	VILLAIN_BAD_SIGNATURE = 0x31,

	/* They try to break out in a constructor: this plus an enum escape. */
	VILLAIN_ESCAPE = 0x40,
};

/* What VILLAIN_FAIL_IN_CREATE returns. */
#define VILLAIN_CREATE_RESULT 0xFFFF1234U

/* Ways out of the sandbox. */
enum escape {
	ESCAPE_OPEN,
	ESCAPE_SOCKET,
	ESCAPE_FORK,
	ESCAPE_EXEC,
	ESCAPE_PTRACE,
	ESCAPE_GETPPID,
	ESCAPE_KILL_PARENT,
	ESCAPE_MAP_CODE,
	ESCAPE_MAKE_CODE,
	ESCAPE_COUNT,
};

/* Commands. Parameter 0 is value INOUT {a, b}. */
enum villain_command {
	VILLAIN_COUNT = 1,     /* a: how often this session has asked, b: ~a as it came */
	VILLAIN_ESCAPE_BY,     /* tries the enum escape a; a is 1 if it came through */
	VILLAIN_RAISE,	       /* sends itself signal a */
	VILLAIN_FAULT,	       /* crashes in way a, enum fault */
	VILLAIN_PANIC,	       /* with code a */
	VILLAIN_EXIT,	       /* with status a; b: 0 exit(), 1 _exit(), 2 only the TA's thread */
	VILLAIN_SPIN,	       /* for ever */
	VILLAIN_SLEEP,	       /* a milliseconds */
	VILLAIN_EAT,	       /* a: 0 memory of the heap, 1 mappings; returns how many MiB */
	VILLAIN_SCRIBBLE,      /* in way a, enum scribble, over its channel; needs a memref in 1 */
	VILLAIN_SEND,	       /* in way a, enum lie, to teesimd */
	VILLAIN_CLOSE_CONTROL, /* its way to teesimd; a: the one as a client */
	VILLAIN_SUM,	 /* a: the sum of memref 1's octets, read twice; b: did they differ? */
	VILLAIN_HOLD,	 /* reads memref 1 until it holds a value other than a */
	VILLAIN_RESIZE,	 /* says that memref 1 needs two to the power of a octets */
	VILLAIN_CHATTER, /* a lines of log */
	/* Has TA a run command b, with {1, 1}; becomes what came of that, and whether it was served
	 * right (VILLAIN_COUNT alone is judged). Keeps the session until that TA is dead. */
	VILLAIN_CALL,
	VILLAIN_CALL_MANY, /* opens b sessions with TA a, and keeps them; how many it has */
	VILLAIN_ASK,	   /* in way a, enum question, on its connection as a client */
};

enum question {
	ASK_GARBAGE,
	ASK_HELLO,
	ASK_STATUS,
	ASK_STOP,
	ASK_AS_HOST,   /* a message that hosts send */
	ASK_OF_OTHERS, /* to close every session that there may be, and release every block */
	ASK_FLOOD,     /* thousands of openings, and reads no answer */
	ASK_COUNT,
};

enum fault {
	FAULT_NULL,
	FAULT_STACK, /* runs over its end */
	FAULT_CODE,  /* jumps to nowhere */
	FAULT_ILLEGAL,
	FAULT_DIVIDE,
	FAULT_ABORT,
	FAULT_BLOCKED, /* with the signal blocked */
	FAULT_HEAP,    /* frees twice */
	FAULT_COUNT,
};

enum scribble {
	SCRIBBLE_ALL,	      /* ones over the whole header */
	SCRIBBLE_REPLY_AHEAD, /* the reply's number runs ahead */
	SCRIBBLE_REPLY_TWICE, /* the reply comes before its time, and again in time */
	SCRIBBLE_NO_REPLY,    /* the number of the reply goes back */
	SCRIBBLE_REQUEST,     /* the request changes after it was taken */
	SCRIBBLE_DEAD,	      /* declares itself dead, and lives */
	SCRIBBLE_COUNT,
};

enum lie {
	LIE_GARBAGE,
	LIE_LONG,
	LIE_EMPTY_DEATH, /* last words, and it lives */
	LIE_ALL_ENDED,	 /* every session that there may be; with b, it then answers nobody */
	LIE_ALL_REST,	 /* the same, that they rest */
	LIE_STARTED,	 /* again */
	LIE_ANSWERS,	 /* to questions that nobody asked */
	LIE_FLOOD,	 /* more than anybody wants to know */
	/* On its connection as a client. */
	LIE_CONNECT_OWN_SOCKET, /* its way to teesimd is to be connected to somebody else */
	LIE_CONNECT_MUCH,	/* connections without waiting for them */
	LIE_COUNT,
};

#endif
