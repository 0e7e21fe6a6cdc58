/* Four value parameters, there and back, against the invoke without any. */
#include "client.h"
#include "figures.h"
#include "ta/bench_ta.h"

#define NAME  "four_values"
#define TITLE "four value parameters"

void four_values_run(struct bench *bench)
{
	struct client client;
	struct measurement m = {
		.name = NAME,
		.title = TITLE,
		.goal = GOAL_RATIO_AT_MOST,
		.target = 1.1,
		.thing = { .what = "four values INOUT",
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
	client.operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, TEEC_VALUE_INOUT,
						       TEEC_VALUE_INOUT, TEEC_VALUE_INOUT);
	(void)harness_measure(bench, &m);
	client_close(&client);
}
