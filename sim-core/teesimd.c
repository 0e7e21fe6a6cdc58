/*
 * teesimd: the simulated trusted OS of one device. Started by libteec on demand, or by the command
 * line; ends when it is told to, when it is idle, or when its device is taken.
 *
 * Trusts its command line and its user's environment. Says on --ready-fd whether it listens, so
 * that whoever started it knows when to connect, or why not to.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "device/clock.h"
#include "device/device.h"
#include "device/log.h"
#include "device/paths.h"
#include "device/seed.h"
#include "sandbox/report.h"
#include "session/client.h"
#include "session/nesting.h"
#include "session/server.h"
#include "storage/quota.h"
#include "wire/fault.h"
#include "wire/socket.h"
#include "wire/wait.h"

#define IDLE_SECONDS_DEFAULT 60
/* How long a device's lock may be held by somebody who does not listen. */
#define LOCK_ATTEMPTS	 2000
#define LOCK_STEP_NS	 5000000
#define GRACE_MS_DEFAULT 10000
/* It bounds its own processor time; this is for a machine that has none for it. */
#define SYMBOLIZE_MS_DEFAULT 20000
/* A second: nobody waits that long for one. */
#define WORLD_SWITCH_NS_MAX 1000000000U

const char *argp_program_version = "teesimd " TEESIM_VERSION;

enum option_key {
	OPTION_DEVICE = 256,
	OPTION_SOCKET,
	OPTION_READY_FD,
	OPTION_ON_DEMAND,
	OPTION_IDLE_SECONDS,
	OPTION_ABANDONED_MS,
	OPTION_SYMBOLIZE_MS,
	OPTION_EPHEMERAL,
	OPTION_PARENT_PID,
	OPTION_REQUIRE_SIGNED,
	OPTION_REQUIRE_SANDBOX,
	OPTION_LOG_FD,
	OPTION_LOG_LEVEL,
	OPTION_TA_LOG_LEVEL,
	OPTION_HOST,
	OPTION_TA_WRAPPER,
	OPTION_NO_SPARE_HOST,
	OPTION_WORLD_SWITCH,
	OPTION_SEED,
	OPTION_STRICT_MEMORY,
	OPTION_DURABLE,
	OPTION_STORAGE_QUOTA,
	OPTION_FAULT,
	OPTION_CLOCK,
	OPTION_PLUGIN_PATH,
	OPTION_ALLOW_NET,
	OPTION_NESTED_TAS,
};

struct arguments {
	const char *device;
	const char *socket;
	const char *host;
	const char *ta_wrapper;
	int ready_fd;
	int log_fd;
	bool on_demand;
	bool ephemeral;
	bool require_signed;
	bool require_full_sandbox;
	bool no_spare_host;
	bool strict_memory;
	bool durable;
	uint64_t quota_ta;
	uint64_t quota_device;
	const char *faults;
	struct device_clock clock;
	const char *plugin_path;
	struct network_rules network;
	unsigned int idle_seconds;
	unsigned int grace_ms;
	unsigned int symbolize_ms;
	unsigned int world_switch_ns;
	unsigned int nested_tas;
	bool seeded;
	struct seed seed;
	pid_t parent;
	enum log_level log_level;
	enum log_level ta_log_level;
};

