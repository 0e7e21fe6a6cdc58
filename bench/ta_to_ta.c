/* An empty command from one TA to another, against one from the client. */
#include <errno.h>

#include "client.h"
#include "figures.h"
#include "ta/bench_ta.h"

#define NAME  "ta_to_ta"
#define TITLE "empty invoke from TA to TA"

/* Of each kind in what is timed, so that the way to the calling TA is little of it. */
#define CALLS 200U

static int from_ta(void *arg)
{
	struct client *client = arg;

	return TEEC_InvokeCommand(&client->session, BENCH_CMD_CALL_ANOTHER, &client->operation,
				  NULL) == TEEC_SUCCESS
		       ? 0
		       : -EIO;
}

static int from_client(void *arg)
{
	for (unsigned int i = 0; i < CALLS; i++)
		if (client_invoke_empty(arg) < 0)
			return -EIO;
	return 0;
}

void ta_to_ta_run(struct bench *bench)
{
	struct client caller, direct;
	struct measurement m = {
		.name = NAME,
		.title = TITLE,
		.goal = GOAL_RATIO_AT_MOST,
		.target = 1.25,
		.thing = { .what = "200 from TA to TA", .call = from_ta, .context = &caller },
		.yardstick = { .what = "200 from the client",
			       .call = from_client,
			       .context = &direct },
		.calls = 100,
		.anywhere = true,
	};
	char why[128];

	if (client_open(&caller, BENCH_TA_PLAIN, why, sizeof(why)) < 0) {
		harness_fail(bench, NAME, TITLE, "%s", why);
		return;
	}
	caller.operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0);
	caller.operation.params[0].value.a = CALLS;
	if (client_open(&direct, BENCH_TA_KEPT, why, sizeof(why)) < 0) {
		harness_fail(bench, NAME, TITLE, "%s", why);
	} else {
		(void)harness_measure(bench, &m);
		client_close(&direct);
	}
	client_close(&caller);
}
