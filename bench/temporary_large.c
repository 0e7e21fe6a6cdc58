/* A temporary reference of 1 MiB, copied there and back, against copying that twice. */
#include <string.h>

#include "client.h"
#include "figures.h"
#include "ta/bench_ta.h"

#define NAME	    "temporary_large"
#define TITLE	    "temporary INOUT reference of 1 MiB"
#define BUFFER_SIZE (1U << 20)

static char buffer[BUFFER_SIZE];
static char elsewhere[BUFFER_SIZE];

static int copy_twice(void *unused)
{
	(void)unused;
	memcpy(elsewhere, buffer, sizeof(buffer));
	/* The compiler must not see that the second undoes the first. */
	__asm__ volatile("" ::: "memory");
	memcpy(buffer, elsewhere, sizeof(buffer));
	__asm__ volatile("" ::: "memory");
	return 0;
}

void temporary_large_run(struct bench *bench)
{
	struct client client;
	struct measurement m = {
		.name = NAME,
		.title = TITLE,
		.goal = GOAL_RATIO_AT_MOST,
		.target = 1.3,
		.thing = { .what = "1 MiB INOUT",
			   .call = client_invoke,
			   .renew = client_renew,
			   .context = &client },
		.yardstick = { .what = "two memcpy of 1 MiB", .call = copy_twice },
		.calls = 200,
		.warm_up = 10,
	};
	char why[128];

	if (client_open_spread(&client, BENCH_TA_KEPT, why, sizeof(why)) < 0) {
		harness_fail(bench, NAME, TITLE, "%s", why);
		return;
	}
	memset(buffer, 1, sizeof(buffer));
	memset(elsewhere, 2, sizeof(elsewhere));
	client.operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INOUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	client.operation.params[0].tmpref.buffer = buffer;
	client.operation.params[0].tmpref.size = sizeof(buffer);
	(void)harness_measure(bench, &m);
	client_close(&client);
}
