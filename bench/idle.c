/*
 * A device with a session that nobody uses: how often its processes run, and what memory each of
 * them holds.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "device.h"
#include "figures.h"
#include "process.h"
#include "ta/bench_ta.h"
#include "ta/crypto_commands.h"

#define TITLE "an idle device"
/* Before it counts as idle, and how long it is looked at, in seconds. */
#define IDLE_S	1
#define WATCH_S 1

struct watched {
	const char *name;
	pid_t pid;
	double private_target;
};

static void switches_measure(struct bench *bench, const struct watched *watched, unsigned int count)
{
	int64_t before[3];

	sleep(IDLE_S);
	for (unsigned int i = 0; i < count; i++)
		before[i] = process_switches(watched[i].pid);
	sleep(WATCH_S);
	for (unsigned int i = 0; i < count; i++) {
		char name[48], title[96];
		struct result *result;
		double switches = (double)(process_switches(watched[i].pid) - before[i]) / WATCH_S;

		snprintf(name, sizeof(name), "idle_switches_%s", watched[i].name);
		snprintf(title, sizeof(title), "idle: context switches a second, %s",
			 watched[i].name);
		result = harness_result(bench, name, title, UNIT_COUNT, GOAL_VALUE_AT_MOST, 0);
		if (before[i] < 0)
			snprintf(result->failure, sizeof(result->failure), "%s",
				 strerror((int)-before[i]));
		series_add(&result->thing, switches, switches);
		harness_finish(result);
	}
}

static void memory_measure(struct bench *bench, const struct watched *watched)
{
	char name[48], title[96];
	struct result *result;
	int exact;
	int64_t octets = process_private_memory(watched->pid, &exact);

	snprintf(name, sizeof(name), "private_memory_%s", watched->name);
	snprintf(title, sizeof(title), "private memory, %s", watched->name);
	result = harness_result(bench, name, title, UNIT_OCTETS,
				watched->private_target > 0 ? GOAL_VALUE_AT_MOST : GOAL_NONE,
				watched->private_target);
	if (octets < 0)
		snprintf(result->failure, sizeof(result->failure), "%s", strerror((int)-octets));
	else if (!exact)
		snprintf(result->note, sizeof(result->note),
			 "anonymous pages only: smaps_rollup of this process is for root");
	series_add(&result->thing, (double)octets, (double)octets);
	harness_finish(result);

	octets = process_resident_memory(watched->pid);
	snprintf(name, sizeof(name), "resident_memory_%s", watched->name);
	snprintf(title, sizeof(title), "resident memory, %s", watched->name);
	result = harness_result(bench, name, title, UNIT_OCTETS, GOAL_NONE, 0);
	if (octets < 0)
		snprintf(result->failure, sizeof(result->failure), "%s", strerror((int)-octets));
	series_add(&result->thing, (double)octets, (double)octets);
	harness_finish(result);
}

/* A TA that has done some cryptography of most kinds, by then with all that stays of it. */
static int crypto_use(void *context)
{
	struct client *client = context;

	client->operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_VALUE_OUTPUT, TEEC_NONE, TEEC_NONE);
	client->operation.params[0].value.a = 32;
	client->operation.params[0].value.b = 1;
	for (uint32_t command = 0; command < BENCH_CRYPTO_COMMANDS; command++)
		if (command != BENCH_CRYPTO_SHORT &&
		    TEEC_InvokeCommand(&client->session, command, &client->operation, NULL) !=
			    TEEC_SUCCESS)
			return -EIO;
	return 0;
}

static void crypto_memory_measure(struct bench *bench)
{
	/* Of that, the TA itself holds two buffers. */
	struct watched watched = { .name = "ta-host-crypto",
				   .private_target = (6 << 20) + 2 * BENCH_CRYPTO_SIZE_MAX };
	struct client client;
	char why[128];

	if (client_open(&client, BENCH_TA_CRYPTO, why, sizeof(why)) < 0) {
		harness_fail(bench, "idle_crypto", TITLE, "%s", why);
		return;
	}
	watched.pid = device_busy_host(bench->device, crypto_use, &client);
	if (watched.pid < 0)
		harness_fail(bench, "idle_crypto", TITLE, "the TA host's process was not found");
	else
		memory_measure(bench, &watched);
	client_close(&client);
}

void idle_run(struct bench *bench)
{
	struct watched watched[] = {
		{ .name = "teesimd", .private_target = 8 << 20 },
		{ .name = "ta-host", .private_target = 6 << 20 },
		/* Is asleep while we count only as far as we are. */
		{ .name = "client" },
	};
	pid_t host;
	struct client client;
	char why[128];

	if (client_open(&client, BENCH_TA_KEPT, why, sizeof(why)) < 0) {
		harness_fail(bench, "idle", TITLE, "%s", why);
		return;
	}
	host = device_busy_host(bench->device, client_invoke_empty, &client);
	if (host < 0) {
		harness_fail(bench, "idle", TITLE, "the TA host's process was not found");
		goto out;
	}
	watched[0].pid = bench->device->teesimd;
	watched[1].pid = host;
	watched[2].pid = getpid();
	switches_measure(bench, watched, 2);
	for (unsigned int i = 0; i < 3; i++)
		memory_measure(bench, &watched[i]);
out:
	client_close(&client);
	crypto_memory_measure(bench);
}
