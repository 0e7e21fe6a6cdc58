/*
 * Client, teesimd and TA host on one and the same CPU, where nobody should spin: the empty invoke
 * against a ping-pong whose two sides share that CPU as well.
 */
#include <string.h>

#include "client.h"
#include "device.h"
#include "figures.h"
#include "pingpong.h"
#include "placement.h"
#include "scratch.h"
#include "ta/bench_ta.h"

#define NAME  "one_cpu"
#define TITLE "all on one CPU: empty invoke"

static void pinned_run(struct bench *bench, int cpu)
{
	struct device device;
	struct pingpong pingpong;
	struct client client;
	struct measurement m = {
		.name = NAME,
		.title = TITLE,
		.goal = GOAL_RATIO_AT_MOST,
		.anywhere = true,
		.target = 1.5,
		.thing = { .what = "TEEC_InvokeCommand",
			   .call = client_invoke_empty,
			   .renew = client_renew,
			   .context = &client },
		.yardstick = { .what = "futex ping-pong",
			       .call = pingpong_call,
			       .renew = pingpong_renew,
			       .context = &pingpong },
	};
	char why[160];
	int err;

	if (device_start(&device, scratch_directory(), "one-cpu", cpu, why, sizeof(why)) < 0) {
		harness_fail(bench, NAME, TITLE, "%s", why);
		return;
	}
	err = pingpong_start(&pingpong, wait_spin_from_environment(), cpu);
	if (err < 0) {
		harness_fail(bench, NAME, TITLE, "no peer: %s", strerror(-err));
		goto out;
	}
	if (client_open_spread(&client, BENCH_TA_KEPT, why, sizeof(why)) < 0) {
		harness_fail(bench, NAME, TITLE, "%s", why);
	} else {
		(void)harness_measure(bench, &m);
		client_close(&client);
	}
	pingpong_stop(&pingpong);
out:
	device_stop(&device);
}

void one_cpu_run(struct bench *bench)
{
	int cpu = placement_first_cpu();

	if (cpu < 0 || !placement_pin(cpu)) {
		harness_fail(bench, NAME, TITLE, "cannot keep to one CPU");
		return;
	}
	pinned_run(bench, cpu);
	placement_free(NULL);
	if (bench->device)
		device_use(bench->device);
}
