/*
 * The options that `teesim run` and `teesim start` hand on to teesimd, and the command line that
 * they make of them. Runs in `teesim`; the strings stay the caller's.
 */
#ifndef TEESIM_CLI_DAEMON_OPTIONS_H
#define TEESIM_CLI_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct daemon_options {
	const char *device;
	const char *socket_path;
	bool require_signed;
	/* "full" or "any"; NULL: teesimd's own default. */
	const char *require_sandbox;
	const char *log_level;
	const char *idle_seconds;
	const char *ta_wrapper;
	/* Nanoseconds. */
	const char *world_switch;
	/* As seed_parse() takes it. */
	const char *seed;
	/* As teesimd's --clock has it. */
	const char *clock;
	bool strict_memory;
	bool durable;
	/* As storage_quota_parse() takes it. */
	const char *storage_quota;
	/* A number. */
	const char *nested_tas;
	/* As fault_plan_parse() takes it. */
	const char *faults;
	/* Directories, separated by colons. */
	const char *plugin_path;
	/* As network_rules_parse() takes it. */
	const char *allow_net;
	/* Where nothing is said by log_level, it logs of its own only what went wrong. */
	bool quiet;
	bool ephemeral;
	/* It writes "ready" on LAUNCH_READY_FD. */
	bool ready;
	/* It copies its log there; 0: nowhere. */
	int log_fd;
	/* It ends with this process, its parent; 0: with nobody. */
	pid_t parent;
	/* Room for the numbers in its command line. */
	char log_fd_text[12];
	char parent_text[12];
};

/* Longest command line, the terminating NULL included. */
#define DAEMON_ARGV_MAX 48

/* What they are, for --help. */
#define DAEMON_OPTIONS_HELP                                                                        \
	"      --require-signed      refuse unsigned trusted applications\n"                       \
	"      --require-sandbox=full  refuse to run where the kernel lacks part of the sandbox\n" \
	"      --log-level LEVEL     error, info, debug or flow\n"                                 \
	"      --world-switch NS     add NS nanoseconds to each way into a TA and out, as on a "   \
	"board\n"                                                                                  \
	"      --seed N              make all randomness of the device's TAs follow from N, for "  \
	"tests\n"                                                                                  \
	"      --clock INSTANT[,RATE]  start the device's clock at 2030-01-01T00:00:00Z, for "     \
	"example,\n"                                                                               \
	"                            or \"now\"; let it go RATE times as fast as the machine's\n"  \
	"      --durable             trusted storage outlasts a loss of power\n"                   \
	"      --storage-quota TA[:DEVICE]  mebibytes that one TA's objects and all may take\n"    \
	"      --nested-tas N        how many TAs may run because TAs opened sessions (128)\n"     \
	"      --fault POINT=ERROR[@N],…  make TAs meet errors; --fault help lists them\n"       \
	"      --strict-memory       give TAs no more stack and heap than they declare\n"          \
	"      --allow-net HOST[:PORT],…  let TAs reach these, besides this machine\n"           \
	"      --plugin-path DIR[:DIR…]  where plugins are that TAs call\n"                      \
	"      --ta-wrapper COMMAND  put COMMAND before each TA's process (debuggers)\n"

/* The options in common, for getopt_long(): `daemon_option_take()` takes their values. */
#define DAEMON_LONG_OPTIONS                                                                       \
	{ "device", required_argument, NULL, 'd' }, { "require-signed", no_argument, NULL, 'S' }, \
		{ "require-sandbox", required_argument, NULL, 'B' },                              \
		{ "log-level", required_argument, NULL, 'l' },                                    \
		{ "world-switch", required_argument, NULL, 'W' },                                 \
		{ "seed", required_argument, NULL, 'N' },                                         \
		{ "strict-memory", no_argument, NULL, 'M' },                                      \
		{ "durable", no_argument, NULL, 'D' },                                            \
		{ "storage-quota", required_argument, NULL, 'Q' },                                \
		{ "nested-tas", required_argument, NULL, 'T' },                                   \
		{ "fault", required_argument, NULL, 'F' },                                        \
		{ "clock", required_argument, NULL, 'C' },                                        \
		{ "allow-net", required_argument, NULL, 'A' },                                    \
		{ "plugin-path", required_argument, NULL, 'P' },                                  \
	{                                                                                         \
		"ta-wrapper", required_argument, NULL, 'w'                                        \
	}

/* Takes one option that getopt_long() returned. Returns 1 when it was one of these, 0 when not, and
 * -1 after a complaint on stderr. */
int daemon_option_take(struct daemon_options *options, int option, const char *value,
		       const char *command);

/* Does it ask for anything that a daemon can be told only when it starts? */
bool daemon_options_any(const struct daemon_options *options);

/* Writes `program`'s command line into `argv`; it holds as long as `options` does. */
void daemon_options_argv(struct daemon_options *options, const char *program,
			 const char *argv[DAEMON_ARGV_MAX]);

#endif
