/* A client of the device under measurement: one session with one of the TAs of ta/. */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stddef.h>

#include <tee_client_api.h>

/* Sessions that a client goes through, since each has its channel elsewhere in memory. */
#define CLIENT_PLACES 64U

struct client {
	TEEC_Context context;
	TEEC_Session session;
	TEEC_Operation operation;
	/* `session` is one of these after client_open_spread(). */
	TEEC_Session place[CLIENT_PLACES];
	unsigned int places;
	unsigned int rounds;
};

/* Connects to the device in use and opens a session with TA `number`. Returns 0, or -EIO with a
 * line in `why`. */
int client_open(struct client *client, int number, char *why, size_t size);
void client_close(struct client *client);

/* Opens or closes one more session of a context. Returns 0 or -EIO. */
int client_session_open(TEEC_Context *context, TEEC_Session *session, int number);

/* client_open(), and as many sessions as client_renew() goes through. */
int client_open_spread(struct client *client, int number, char *why, size_t size);

/* Goes on with the next session. Returns 0. */
int client_renew(void *client);

/* Invokes the command that does nothing; `client` is a struct client. Its operation is passed when
 * that names any parameter. Returns 0 or -EIO. */
int client_invoke(void *client);

/* Invokes it without an operation. */
int client_invoke_empty(void *client);

#endif
