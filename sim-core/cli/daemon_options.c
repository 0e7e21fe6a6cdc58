#include "cli/daemon_options.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/clock.h"
#include "device/paths.h"
#include "device/seed.h"
#include "session/nesting.h"
#include "session/network_rules.h"
#include "storage/quota.h"
#include "wire/fault.h"
#include "wire/launch.h"

static_assert(LAUNCH_READY_FD == 3, "the command line below names it");

static bool among(const char *value, const char *const *choices)
{
	for (; *choices; choices++)
		if (!strcmp(value, *choices))
			return true;
	return false;
}

static bool nanoseconds_valid(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && digits <= 10 && !text[digits] && strtoul(text, NULL, 10) <= 1000000000;
}

static bool nested_tas_valid(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && digits <= 4 && !text[digits] &&
	       strtoul(text, NULL, 10) <= INSTANCES_BY_TAS_MAX;
}

int daemon_option_take(struct daemon_options *options, int option, const char *value,
		       const char *command)
{
	static const char *const sandboxes[] = { "full", "any", NULL };
	static const char *const levels[] = { "error", "info", "debug", "flow", "1",
					      "2",     "3",    "4",	NULL };
	static struct fault_plan faults;
	char fault_err[160];
	struct device_clock clock;
	struct network_rules network;
	const char *why;
	int err;

	switch (option) {
	case 'd':
		if (!paths_device_name_valid(value)) {
			fprintf(stderr,
				"teesim %s: \"%s\" is no device name: use 1 to %d letters, digits, "
				"'.', '_' or '-'\n",
				command, value, PATHS_DEVICE_NAME_MAX);
			return -1;
		}
		options->device = value;
		return 1;
	case 'S':
		options->require_signed = true;
		return 1;
	case 'B':
		if (!among(value, sandboxes)) {
			fprintf(stderr,
				"teesim %s: --require-sandbox is \"full\" or \"any\", not \"%s\"\n",
				command, value);
			return -1;
		}
		options->require_sandbox = value;
		return 1;
	case 'l':
		if (!among(value, levels)) {
			fprintf(stderr,
				"teesim %s: --log-level is error, info, debug or flow, not "
				"\"%s\"\n",
				command, value);
			return -1;
		}
		options->log_level = value;
		return 1;
	case 'W':
		if (!nanoseconds_valid(value)) {
			fprintf(stderr,
				"teesim %s: --world-switch is a number of nanoseconds, at most "
				"1000000000, not \"%s\"\n",
				command, value);
			return -1;
		}
		options->world_switch = value;
		return 1;
	case 'N':
		if (seed_parse(value, &(uint64_t) { 0 }) < 0) {
			fprintf(stderr,
				"teesim %s: --seed is a number of 64 bits, such as 7 or 0xcafe, "
				"not \"%s\"\n",
				command, value);
			return -1;
		}
		options->seed = value;
		return 1;
	case 'M':
		options->strict_memory = true;
		return 1;
	case 'D':
		options->durable = true;
		return 1;
	case 'Q':
		if (storage_quota_parse(value, &(uint64_t) { 0 }, &(uint64_t) { 0 }) < 0) {
			fprintf(stderr,
				"teesim %s: --storage-quota is TA or TA:DEVICE in mebibytes, such "
				"as 16:64, not \"%s\"\n",
				command, value);
			return -1;
		}
		options->storage_quota = value;
		return 1;
	case 'T':
		if (!nested_tas_valid(value)) {
			fprintf(stderr,
				"teesim %s: --nested-tas is a number, at most %d, not \"%s\"\n",
				command, INSTANCES_BY_TAS_MAX, value);
			return -1;
		}
		options->nested_tas = value;
		return 1;
	case 'F':
		if (!strcmp(value, "help")) {
			fault_print_help(stdout);
			exit(EXIT_SUCCESS);
		}
		if (fault_plan_parse(value, strlen(value), &faults, fault_err, sizeof(fault_err)) <
		    0) {
			fprintf(stderr,
				"teesim %s: --fault: %s; --fault help lists what there is\n",
				command, fault_err);
			return -1;
		}
		options->faults = value;
		return 1;
	case 'C':
		if (device_clock_parse(value, &clock, &why) < 0) {
			fprintf(stderr, "teesim %s: --clock=%s: %s\n", command, value, why);
			return -1;
		}
		options->clock = value;
		return 1;
	case 'A':
		err = network_rules_parse(value, &network, &why);
		network_rules_clear(&network);
		if (err < 0) {
			fprintf(stderr, "teesim %s: --allow-net=%s: %s\n", command, value,
				err == -ENOMEM ? strerror(ENOMEM) : why);
			return -1;
		}
		options->allow_net = value;
		return 1;
	case 'P':
		options->plugin_path = value;
		return 1;
	case 'w':
		options->ta_wrapper = value;
		return 1;
	default:
		return 0;
	}
}

bool daemon_options_any(const struct daemon_options *options)
{
	return options->require_signed || options->require_sandbox || options->log_level ||
	       options->ta_wrapper || options->world_switch || options->seed ||
	       options->strict_memory || options->durable || options->storage_quota ||
	       options->nested_tas || options->faults || options->clock || options->plugin_path ||
	       options->allow_net;
}

void daemon_options_argv(struct daemon_options *options, const char *program,
			 const char *argv[DAEMON_ARGV_MAX])
{
	const struct {
		const char *name;
		const char *value;
	} valued[] = {
		{ "--device", options->device },
		{ "--socket", options->socket_path },
		{ "--log-level", options->log_level ? options->log_level
				 : options->quiet   ? "error"
						    : NULL },
		{ "--ta-log-level", options->log_level },
		{ "--idle-seconds", options->idle_seconds },
		{ "--ta-wrapper", options->ta_wrapper },
		{ "--world-switch", options->world_switch },
		{ "--seed", options->seed },
		{ "--clock", options->clock },
		{ "--storage-quota", options->storage_quota },
		{ "--nested-tas", options->nested_tas },
		{ "--fault", options->faults },
		{ "--plugin-path", options->plugin_path },
		{ "--allow-net", options->allow_net },
		{ "--ready-fd", options->ready ? "3" : NULL },
		{ "--log-fd", options->log_fd ? options->log_fd_text : NULL },
		{ "--parent-pid", options->parent ? options->parent_text : NULL },
	};
	size_t n = 0;

	snprintf(options->log_fd_text, sizeof(options->log_fd_text), "%d", options->log_fd);
	snprintf(options->parent_text, sizeof(options->parent_text), "%d", (int)options->parent);
	argv[n++] = program;
	for (size_t i = 0; i < sizeof(valued) / sizeof(valued[0]); i++) {
		if (!valued[i].value)
			continue;
		argv[n++] = valued[i].name;
		argv[n++] = valued[i].value;
	}
	if (options->require_signed)
		argv[n++] = "--require-signed";
	if (options->durable)
		argv[n++] = "--durable";
	if (options->strict_memory)
		argv[n++] = "--strict-memory";
	if (options->require_sandbox)
		argv[n++] = !strcmp(options->require_sandbox, "full") ? "--require-sandbox=full"
								      : "--require-sandbox=any";
	/* Only such a daemon looks at its idle time. */
	if (options->idle_seconds)
		argv[n++] = "--on-demand";
	if (options->ephemeral)
		argv[n++] = "--ephemeral";
	argv[n] = NULL;
}
