#include "record.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define VERSION 1

static const char *const unit_names[] = {
	[UNIT_NS] = "ns",
	[UNIT_CALLS_PER_S] = "1/s",
	[UNIT_COUNT] = "1",
	[UNIT_OCTETS] = "B",
};

static const char *const goal_names[] = {
	[GOAL_RATIO_AT_MOST] = "ratio at most",
	[GOAL_RATIO_AT_LEAST] = "ratio at least",
	[GOAL_VALUE_AT_MOST] = "value at most",
};

void machine_describe(struct machine *machine)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	struct utsname name;
	char line[512];

	memset(machine, 0, sizeof(*machine));
	snprintf(machine->processor, sizeof(machine->processor), "unknown processor");
	while (file && fgets(line, sizeof(line), file)) {
		char *value = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || !value)
			continue;
		value += strspn(value, ": \t");
		value[strcspn(value, "\n")] = '\0';
		snprintf(machine->processor, sizeof(machine->processor), "%.90s", value);
		break;
	}
	if (file)
		fclose(file);
	if (uname(&name) == 0)
		snprintf(machine->kernel, sizeof(machine->kernel), "%.40s %.50s", name.sysname,
			 name.release);
	machine->cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	(void)getloadavg(&machine->load_before, 1);
}

static json_t *numbers(const double *values, unsigned int count)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < count; i++)
		json_array_append_new(array, json_real(values[i]));
	return array;
}

static json_t *histogram(const struct series *series)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < BUCKETS; i++)
		if (series->bucket[i])
			json_array_append_new(array, json_pack("[f, I]", series_bucket_start(i),
							       (json_int_t)series->bucket[i]));
	return array;
}

static json_t *series_pack(const struct series *series)
{
	return json_pack("{s:s, s:f, s:f, s:o, s:o, s:o}", "what", series->what, "p50",
			 series_p50(series), "p99", series_p99(series), "rounds_p50",
			 numbers(series->p50, series->rounds), "rounds_p99",
			 numbers(series->p99, series->rounds), "histogram", histogram(series));
}

static json_t *result_pack(const struct result *result)
{
	json_t *object = json_pack("{s:s, s:s, s:s}", "name", result->name, "title", result->title,
				   "unit", unit_names[result->unit]);

	if (result->note[0])
		json_object_set_new(object, "note", json_string(result->note));
	if (result->failure[0]) {
		json_object_set_new(object, "not_measured", json_string(result->failure));
		return object;
	}
	json_object_set_new(object, "measured", series_pack(&result->thing));
	if (result->has_yardstick) {
		json_object_set_new(object, "yardstick", series_pack(&result->yardstick));
		json_object_set_new(object, "ratio",
				    json_pack("{s:f, s:f, s:f}", "median", result->ratio, "low",
					      result->ratio_interval.low, "high",
					      result->ratio_interval.high));
	}
	if (result->goal != GOAL_NONE)
		json_object_set_new(object, "target",
				    json_pack("{s:s, s:f, s:b}", "kind", goal_names[result->goal],
					      "value", result->target, "met", result_met(result)));
	return object;
}

int record_write(const char *path, const struct bench *bench, const struct machine *machine,
		 char *why, size_t size)
{
	json_t *figures = json_array();
	json_t *root;
	int err = 0;

	for (unsigned int i = 0; i < bench->count; i++)
		json_array_append_new(figures, result_pack(&bench->results[i]));
	root = json_pack("{s:i, s:{s:s, s:s, s:i, s:f, s:f}, s:i, s:o}", "version", VERSION,
			 "machine", "processor", machine->processor, "kernel", machine->kernel,
			 "cpus", (int)machine->cpus, "load_before", machine->load_before,
			 "load_after", machine->load_after, "rounds", (int)bench->options.rounds,
			 "figures", figures);
	if (!root)
		return -ENOMEM;
	errno = 0;
	if (json_dump_file(root, path, JSON_INDENT(1) | JSON_REAL_PRECISION(8)) < 0) {
		err = errno ? -errno : -EIO;
		snprintf(why, size, "%s: %s", path, strerror(-err));
	}
	json_decref(root);
	return err;
}

/* Takes the rounds out of a series. Returns how many. */
static unsigned int rounds_parse(const json_t *series, double rounds[ROUNDS_MAX])
{
	const json_t *array = json_object_get(series, "rounds_p50");
	size_t count = json_array_size(array);

	if (count > ROUNDS_MAX)
		count = ROUNDS_MAX;
	for (size_t i = 0; i < count; i++)
		rounds[i] = json_number_value(json_array_get(array, i));
	return (unsigned int)count;
}

int record_parse(const char *path, struct old_run *run, char *why, size_t size)
{
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error);
	const json_t *figures;

	memset(run, 0, sizeof(*run));
	if (!root) {
		if (error.line > 0)
			snprintf(why, size, "%s, line %d: %s", path, error.line, error.text);
		else
			snprintf(why, size, "%s", error.text);
		return -EINVAL;
	}
	figures = json_object_get(root, "figures");
	if (json_integer_value(json_object_get(root, "version")) != VERSION ||
	    !json_is_array(figures)) {
		snprintf(why, size, "%s was not written by this version of 'dev bench --json'",
			 path);
		json_decref(root);
		return -EINVAL;
	}
	for (size_t i = 0; i < json_array_size(figures) && run->count < RESULTS_MAX; i++) {
		const json_t *figure = json_array_get(figures, i);
		const char *name = json_string_value(json_object_get(figure, "name"));
		struct old_result *old = &run->result[run->count];

		old->rounds = rounds_parse(json_object_get(figure, "measured"), old->p50);
		old->yardstick_rounds =
			rounds_parse(json_object_get(figure, "yardstick"), old->yardstick_p50);
		if (!name || !old->rounds)
			continue;
		snprintf(old->name, sizeof(old->name), "%s", name);
		run->count++;
	}
	json_decref(root);
	return 0;
}
