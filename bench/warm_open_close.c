/*
 * Opening and closing a session with a TA whose instance is there already, against one round trip
 * between two processes that sleep in a socket.
 */
#include <errno.h>
#include <string.h>

#include "client.h"
#include "figures.h"
#include "pingpong.h"
#include "ta/bench_ta.h"

#define NAME  "warm_open_close"
#define TITLE "warm open and close of a session"

static int open_and_close(void *context)
{
	struct client *client = context;
	TEEC_Session session;

	if (client_session_open(&client->context, &session, BENCH_TA_KEPT) < 0)
		return -EIO;
	TEEC_CloseSession(&session);
	return 0;
}

void warm_open_close_run(struct bench *bench)
{
	struct socket_peer peer;
	struct client client;
	struct measurement m = {
		.name = NAME,
		.title = TITLE,
		.goal = GOAL_RATIO_AT_MOST,
		.anywhere = true,
		.target = 4,
		.thing = { .what = "open and close", .call = open_and_close, .context = &client },
		.yardstick = { .what = "socket round trip",
			       .call = socket_peer_call,
			       .context = &peer },
		.calls = 400,
		.warm_up = 20,
	};
	char why[128];
	int err = socket_peer_start(&peer);

	if (err < 0) {
		harness_fail(bench, NAME, TITLE, "no peer: %s", strerror(-err));
		return;
	}
	if (client_open(&client, BENCH_TA_KEPT, why, sizeof(why)) < 0) {
		harness_fail(bench, NAME, TITLE, "%s", why);
	} else {
		(void)harness_measure(bench, &m);
		client_close(&client);
	}
	socket_peer_stop(&peer);
}
