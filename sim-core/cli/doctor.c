/* `teesim doctor`: what this machine lacks, what that means, and how to get it. */
#include "cli/commands.h"

#include <dlfcn.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/device_option.h"
#include "cli/installation.h"
#include "cli/terminal.h"
#include "device/paths.h"
#include "sandbox/probe.h"
#include "wire/wait.h"

static const char help[] =
	"usage: teesim doctor [--json]\n"
	"\n"
	"Checks this machine and this installation, and tells for each thing that is missing what\n"
	"that means and how to get it.\n"
	"\n"
	"      --json   for programs\n"
	"\n"
	"Exit status: 0 when teesim can be used, perhaps with a weaker sandbox; 1 when not.\n";

enum verdict {
	VERDICT_OK,
	/* It works without, but less well. */
	VERDICT_WEAKER,
	VERDICT_BROKEN,
};

/* One finding after the other is printed, or collected for JSON. */
struct report {
	struct terminal_colours colour;
	json_t *json;
	unsigned int weaker;
	unsigned int broken;
};

/* A path need not be UTF-8, which JSON is. */
static json_t *text_json(const char *text)
{
	json_t *string = json_string(text);

	return string ? string : json_null();
}

/* `advice` is what it means and what to do; NULL when all is well. */
__attribute__((format(printf, 5, 6))) static void finding(struct report *report,
							  enum verdict verdict, const char *what,
							  const char *advice, const char *format,
							  ...)
{
	static const char *const words[] = { "ok", "weaker", "missing" };
	const char *colours[] = { report->colour.green, report->colour.yellow, report->colour.red };
	char text[2 * PATH_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	report->weaker += verdict == VERDICT_WEAKER;
	report->broken += verdict == VERDICT_BROKEN;
	if (report->json) {
		json_array_append_new(report->json,
				      json_pack("{s:s, s:s, s:o, s:s*}", "check", what, "verdict",
						words[verdict], "found", text_json(text), "advice",
						advice));
		return;
	}
	printf("%s%-7s%s  %-18s  %s\n", colours[verdict], words[verdict], report->colour.plain,
	       what, text);
	if (advice)
		printf("%29s→ %s\n", "", advice);
}

static const char build_again[] = "build or install all of teesim: './dev build' in its checkout";

/* The programs beside teesimd, and what there is not without them. */
static const struct {
	const char *name;
	enum verdict without;
	const char *advice;
} helpers[] = {
	{ "ta-host", VERDICT_BROKEN, build_again },
	{ "tee-services", VERDICT_BROKEN, build_again },
	{ "tee-plugins", VERDICT_WEAKER, "TAs reach no plugins: build or install all of teesim" },
	{ "teesim-symbolize", VERDICT_WEAKER,
	  "crash reports name no functions and lines: build or install all of teesim" },
	{ "teesim-teep", VERDICT_WEAKER,
	  "no TAM can manage the device: build or install all of teesim" },
	{ "tee-firmware", VERDICT_WEAKER,
	  "no TAM can manage the device: build or install all of teesim" },
	{ "tee-otrp", VERDICT_WEAKER,
	  "no TAM can manage the device: build or install all of teesim" },
	{ "teesim-otrp-parser", VERDICT_WEAKER,
	  "no TAM can manage the device: build or install all of teesim" },
	{ "teesim-agent", VERDICT_WEAKER,
	  "applications can't ask for TAs: build or install all of teesim" },
	{ "teesim-teep-http", VERDICT_WEAKER,
	  "the agent reaches no TAM: build or install all of teesim" },
	{ "teesim-evil-agent", VERDICT_WEAKER,
	  "nobody can play the attacker: build or install all of teesim" },
	{ "teesim-tam", VERDICT_WEAKER, "no TAM can be run here: build or install all of teesim" },
	{ "teesim-tam-cli", VERDICT_WEAKER,
	  "`teesim tam` does not work: build or install all of teesim" },
	{ "teesim-fleet", VERDICT_WEAKER,
	  "`teesim fleet` does not work: build or install all of teesim" },
};

static void check_helpers(struct report *report, const struct installation *found)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++)
		if (installation_program(found, helpers[i].name, path) == 0)
			finding(report, VERDICT_OK, helpers[i].name, NULL, "%s", path);
		else
			finding(report, helpers[i].without, helpers[i].name, helpers[i].advice,
				"not beside teesimd");
}

