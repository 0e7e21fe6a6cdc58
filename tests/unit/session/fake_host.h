/*
 * What the tests can ask of the fake host: by the directory that the TA was found in, what it does
 * when it starts or ends; by the number of a block that is mapped, what it does while it lives.
 */
#ifndef TEESIM_TEST_FAKE_HOST_H
#define TEESIM_TEST_FAKE_HOST_H

#define FAKE_NORMAL	    "normal"
#define FAKE_CREATE_FAILS   "create-fails"
#define FAKE_LOAD_FAILS	    "load-fails"
#define FAKE_CREATE_CRASHES "create-crashes"
#define FAKE_START_EXITS    "start-exits"
#define FAKE_START_HANGS    "start-hangs"
#define FAKE_START_GARBAGE  "start-garbage"
#define FAKE_START_SLOW	    "start-slow"
#define FAKE_DESTROY_SLOW   "destroy-slow"
#define FAKE_DESTROY_HANGS  "destroy-hangs"
#define FAKE_TALKS	    "talks"

enum fake_command {
	FAKE_END_SESSION = 0x1001, /* say that the newest session has ended; answer after it */
	FAKE_PANIC,		   /* last words, then the end */
	FAKE_SEGFAULT,
	FAKE_VIOLATION,
	FAKE_ABORT,   /* SIGKILL to itself: no last words */
	FAKE_SILENCE, /* do not answer this */
	FAKE_GARBAGE,
	FAKE_REFUSE,  /* answer with OUT_OF_MEMORY */
	FAKE_UNASKED, /* answer a request that was never made */
	FAKE_STARTED_AGAIN,
	FAKE_END_SILENTLY, /* say that the newest session has ended, and do not answer this */
	FAKE_DEAF,	   /* read nothing any more */
	FAKE_PANIC_BUSY,   /* as FAKE_PANIC, with a message left unread */
};

#endif
