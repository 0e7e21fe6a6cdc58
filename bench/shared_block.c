/* An allocated block of 16 MiB, passed whole and touched by nobody, against the empty invoke. */
#include "client.h"
#include "figures.h"
#include "ta/bench_ta.h"

#define NAME	   "shared_block"
#define TITLE	   "allocated shared block of 16 MiB, whole"
#define BLOCK_SIZE (16U << 20)

void shared_block_run(struct bench *bench)
{
	TEEC_SharedMemory block = { .size = BLOCK_SIZE, .flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT };
	struct client client;
	struct measurement m = {
		.name = NAME,
		.title = TITLE,
		.goal = GOAL_RATIO_AT_MOST,
		.target = 1.2,
		.thing = { .what = "16 MiB block",
			   .call = client_invoke,
			   .renew = client_renew,
			   .context = &client },
		.yardstick = { .what = "empty invoke",
			       .call = client_invoke_empty,
			       .context = &client },
	};
	TEEC_Result result;
	char why[128];

	if (client_open_spread(&client, BENCH_TA_KEPT, why, sizeof(why)) < 0) {
		harness_fail(bench, NAME, TITLE, "%s", why);
		return;
	}
	result = TEEC_AllocateSharedMemory(&client.context, &block);
	if (result != TEEC_SUCCESS) {
		harness_fail(bench, NAME, TITLE, "TEEC_AllocateSharedMemory: 0x%08x", result);
		goto out;
	}
	client.operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_MEMREF_WHOLE, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	client.operation.params[0].memref.parent = &block;
	(void)harness_measure(bench, &m);
	TEEC_ReleaseSharedMemory(&block);
out:
	client_close(&client);
}