static void check_programs(struct report *report, const struct installation *found)
{
	if (found->teesimd[0])
		finding(report, VERDICT_OK, "teesimd", NULL, "%s", found->teesimd);
	else
		finding(report, VERDICT_BROKEN, "teesimd", build_again, "not in %s/libexec/teesim",
			found->prefix);
	check_helpers(report, found);
	if (found->library_dir[0])
		finding(report, VERDICT_OK, "libteec", NULL, "%s/libteec.so.2", found->library_dir);
	else
		finding(report, VERDICT_BROKEN, "libteec", build_again, "no libteec.so.2 in %s/lib",
			found->prefix);
	if (found->ta_dev_kit[0])
		finding(report, VERDICT_OK, "TA dev kit", NULL, "%s", found->ta_dev_kit);
	else
		finding(report, VERDICT_WEAKER, "TA dev kit",
			"trusted applications run, but none can be built with this installation",
			"not in %s", found->prefix);
}

/* Which libteec.so.2 does a client get that says nothing about where to look? Loading it has no
 * side effects beyond its own constructors. */
static void check_client_path(struct report *report, const struct installation *found)
{
	char ours[PATH_MAX + 16], real_ours[PATH_MAX], real_theirs[PATH_MAX];
	void *library = dlopen("libteec.so.2", RTLD_LAZY | RTLD_LOCAL);
	void *symbol = library ? dlsym(library, "TEEC_InitializeContext") : NULL;
	Dl_info info;

	if (!found->library_dir[0])
		return;
	snprintf(ours, sizeof(ours), "%s/libteec.so.2", found->library_dir);
	if (!symbol || !dladdr(symbol, &info) || !realpath(info.dli_fname, real_theirs) ||
	    !realpath(ours, real_ours))
		finding(report, VERDICT_WEAKER, "client library",
			"clients linked by hand need it: eval \"$(teesim env)\"",
			"the linker does not find libteec.so.2 by itself");
	else if (strcmp(real_ours, real_theirs) != 0)
		finding(report, VERDICT_WEAKER, "client library",
			"clients would use that one and not teesim: eval \"$(teesim env)\"",
			"the linker finds another libteec.so.2: %s", real_theirs);
	else
		finding(report, VERDICT_OK, "client library", NULL, "found by the linker: %s",
			real_theirs);
	if (library)
		dlclose(library);
}

/* Can a file be made in this directory, or the directory itself? */
static bool writable(const char *directory)
{
	char probe[PATH_MAX + 32];
	int fd;

	if (paths_make_dir(directory) < 0)
		return false;
	snprintf(probe, sizeof(probe), "%s/.doctor.XXXXXX", directory);
	fd = mkstemp(probe);
	if (fd < 0)
		return false;
	close(fd);
	unlink(probe);
	return true;
}

static void check_directories(struct report *report)
{
	char home[PATH_MAX], runtime[PATH_MAX], path[PATH_MAX];
	char err[512] = "";

	if (paths_home(home, sizeof(home)) < 0)
		finding(report, VERDICT_BROKEN, "home", "set TEESIM_HOME to a directory",
			"there is none");
	else if (!writable(home))
		finding(report, VERDICT_BROKEN, "home",
			"make it writable for you, or set TEESIM_HOME to another directory",
			"%s cannot be written to", home);
	else
		finding(report, VERDICT_OK, "home", NULL, "%s", home);

	if (paths_runtime_dir(runtime, sizeof(runtime), err, sizeof(err)) < 0)
		finding(report, VERDICT_BROKEN, "sockets",
			"set XDG_RUNTIME_DIR to a directory of your own", "%s", err);
	else if (!writable(runtime))
		finding(report, VERDICT_BROKEN, "sockets",
			"set XDG_RUNTIME_DIR to a directory of your own", "%s cannot be written to",
			runtime);
	else if (paths_socket(paths_default_device(), path, sizeof(path), err, sizeof(err)) < 0)
		finding(report, VERDICT_BROKEN, "sockets",
			"set XDG_RUNTIME_DIR to a directory of your own", "%s", err);
	else
		finding(report, VERDICT_OK, "sockets", NULL, "%s", runtime);
}

