/* `teesim status`: what a device's daemon is doing. */
#include "cli/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/admin.h"
#include "cli/device_option.h"
#include "cli/terminal.h"
#include "sandbox/report.h"
#include "wire/message.h"

#define EXIT_NOT_RUNNING 3

static const char help[] =
	"usage: teesim status [--device NAME] [--json]\n"
	"\n"
	"Shows whether the simulated device runs, and its trusted applications.\n"
	"\n"
	"  -d, --device NAME   the device (default: the one at $TEESIM_SOCKET, else "
	"$TEESIM_DEVICE,\n"
	"                      else \"default\")\n"
	"      --json          for programs\n"
	"\n"
	"Exit status: 0 when it runs, 3 when it does not, 1 when that cannot be found out.\n";

static const char *state_name(uint32_t state)
{
	switch (state) {
	case MESSAGE_INSTANCE_STARTING:
		return "starting";
	case MESSAGE_INSTANCE_LIVE:
		return "live";
	case MESSAGE_INSTANCE_ENDING:
		return "ending";
	case MESSAGE_INSTANCE_CRASHED:
		return "crashed";
	default:
		return "unknown";
	}
}

static json_t *sandbox_json(uint32_t missing)
{
	json_t *names = json_array();

	for (unsigned int i = 0; i < SANDBOX_FEATURE_COUNT; i++)
		if (missing & SANDBOX_BIT(i))
			json_array_append_new(
				names, json_string(sandbox_feature_name((enum sandbox_feature)i)));
	return names;
}

/* A path need not be UTF-8, which JSON is. */
static json_t *text_json(const char *text)
{
	json_t *string = json_string(text);

	return string ? string : json_null();
}

static json_t *instances_json(const struct admin_status *status)
{
	json_t *list = json_array();
	char ta[UUID_TEXT_SIZE];

	for (size_t i = 0; i < status->count; i++) {
		const struct admin_instance *instance = &status->instances[i];

		json_array_append_new(list, json_pack("{s:I, s:I, s:s, s:I, s:s, s:o}", "instance",
						      (json_int_t)instance->number, "pid",
						      (json_int_t)instance->pid, "state",
						      state_name(instance->state), "sessions",
						      (json_int_t)instance->sessions, "ta",
						      uuid_format(&instance->ta, ta), "file",
						      text_json(instance->path)));
	}
	return list;
}

static int print_json(json_t *object)
{
	int rc = object ? json_dumpf(object, stdout, JSON_INDENT(2)) : -1;

	putchar('\n');
	json_decref(object);
	return rc == 0 ? EXIT_OK : EXIT_REFUSED;
}

static int status_json(const struct admin_status *status)
{
	return print_json(json_pack(
		"{s:s, s:b, s:I, s:I, s:I, s:o, s:o}", "device", status->device, "running", 1,
		"pid", (json_int_t)status->pid, "uptime_ms", (json_int_t)status->uptime_ms,
		"contexts", (json_int_t)status->contexts, "sandbox_missing",
		sandbox_json(status->sandbox_missing), "instances", instances_json(status)));
}

static void print_uptime(uint64_t ms)
{
	uint64_t seconds = ms / 1000;

	if (seconds >= 3600)
		printf("%" PRIu64 " h %02" PRIu64 " min", seconds / 3600, seconds / 60 % 60);
	else if (seconds >= 60)
		printf("%" PRIu64 " min %02" PRIu64 " s", seconds / 60, seconds % 60);
	else
		printf("%" PRIu64 " s", seconds);
}

static void print_sandbox(uint32_t missing, const struct terminal_colours *colour)
{
	const char *separator = "";

	if (!missing) {
		printf("sandbox   complete\n");
		return;
	}
	printf("sandbox   %swithout ", colour->yellow);
	for (unsigned int i = 0; i < SANDBOX_FEATURE_COUNT; i++) {
		if (!(missing & SANDBOX_BIT(i)))
			continue;
		printf("%s%s", separator, sandbox_feature_name((enum sandbox_feature)i));
		separator = ", ";
	}
	printf("%s ('teesim doctor' tells why)\n", colour->plain);
}

static int status_text(const struct admin_status *status)
{
	struct terminal_colours colour = terminal_colours(stdout);
	char ta[UUID_TEXT_SIZE];

	printf("device    %s%s%s\n", colour.bold, status->device, colour.plain);
	printf("state     %srunning%s as process %d for ", colour.green, colour.plain,
	       (int)status->pid);
	print_uptime(status->uptime_ms);
	printf("\nclients   %" PRIu32 "\n", status->contexts);
	print_sandbox(status->sandbox_missing, &colour);
	if (!status->count) {
		printf("TAs       none is loaded\n");
		return EXIT_OK;
	}
	printf("\n%s%-36s  %7s  %-8s  %8s  %s%s\n", colour.bold, "TA", "PROCESS", "STATE",
	       "SESSIONS", "FILE", colour.plain);
	for (size_t i = 0; i < status->count; i++) {
		const struct admin_instance *instance = &status->instances[i];

		printf("%s  %7d  %-8s  %8" PRIu32 "  %s\n", uuid_format(&instance->ta, ta),
		       (int)instance->pid, state_name(instance->state), instance->sessions,
		       instance->path);
	}
	return EXIT_OK;
}

static int not_running(const char *device, bool json)
{
	if (json)
		(void)print_json(json_pack("{s:s, s:b}", "device", device, "running", 0));
	else
		printf("device '%s' is not running\n", device);
	return EXIT_NOT_RUNNING;
}

int cmd_status(int argc, char **argv)
{
	struct admin_status status;
	char err[512] = "";
	const char *device;
	bool json = false;
	int sock, rc = device_option_parse(argc, argv, help, &device, "json", &json);

	if (rc >= 0)
		return rc;
	sock = admin_connect(device, err, sizeof(err));
	if (sock == -ENOENT || sock == -ECONNREFUSED)
		return not_running(device_option_text(device), json);
	rc = sock;
	if (sock >= 0) {
		rc = admin_status(sock, &status, err, sizeof(err));
		close(sock);
	}
	if (rc < 0) {
		fprintf(stderr, "teesim status: %s\n", err);
		return EXIT_REFUSED;
	}
	rc = json ? status_json(&status) : status_text(&status);
	admin_status_free(&status);
	return rc;
}