static const struct argp_option options[] = {
	{ "device", OPTION_DEVICE, "NAME", 0,
	  "The device to run (default: $TEESIM_DEVICE, else "
	  "\"default\")",
	  0 },
	{ "socket", OPTION_SOCKET, "PATH", 0,
	  "Where to listen (default: the device's own socket "
	  "in the runtime directory)",
	  0 },
	{ "ready-fd", OPTION_READY_FD, "N", 0,
	  "Write \"ready\" or \"error: TEXT\" to this "
	  "descriptor once it is known, then close it",
	  0 },
	{ "on-demand", OPTION_ON_DEMAND, NULL, 0,
	  "End when no client has been connected for some "
	  "time",
	  0 },
	{ "idle-seconds", OPTION_IDLE_SECONDS, "N", 0,
	  "That time: seconds, or \"never\" (default: "
	  "$TEESIM_IDLE_SECONDS, else 60)",
	  0 },
	{ "abandoned-ms", OPTION_ABANDONED_MS, "N", 0,
	  "Kill a TA that, N milliseconds after all its clients have gone, is still busy with what "
	  "it did for them (default: 10000)",
	  0 },
	{ "symbolize-ms", OPTION_SYMBOLIZE_MS, "N", 0,
	  "Report a crash without lines of source when they are not found within N milliseconds "
	  "(default: 20000)",
	  0 },
	{ "ephemeral", OPTION_EPHEMERAL, NULL, 0, "Use a fresh device and remove it at the end",
	  0 },
	{ "parent-pid", OPTION_PARENT_PID, "PID", 0,
	  "End when this process, which must be the "
	  "parent, ends",
	  0 },
	{ "require-signed", OPTION_REQUIRE_SIGNED, NULL, 0,
	  "Refuse TAs that no trusted key has "
	  "signed",
	  0 },
	{ "require-sandbox", OPTION_REQUIRE_SANDBOX, "full|any", 0,
	  "full: refuse to run TAs where a part of the sandbox is missing (default: any)", 0 },
	{ "log-fd", OPTION_LOG_FD, "N", 0, "Copy the log to this descriptor", 0 },
	{ "log-level", OPTION_LOG_LEVEL, "LEVEL", 0,
	  "What teesimd logs of its own: error, info, "
	  "debug or flow (default: info)",
	  0 },
	{ "ta-log-level", OPTION_TA_LOG_LEVEL, "LEVEL", 0,
	  "The most that TAs may log (default: "
	  "flow; TAs are built with a level of "
	  "their own)",
	  0 },
	{ "host", OPTION_HOST, "PATH", 0, "The ta-host program (default: beside teesimd)", 0 },
	{ "ta-wrapper", OPTION_TA_WRAPPER, "COMMAND", 0,
	  "Run every TA host under this command, "
	  "such as valgrind; without sandbox",
	  0 },
	{ "no-spare-host", OPTION_NO_SPARE_HOST, NULL, 0,
	  "Start each TA host when it is needed, "
	  "instead of keeping one ready",
	  0 },
	{ "world-switch", OPTION_WORLD_SWITCH, "NS", 0,
	  "Make every way into a TA, and every way out, take "
	  "so many nanoseconds longer, as a board would",
	  0 },
	{ "seed", OPTION_SEED, "N", 0,
	  "Make all randomness of the device's TAs, and the key of a fresh device, follow from N: "
	  "the same in every run, for tests alone",
	  0 },
	{ "durable", OPTION_DURABLE, NULL, 0,
	  "Trusted storage outlasts a loss of power, not only of processes (also: "
	  "TEESIM_DURABLE=1)",
	  0 },
	{ "nested-tas", OPTION_NESTED_TAS, "N", 0,
	  "How many TA instances may be there because TAs opened sessions (default: 128)", 0 },
	{ "storage-quota", OPTION_STORAGE_QUOTA, "TA[:DEVICE]", 0,
	  "Mebibytes that one TA's objects and all together may take; 0: as much as there is "
	  "(default: 1024:4096)",
	  0 },
	{ "fault", OPTION_FAULT, "LIST", 0,
	  "What TAs are to meet; `teesim run --fault help` tells what there is", 0 },
	{ "strict-memory", OPTION_STRICT_MEMORY, NULL, 0,
	  "Give TAs no more stack and heap than TA_STACK_SIZE and TA_DATA_SIZE declare", 0 },
	{ "clock", OPTION_CLOCK, "INSTANT[,RATE]", 0,
	  "Let the device's clock start at an instant such as 2030-01-01T00:00:00Z, or \"now\", "
	  "and go RATE times as fast as the machine's",
	  0 },
	{ "plugin-path", OPTION_PLUGIN_PATH, "DIR[:DIR...]", 0,
	  "Where plugins are that TAs call (default: $TEESIM_PLUGIN_PATH)", 0 },
	{ "allow-net", OPTION_ALLOW_NET, "HOST[:PORT],...", 0,
	  "Let TAs reach these hosts, besides this machine itself", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static unsigned int number_parse(const char *text, unsigned int max, struct argp_state *state,
				 const char *what)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || text[0] == '-' || value > max)
		argp_error(state, "%s: \"%s\" is no number from 0 to %u", what, text, max);
	return (unsigned int)value;
}