static void check_waiting(struct report *report)
{
	struct wait_policy policy;
	cpu_set_t cpus;
	int count = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : 0;

	wait_policy_init(&policy, wait_spin_from_environment());
	if (policy.ceiling_ns)
		finding(report, VERDICT_OK, "processors", NULL,
			"%d usable; a call waits actively for up to %u µs, then sleeps", count,
			policy.ceiling_ns / 1000);
	else if (count < 2)
		finding(report, VERDICT_WEAKER, "processors",
			"each call costs two wake-ups; with a second processor it needs none",
			"%d usable; a call always sleeps until it is answered", count);
	else
		finding(report, VERDICT_WEAKER, "processors",
			"unset TEESIM_SPIN_US for calls without wake-ups",
			"%d usable; TEESIM_SPIN_US=0 makes each call sleep until it is answered",
			count);
}

static void check_sandbox(struct report *report)
{
	struct sandbox_report sandbox = { 0 };
	struct utsname kernel;
	int rc;

	/* The probe forks: nothing may be waiting to be printed twice. */
	fflush(NULL);
	rc = sandbox_probe(&sandbox);
	if (uname(&kernel) == 0)
		finding(report, VERDICT_OK, "kernel", NULL, "%s %s (%s)", kernel.sysname,
			kernel.release, kernel.machine);
	if (rc < 0) {
		finding(report, VERDICT_BROKEN, "sandbox", "see that processes can be made here",
			"cannot be tried: %s", strerror(-rc));
		return;
	}
	for (unsigned int i = 0; i < SANDBOX_FEATURE_COUNT; i++) {
		enum sandbox_feature feature = (enum sandbox_feature)i;
		const char *name = sandbox_feature_name(feature);
		char reason[512];

		if (sandbox_report_has(&sandbox, SANDBOX_BIT(i))) {
			finding(report, VERDICT_OK, name, NULL, "%s",
				sandbox_feature_purpose(feature));
			continue;
		}
		sandbox_feature_reason(&sandbox, feature, reason, sizeof(reason));
		finding(report, VERDICT_WEAKER, name, reason[0] ? reason : NULL, "without it: %s",
			sandbox_feature_purpose(feature));
	}
	if (sandbox_report_has(&sandbox, SANDBOX_FULL))
		finding(report, VERDICT_OK, "sandbox", NULL,
			"complete: --require-sandbox=full is met");
	else
		finding(report, VERDICT_WEAKER, "sandbox",
			"trusted applications run with what is there; --require-sandbox=full "
			"refuses to",
			"incomplete, see above");
}

static int conclude(struct report *report)
{
	if (report->json) {
		json_t *whole = json_pack("{s:b, s:i, s:i, s:o}", "usable", !report->broken,
					  "missing", (int)report->broken, "weaker",
					  (int)report->weaker, "checks", report->json);

		json_dumpf(whole, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(whole);
	} else if (report->broken) {
		printf("\nteesim cannot be used until what is missing is there.\n");
	} else if (report->weaker) {
		printf("\nteesim can be used; %u of the checks found something weaker than it "
		       "could "
		       "be.\n",
		       report->weaker);
	} else {
		printf("\nAll is well.\n");
	}
	return report->broken ? EXIT_REFUSED : EXIT_OK;
}

int cmd_doctor(int argc, char **argv)
{
	struct report report = { .colour = terminal_colours(stdout) };
	struct installation found;
	const char *device;
	bool json = false;
	int rc = device_option_parse(argc, argv, help, &device, "json", &json);

	if (rc >= 0)
		return rc;
	if (json)
		report.json = json_array();
	if (installation_find(&found) < 0)
		finding(&report, VERDICT_BROKEN, "teesim", "mount /proc",
			"cannot tell where it lies itself");
	check_programs(&report, &found);
	check_client_path(&report, &found);
	check_directories(&report);
	check_waiting(&report);
	check_sandbox(&report);
	return conclude(&report);
}
