/*
 * For tests that are clients: a teesimd of its own for each test, with its state, its sockets and
 * its log in a directory of its own, and a look afterwards at what is left.
 *
 * Runs in Criterion's process for the test. fixture_start() and fixture_stop() are the test suite's
 * .init and .fini. The second one ends the daemon and fails the test when a process, a descriptor,
 * a socket, or shared memory is left.
 */
#ifndef TEESIM_TEST_GP_FIXTURE_H
#define TEESIM_TEST_GP_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <tee_client_api.h>

void fixture_start(void);
void fixture_stop(void);

/* fixture_start() with more arguments for the daemon, at most 8, ended by NULL. */
void fixture_start_with(const char *const arguments[]);

/* Ends the daemon with `signal` (SIGTERM: in order), waits until all that it started is gone, and
 * starts another on the same device; NULL: without more arguments. No client may be open. */
void fixture_restart(int signal, const char *const arguments[]);

/* The device's directory. */
const char *fixture_device(void);

/* Waits, for some seconds, until `text` is in the daemon's log; false: it never was. */
bool fixture_log_has(const char *text);

/* Is `text` nowhere in the daemon's log as it is now? */
bool fixture_log_lacks(const char *text);

/* The daemon's child of that name, 0 when there is none. */
pid_t fixture_process(const char *name);

/* A context with one session in it. */
struct client {
	TEEC_Context context;
	TEEC_Session session;
	/* Of the last operation. */
	uint32_t origin;
};

/* Opens a session of login PUBLIC with the TA, in a context of its own; asserts that it works. */
void client_open(struct client *client, const TEEC_UUID *ta);

/* The same, but gives the result. On failure there is nothing to close. */
TEEC_Result client_try_open(struct client *client, const TEEC_UUID *ta, uint32_t login,
			    const void *connection_data, TEEC_Operation *operation);

void client_close(struct client *client);

TEEC_Result client_invoke(struct client *client, uint32_t command, TEEC_Operation *operation);

#endif
