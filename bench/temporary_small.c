/* A temporary reference of 64 octets, copied there and back, against the empty invoke. */
#include "client.h"
#include "figures.h"
#include "ta/bench_ta.h"

#define NAME  "temporary_small"
#define TITLE "temporary INOUT reference of 64 B"

void temporary_small_run(struct bench *bench)
{
	static char buffer[64];
	struct client client;
	struct measurement m = {
		.name = NAME,
		.title = TITLE,
		.goal = GOAL_RATIO_AT_MOST,
		.target = 1.5,
		.thing = { .what = "64 B INOUT",
			   .call = client_invoke,
			   .renew = client_renew,
			   .context = &client },
		.yardstick = { .what = "empty invoke",
			       .call = client_invoke_empty,
			       .context = &client },
	};
	char why[128];

	if (client_open_spread(&client, BENCH_TA_KEPT, why, sizeof(why)) < 0) {
		harness_fail(bench, NAME, TITLE, "%s", why);
		return;
	}
	client.operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INOUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	client.operation.params[0].tmpref.buffer = buffer;
	client.operation.params[0].tmpref.size = sizeof(buffer);
	(void)harness_measure(bench, &m);
	client_close(&client);
}
