#include "crypto.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "device.h"
#include "placement.h"
#include "scratch.h"
#include "ta/bench_ta.h"
#include "ta/crypto_commands.h"

uint8_t crypto_in[BENCH_CRYPTO_SIZE_MAX], crypto_out[BENCH_CRYPTO_SIZE_MAX];

/* What a side works in a round: long, so that reading clocks is little.
 */
#define ROUND_NS 4000000.0

/* Time of the processor's that one of `times` took; -1: it failed. */
static double in_ta(struct client *client, const struct crypto_figure *figure)
{
	TEEC_Value *const value[] = { &client->operation.params[0].value,
				      &client->operation.params[1].value };

	value[0]->a = figure->size;
	value[0]->b = figure->times;
	if (TEEC_InvokeCommand(&client->session, figure->command, &client->operation, NULL) !=
	    TEEC_SUCCESS)
		return -1;
	return (double)((uint64_t)value[1]->a << 32 | value[1]->b) / figure->times;
}

static double processor_time(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double alone(struct crypto_figure *figure)
{
	const double start = processor_time();

	return figure->library(figure) < 0 ? -1 : (processor_time() - start) / figure->times;
}

static void figure_measure(struct bench *bench, struct client *client, struct crypto_figure *figure)
{
	struct result *result = harness_result(bench, figure->name, figure->title, UNIT_NS,
					       GOAL_RATIO_AT_MOST, figure->target);
	double once;

	snprintf(result->note, sizeof(result->note),
		 "time of the processor's, which a busy machine changes less");
	series_name(&result->thing, "in a TA");
	series_name(&result->yardstick, figure->library_name);
	/* Warms both up, and tells how many make a round. */
	figure->times = 1;
	if (in_ta(client, figure) < 0 || alone(figure) < 0)
		goto fail;
	once = alone(figure);
	figure->times = once > 0 && once < ROUND_NS ? (uint32_t)(ROUND_NS / once) : 1;
	for (unsigned int i = 0; i < bench->options.rounds; i++) {
		double thing = 0, yardstick = 0;

		/* Who comes first changes with each round. */
		for (unsigned int side = 0; side < 2; side++) {
			if (side == (i & 1))
				thing = in_ta(client, figure);
			else
				yardstick = alone(figure);
		}
		if (thing < 0 || yardstick < 0)
			goto fail;
		series_add(&result->thing, thing, thing);
		series_count(&result->thing, thing);
		series_add(&result->yardstick, yardstick, yardstick);
		series_count(&result->yardstick, yardstick);
	}
	harness_finish(result);
	return;
fail:
	snprintf(result->failure, sizeof(result->failure), "the TA or the library failed");
}

static void figures_measure(struct bench *bench, struct crypto_figure *figures, size_t count)
{
	struct client client;
	char why[128];

	if (client_open(&client, BENCH_TA_CRYPTO, why, sizeof(why)) < 0) {
		harness_fail(bench, figures[0].name, figures[0].title, "%s", why);
		return;
	}
	memset(crypto_in, 0x5A, sizeof(crypto_in));
	memset(crypto_out, 0xA5, sizeof(crypto_out));
	client.operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_VALUE_OUTPUT, TEEC_NONE, TEEC_NONE);
	for (size_t i = 0; i < count; i++)
		figure_measure(bench, &client, &figures[i]);
	client_close(&client);
}

/* The sides take turns, so they can have the same processor, with whatever else slows that one. */
void crypto_measure(struct bench *bench, struct crypto_figure *figures, size_t count)
{
	const int cpu = placement_first_cpu();
	struct device device;
	char why[160];

	if (cpu < 0 || !placement_pin(cpu)) {
		harness_fail(bench, figures[0].name, figures[0].title, "cannot keep to one CPU");
		return;
	}
	if (device_start(&device, scratch_directory(), "crypto", cpu, why, sizeof(why)) < 0) {
		harness_fail(bench, figures[0].name, figures[0].title, "%s", why);
	} else {
		figures_measure(bench, figures, count);
		device_stop(&device);
	}
	placement_free(NULL);
	if (bench->device)
		device_use(bench->device);
}
