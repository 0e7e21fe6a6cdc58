/*
 * One busy session among 64 of one TA instance, against a session that has its instance to itself.
 */
#include <assert.h>

#include "client.h"
#include "figures.h"
#include "ta/bench_ta.h"

#define NAME  "busy_among_many"
#define TITLE "64 sessions on one instance, one busy"
#define ALONE 16U

static_assert(CLIENT_PLACES == 64, "as many sessions as the title says");

/* Sessions that have an instance each, to go through as the busy one goes through its places. */
struct loners {
	struct client client[ALONE];
	unsigned int opened;
	unsigned int rounds;
};

static int loners_renew(void *context)
{
	struct loners *loners = context;

	loners->rounds++;
	return 0;
}

static int loners_invoke(void *context)
{
	struct loners *loners = context;

	return client_invoke_empty(&loners->client[loners->rounds % ALONE]);
}

void busy_among_many_run(struct bench *bench)
{
	static struct loners loners;
	static struct client busy;
	struct measurement m = {
		.name = NAME,
		.title = TITLE,
		.goal = GOAL_RATIO_AT_MOST,
		.target = 1.2,
		.thing = { .what = "busy among 64",
			   .call = client_invoke_empty,
			   .renew = client_renew,
			   .context = &busy },
		.yardstick = { .what = "alone",
			       .call = loners_invoke,
			       .renew = loners_renew,
			       .context = &loners },
	};
	char why[128];

	while (loners.opened < ALONE &&
	       client_open(&loners.client[loners.opened], BENCH_TA_PLAIN, why, sizeof(why)) == 0)
		loners.opened++;
	if (loners.opened < ALONE) {
		harness_fail(bench, NAME, TITLE, "%s", why);
	} else if (client_open_spread(&busy, BENCH_TA_SHARED, why, sizeof(why)) < 0) {
		harness_fail(bench, NAME, TITLE, "%s", why);
	} else {
		(void)harness_measure(bench, &m);
		client_close(&busy);
	}
	while (loners.opened > 0)
		client_close(&loners.client[--loners.opened]);
}
