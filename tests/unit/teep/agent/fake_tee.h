/*
 * A TEE that is none: it listens where one would (otrp/tee_socket.h), has any names, and does what
 * a test wants of it. It runs in a child process that ends with its parent.
 */
#ifndef TEESIM_TESTS_AGENT_FAKE_TEE_H
#define TEESIM_TESTS_AGENT_FAKE_TEE_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

enum fake_mood {
	FAKE_ANSWERS,	    /* "<name>:<octets of the request>" */
	FAKE_WRAPS,	    /* {"GetDeviceTEEStateResponse":"<name>"} */
	FAKE_HANGS,	    /* takes requests and says no more */
	FAKE_DIES,	    /* at a request */
	FAKE_REFUSES,	    /* status EIO, "out of order" */
	FAKE_KNOWS_NO_TA,   /* status ENOENT, "no such TA" */
	FAKE_TALKS_RUBBISH, /* answers with another kind */
	FAKE_LEAVES_FIRST,  /* closes its first connection unasked, then answers */
	FAKE_WAITS,	    /* until fake_shared.released counts it, then answers */
};

/* Shared with the child. */
struct fake_shared {
	_Atomic uint32_t mood[4]; /* by name; enum fake_mood */
	_Atomic uint32_t asked;	  /* PROCESS and TA_INFORMATION so far */
	_Atomic uint32_t connected;
	_Atomic uint32_t released; /* requests that may be answered when FAKE_WAITS */
};

struct fake_tee {
	char path[108];
	pid_t pid;
	struct fake_shared *shared;
};

/* Listens at `path` when it returns. `names`: what the TEEs are called, NULL at the end. */
void fake_tee_start(struct fake_tee *fake, const char *path, const char *const *names);
void fake_tee_stop(struct fake_tee *fake);

/* With other names, at the same path; moods and counts stay. */
void fake_tee_restart(struct fake_tee *fake, const char *const *names);

#endif
