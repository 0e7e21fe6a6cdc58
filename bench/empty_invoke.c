/* A warm TEEC_InvokeCommand() without parameters, against the floor. */
#include <string.h>

#include "client.h"
#include "figures.h"
#include "pingpong.h"
#include "placement.h"
#include "ta/bench_ta.h"

#define NAME  "empty_invoke"
#define TITLE "empty invoke, warm"

void empty_invoke_run(struct bench *bench)
{
	struct pingpong pingpong;
	struct client client;
	struct measurement m = {
		.name = NAME,
		.title = TITLE,
		.goal = GOAL_RATIO_AT_MOST,
		.target = 1.25,
		.thing = { .what = "TEEC_InvokeCommand",
			   .call = client_invoke_empty,
			   .renew = client_renew,
			   .context = &client },
		.yardstick = { .what = "bare ping-pong",
			       .call = pingpong_call,
			       .renew = pingpong_renew,
			       .context = &pingpong },
	};
	char why[128];
	int err = pingpong_start(&pingpong, wait_spin_from_environment(), placement_peer_cpu());

	if (err < 0) {
		harness_fail(bench, NAME, TITLE, "no peer: %s", strerror(-err));
		return;
	}
	if (client_open_spread(&client, BENCH_TA_KEPT, why, sizeof(why)) < 0) {
		harness_fail(bench, NAME, TITLE, "%s", why);
	} else {
		(void)harness_measure(bench, &m);
		client_close(&client);
	}
	pingpong_stop(&pingpong);
}
