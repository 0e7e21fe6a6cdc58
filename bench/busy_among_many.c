/*
 * One busy session among 64 of one TA instance, against a session that has its instance to itself.
 */
#include "client.h"
#include "figures.h"
#include "ta/bench_ta.h"

#define NAME	 "busy_among_many"
#define TITLE	 "64 sessions on one instance, one busy"
#define SESSIONS 64U

void busy_among_many_run(struct bench *bench)
{
	static TEEC_Session idle[SESSIONS - 1];
	struct client alone, busy;
	struct measurement m = {
		.name = NAME,
		.title = TITLE,
		.goal = GOAL_RATIO_AT_MOST,
		.target = 1.2,
		.thing = { .what = "busy among 64", .call = client_invoke_empty, .context = &busy },
		.yardstick = { .what = "alone", .call = client_invoke_empty, .context = &alone },
	};
	unsigned int opened = 0;
	char why[128];

	if (client_open(&alone, BENCH_TA_KEPT, why, sizeof(why)) < 0) {
		harness_fail(bench, NAME, TITLE, "%s", why);
		return;
	}
	if (client_open(&busy, BENCH_TA_SHARED, why, sizeof(why)) < 0) {
		harness_fail(bench, NAME, TITLE, "%s", why);
		goto out;
	}
	while (opened < SESSIONS - 1 &&
	       client_session_open(&busy.context, &idle[opened], BENCH_TA_SHARED) == 0)
		opened++;
	if (opened == SESSIONS - 1)
		(void)harness_measure(bench, &m);
	else
		harness_fail(bench, NAME, TITLE, "only %u sessions could be opened", opened + 1);
	while (opened > 0)
		TEEC_CloseSession(&idle[--opened]);
	client_close(&busy);
out:
	client_close(&alone);
}