static enum log_level level_parse(const char *text, struct argp_state *state, const char *what)
{
	enum log_level level = LOG_LEVEL_INFO;

	if (log_level_parse(text, &level) < 0)
		argp_error(state, "%s: \"%s\" is none of error, info, debug, flow", what, text);
	return level;
}

static unsigned int idle_parse(const char *text, struct argp_state *state, const char *what)
{
	return strcmp(text, "never") ? number_parse(text, 1000000, state, what) : 0;
}

static error_t option_parse(int key, char *text, struct argp_state *state)
{
	static struct fault_plan faults;
	char fault_err[160];
	struct arguments *arguments = state->input;
	const char *why;

	switch (key) {
	case OPTION_DEVICE:
		arguments->device = text;
		return 0;
	case OPTION_SOCKET:
		arguments->socket = text;
		return 0;
	case OPTION_READY_FD:
		arguments->ready_fd = (int)number_parse(text, INT_MAX, state, "--ready-fd");
		return 0;
	case OPTION_ON_DEMAND:
		arguments->on_demand = true;
		return 0;
	case OPTION_IDLE_SECONDS:
		arguments->idle_seconds = idle_parse(text, state, "--idle-seconds");
		return 0;
	case OPTION_ABANDONED_MS:
		arguments->grace_ms = number_parse(text, 1000000, state, "--abandoned-ms");
		return 0;
	case OPTION_SYMBOLIZE_MS:
		arguments->symbolize_ms = number_parse(text, 1000000, state, "--symbolize-ms");
		return 0;
	case OPTION_NESTED_TAS:
		arguments->nested_tas =
			number_parse(text, INSTANCES_BY_TAS_MAX, state, "--nested-tas");
		return 0;
	case OPTION_EPHEMERAL:
		arguments->ephemeral = true;
		return 0;
	case OPTION_PARENT_PID:
		arguments->parent = (pid_t)number_parse(text, INT_MAX, state, "--parent-pid");
		return 0;
	case OPTION_REQUIRE_SIGNED:
		arguments->require_signed = true;
		return 0;
	case OPTION_REQUIRE_SANDBOX:
		arguments->require_full_sandbox = !strcmp(text, "full");
		if (strcmp(text, "full") && strcmp(text, "any"))
			argp_error(state, "--require-sandbox: \"%s\" is neither full nor any",
				   text);
		return 0;
	case OPTION_LOG_FD:
		arguments->log_fd = (int)number_parse(text, INT_MAX, state, "--log-fd");
		return 0;
	case OPTION_LOG_LEVEL:
		arguments->log_level = level_parse(text, state, "--log-level");
		return 0;
	case OPTION_TA_LOG_LEVEL:
		arguments->ta_log_level = level_parse(text, state, "--ta-log-level");
		return 0;
	case OPTION_HOST:
		arguments->host = text;
		return 0;
	case OPTION_TA_WRAPPER:
		arguments->ta_wrapper = text;
		return 0;
	case OPTION_NO_SPARE_HOST:
		arguments->no_spare_host = true;
		return 0;
	case OPTION_WORLD_SWITCH:
		arguments->world_switch_ns =
			number_parse(text, WORLD_SWITCH_NS_MAX, state, "--world-switch");
		return 0;
	case OPTION_SEED:
		arguments->seeded = true;
		if (seed_parse(text, &arguments->seed.number) < 0)
			argp_error(state, "--seed: \"%s\" is no number of 64 bits", text);
		return 0;
	case OPTION_DURABLE:
		arguments->durable = true;
		return 0;
	case OPTION_STORAGE_QUOTA:
		if (storage_quota_parse(text, &arguments->quota_ta, &arguments->quota_device) < 0)
			argp_error(state, "--storage-quota: \"%s\" is no TA[:DEVICE] in mebibytes",
				   text);
		return 0;
	case OPTION_FAULT:
		if (fault_plan_parse(text, strlen(text), &faults, fault_err, sizeof(fault_err)) < 0)
			argp_error(state, "--fault: %s", fault_err);
		arguments->faults = text;
		return 0;
	case OPTION_STRICT_MEMORY:
		arguments->strict_memory = true;
		return 0;
	case OPTION_CLOCK:
		if (device_clock_parse(text, &arguments->clock, &why) < 0)
			argp_error(state, "--clock=%s: %s", text, why);
		return 0;
	case OPTION_PLUGIN_PATH:
		arguments->plugin_path = text;
		return 0;
	case OPTION_ALLOW_NET:
		network_rules_clear(&arguments->network);
		if (network_rules_parse(text, &arguments->network, &why) < 0)
			argp_error(state, "--allow-net=%s: %s", text, why);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\": no argument is expected", text);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Tells whoever waits on --ready-fd, once. */
static void tell_starter(struct arguments *arguments, const char *text)
{
	char line[PATH_MAX + 320];
	int n = snprintf(line, sizeof(line), "%s\n", text);
	size_t size = (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1;
	ssize_t written;

	if (arguments->ready_fd < 0)
		return;
	do {
		written = write(arguments->ready_fd, line, size);
	} while (written < 0 && errno == EINTR);
	close(arguments->ready_fd);
	arguments->ready_fd = -1;
}

static void give_up(struct arguments *arguments, const char *text)
{
	char line[PATH_MAX + 300];

	fprintf(stderr, "teesimd: %s\n", text);
	snprintf(line, sizeof(line), "error: %s", text);
	tell_starter(arguments, line);
}

/* Whoever started us may have passed on descriptors that it wants to see closed. */
static void descriptors_close(const struct arguments *arguments)
{
	int low = arguments->ready_fd, high = arguments->log_fd;

	if (low > high) {
		int swap = low;

		low = high;
		high = swap;
	}
	low = low < 2 ? 2 : low;
	high = high < low ? low : high;
	if (low > 3)
		(void)close_range(3, (unsigned int)low - 1, 0);
	if (high > low + 1)
		(void)close_range((unsigned int)low + 1, (unsigned int)high - 1, 0);
	(void)close_range((unsigned int)high + 1, UINT_MAX, 0);
}

/* Ends with the parent. Returns false when it has gone already. */
static bool parent_follow(pid_t parent)
{
	if (!parent)
		return true;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	return getppid() == parent;
}

/* A program that was installed with this one. */
static int sibling_path(const char *sibling, char path[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *name;

	if (length < 0)
		return -errno;
	path[length] = '\0';
	name = strrchr(path, '/') + 1;
	if ((size_t)(name - path) + strlen(sibling) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(name, sibling);
	return 0;
}

static int path_absolute(const char *path, char out[PATH_MAX])
{
	char directory[PATH_MAX] = "";

	if (path[0] != '/' && !getcwd(directory, sizeof(directory)))
		return -errno;
	return snprintf(out, PATH_MAX, "%s%s%s", directory, directory[0] ? "/" : "", path) <
			       PATH_MAX
		       ? 0
		       : -ENAMETOOLONG;
}

/* Everything that the loop runs on, in the order in which it is made. */
struct daemon {
	struct arguments *arguments;
	struct server_options options;
	struct device device;
	struct log log;
	struct server server;
	uv_loop_t loop;
	uv_signal_t signals[2];
	char host_path[PATH_MAX];
	/* Where it is missing, sessions with pseudo TAs fail with a line in the log. */
	char services_path[PATH_MAX];
	/* The same for TAs that call plugins. */
	char plugins_program[PATH_MAX];
	char plugin_path[PATH_MAX];
	/* Where it is missing, crash reports say so. */
	char symbolizer_path[PATH_MAX];
	/* The TEE that speaks OTrP. */
	char tee_path[PATH_MAX];
	char socket_path[PATH_MAX];
	char err[PATH_MAX + 256];
};

/* The directories of plugins, as they are to be called once the current directory is another. */
static int plugin_path_prepare(struct daemon *daemon)
{
	const char *path = daemon->arguments->plugin_path;
	char absolute[PATH_MAX], *copy, *save;
	size_t used = 0;
	int err = 0, n;

	if (!path)
		path = secure_getenv("TEESIM_PLUGIN_PATH");
	copy = strdup(path ? path : "");
	if (!copy)
		return -ENOMEM;
	for (char *entry = strtok_r(copy, ":", &save); entry && !err;
	     entry = strtok_r(NULL, ":", &save)) {
		const size_t room = sizeof(daemon->plugin_path) - used;

		err = path_absolute(entry, absolute);
		if (err < 0)
			break;
		n = snprintf(daemon->plugin_path + used, room, "%s%s", used ? ":" : "", absolute);
		if ((size_t)n >= room)
			err = -ENAMETOOLONG;
		used += (size_t)n;
	}
	free(copy);
	if (err < 0)
		snprintf(daemon->err, sizeof(daemon->err), "the directories of plugins: %s",
			 strerror(-err));
	return err;
}

static int paths_prepare(struct daemon *daemon)
{
	const struct arguments *arguments = daemon->arguments;
	int err;

	err = arguments->host ? path_absolute(arguments->host, daemon->host_path)
			      : sibling_path("ta-host", daemon->host_path);
	if (!err && access(daemon->host_path, X_OK) < 0)
		err = -errno;
	if (err < 0) {
		snprintf(daemon->err, sizeof(daemon->err),
			 "the TA host program %s: %s; build or install it, or name it with --host",
			 daemon->host_path, strerror(-err));
		return err;
	}
	(void)sibling_path("tee-services", daemon->services_path);
	(void)sibling_path("tee-plugins", daemon->plugins_program);
	err = plugin_path_prepare(daemon);
	if (err < 0)
		return err;
	(void)sibling_path("teesim-symbolize", daemon->symbolizer_path);
	(void)sibling_path("tee-firmware", daemon->tee_path);
	if (!arguments->socket)
		return paths_socket(arguments->device, daemon->socket_path,
				    sizeof(daemon->socket_path), daemon->err, sizeof(daemon->err));
	err = path_absolute(arguments->socket, daemon->socket_path);
	if (err < 0)
		snprintf(daemon->err, sizeof(daemon->err), "the socket %s: %s", arguments->socket,
			 strerror(-err));
	return err;
}

/* Does the process live that listens at `path`? Its children may hold the socket when it does not.
 */
static bool somebody_listens(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd process = { .fd = -1, .events = POLLIN };
	pid_t peer;
	bool lives;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(sock, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    (peer = socket_peer(sock)) > 0)
		process.fd = (int)syscall(SYS_pidfd_open, peer, 0);
	lives = process.fd >= 0 && poll(&process, 1, 0) == 0;
	if (process.fd >= 0)
		close(process.fd);
	if (sock >= 0)
		close(sock);
	return lives;
}

static int device_prepare(struct daemon *daemon)
{
	const struct timespec step = { .tv_nsec = LOCK_STEP_NS };
	const struct arguments *arguments = daemon->arguments;
	char path[PATH_MAX];
	int err;

	if (arguments->ephemeral) {
		err = paths_ephemeral(daemon->socket_path, path, sizeof(path), daemon->err,
				      sizeof(daemon->err));
		return err < 0 ? err
			       : device_open_ephemeral(&daemon->device, arguments->device, path,
						       daemon->err, sizeof(daemon->err));
	}
	err = paths_device(arguments->device, path, sizeof(path));
	if (err < 0) {
		snprintf(daemon->err, sizeof(daemon->err), "device %s: %s", arguments->device,
			 err == -EINVAL ? "a name is up to 32 letters, digits, dots, hyphens and "
					  "underscores"
					: strerror(-err));
		return err;
	}
	/* The children of a daemon that was killed while it started a TA host hold its lock until
	 * they are gone, too: a moment later. */
	for (int i = 0; i < LOCK_ATTEMPTS; i++) {
		err = device_open(&daemon->device, arguments->device, path, daemon->err,
				  sizeof(daemon->err));
		if (err != -EBUSY || somebody_listens(daemon->socket_path))
			break;
		nanosleep(&step, NULL);
	}
	return err;
}

/* With a seed, a fresh device's key follows from it; one that was there keeps its own. */
static int device_key_follow(struct daemon *daemon)
{
	uint8_t key[SEED_SIZE];
	int err;

	if (!daemon->arguments->seeded || !daemon->device.fresh)
		return 0;
	err = seed_for_device(&daemon->arguments->seed, key);
	return err < 0 ? err : device_rekey(&daemon->device, key, daemon->err, sizeof(daemon->err));
}

static int log_prepare(struct daemon *daemon)
{
	char path[PATH_MAX + 8];
	int err;

	snprintf(path, sizeof(path), "%s/log", daemon->device.path);
	err = log_open(&daemon->log, path, daemon->arguments->log_fd, daemon->arguments->log_level);
	if (err < 0)
		snprintf(daemon->err, sizeof(daemon->err), "%s: %s", path, strerror(-err));
	return err;
}

static void options_prepare(struct daemon *daemon)
{
	const struct arguments *arguments = daemon->arguments;

	daemon->options = (struct server_options) {
		.socket_path = daemon->socket_path,
		.host_path = daemon->host_path,
		.ta_wrapper = arguments->ta_wrapper,
		.services_path = daemon->services_path,
		.plugins_program = daemon->plugins_program,
		.plugin_path = daemon->plugin_path,
		.network = arguments->network,
		.symbolizer_path = daemon->symbolizer_path,
		.tee_path = daemon->tee_path,
		.idle_seconds = arguments->on_demand ? arguments->idle_seconds : 0,
		.grace_ms = arguments->grace_ms,
		.symbolize_ms = arguments->symbolize_ms,
		.instances_by_tas_max = arguments->nested_tas,
		.require_signed = arguments->require_signed,
		.require_full_sandbox = arguments->require_full_sandbox,
		.spare_host = !arguments->no_spare_host && !arguments->ta_wrapper,
		.ta_log_level = arguments->ta_log_level,
		.world_switch_ns = arguments->world_switch_ns,
		.seed = arguments->seeded ? &daemon->arguments->seed : NULL,
		.strict_memory = arguments->strict_memory,
		.durable = arguments->durable,
		.storage_quota_ta = arguments->quota_ta,
		.storage_quota_device = arguments->quota_device,
		.faults = arguments->faults,
		.clock = arguments->clock,
		.spin_us = (int32_t)wait_spin_from_environment(),
	};
}

static void signal_came(uv_signal_t *handle, int signal)
{
	char reason[32];

	snprintf(reason, sizeof(reason), "signal %d (SIG%s)", signal, sigabbrev_np(signal));
	server_stop(handle->data, reason, NULL);
}

static void signals_watch(struct daemon *daemon)
{
	static const int numbers[] = { SIGTERM, SIGINT };

	for (int i = 0; i < 2; i++) {
		uv_signal_init(&daemon->loop, &daemon->signals[i]);
		daemon->signals[i].data = &daemon->server;
		uv_signal_start(&daemon->signals[i], signal_came, numbers[i]);
		uv_unref((uv_handle_t *)&daemon->signals[i]);
	}
}

static void handle_close(uv_handle_t *handle, void *unused)
{
	(void)unused;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void serve(struct daemon *daemon)
{
	struct client *client;
	size_t at = 0;

	log_write(&daemon->log, LOG_LEVEL_INFO,
		  "device %s: teesimd " TEESIM_VERSION " listens on %s as process %d",
		  daemon->device.name, daemon->socket_path, (int)getpid());
	if (daemon->options.ta_wrapper)
		log_write(&daemon->log, LOG_LEVEL_ERROR,
			  "TAs run under \"%s\" and WITHOUT A SANDBOX: use this for TAs that you "
			  "trust as you trust your shell",
			  daemon->options.ta_wrapper);
	if (daemon->options.seed)
		log_write(&daemon->log, LOG_LEVEL_ERROR,
			  "--seed %" PRIu64 ": NOTHING IS RANDOM on this device: keys, nonces and "
			  "all that its TAs draw are the same in every run, and known to whoever "
			  "knows the number; use it for tests alone",
			  daemon->options.seed->number);
	tell_starter(daemon->arguments, "ready");
	/* Keys are read into this process: keep other processes of the user out of it. The
	 * sanitizers' leak check and debuggers need to get in. */
#if !defined(TEESIM_SANITIZE) && defined(NDEBUG)
	(void)prctl(PR_SET_DUMPABLE, 0);
#endif
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
	/* Whoever asked us to stop sees the end of the connection when all else is done. */
	log_close(&daemon->log);
	device_close(&daemon->device);
	for (; (client = id_map_next(&daemon->server.clients, &at)); at = 0)
		client_end(client);
}

/* Returns the exit status. */
static int daemon_run(struct daemon *daemon)
{
	int err;

	daemon->device.lock_fd = -1;
	daemon->log.fd = -1;
	err = paths_prepare(daemon);
	if (!err)
		err = device_prepare(daemon);
	if (!err)
		err = device_key_follow(daemon);
	if (err == -EBUSY) {
		fprintf(stderr, "teesimd: %s\n", daemon->err);
		tell_starter(daemon->arguments, "error: running");
		return EXIT_FAILURE;
	}
	if (err < 0)
		goto out;
	err = log_prepare(daemon);
	if (err < 0)
		goto out;
	if (chdir("/") < 0)
		log_write(&daemon->log, LOG_LEVEL_ERROR, "cannot leave the current directory");
	options_prepare(daemon);
	uv_loop_init(&daemon->loop);
	signals_watch(daemon);
	err = server_init(&daemon->server, &daemon->loop, &daemon->options, &daemon->device,
			  &daemon->log, daemon->err, sizeof(daemon->err));
	if (!err)
		serve(daemon);
	/* Something of the loop's does not end, which nobody is to wait for. */
	if (daemon->server.left_early)
		_exit(EXIT_SUCCESS);
	if (err)
		log_write(&daemon->log, LOG_LEVEL_ERROR, "%s", daemon->err);
	uv_walk(&daemon->loop, handle_close, NULL);
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
	server_fini(&daemon->server);
	seed_forget(&daemon->arguments->seed);
	uv_loop_close(&daemon->loop);
out:
	log_close(&daemon->log);
	device_close(&daemon->device);
	if (err < 0)
		give_up(daemon->arguments, daemon->err);
	return err < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = option_parse,
		.doc = "Runs one simulated TEE device for the TEE clients of this user.",
	};
	const char *idle = secure_getenv("TEESIM_IDLE_SECONDS");
	const char *durable = secure_getenv("TEESIM_DURABLE");
	struct arguments arguments = {
		.device = paths_default_device(),
		.ready_fd = -1,
		.log_fd = -1,
		.idle_seconds = IDLE_SECONDS_DEFAULT,
		.grace_ms = GRACE_MS_DEFAULT,
		.symbolize_ms = SYMBOLIZE_MS_DEFAULT,
		.nested_tas = INSTANCES_BY_TAS_DEFAULT,
		.log_level = LOG_LEVEL_INFO,
		.ta_log_level = LOG_LEVEL_FLOW,
		.quota_ta = STORAGE_QUOTA_TA,
		.quota_device = STORAGE_QUOTA_DEVICE,
	};
	static struct daemon daemon;
	int status;
	struct argp_state environment = { .root_argp = &argp,
					  .name = (char *)"teesimd",
					  .err_stream = stderr,
					  .out_stream = stdout };

	signal(SIGPIPE, SIG_IGN);
	if (idle && *idle)
		arguments.idle_seconds = idle_parse(idle, &environment, "TEESIM_IDLE_SECONDS");
	arguments.durable = durable && !strcmp(durable, "1");
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (arguments.require_full_sandbox && arguments.ta_wrapper) {
		give_up(&arguments, "--ta-wrapper runs TAs without a sandbox, and "
				    "--require-sandbox=full forbids that: leave one of them out");
		return EXIT_FAILURE;
	}
	if (!parent_follow(arguments.parent))
		return EXIT_FAILURE;
	descriptors_close(&arguments);
	daemon.arguments = &arguments;
	status = daemon_run(&daemon);
	network_rules_clear(&arguments.network);
	return status;
}
