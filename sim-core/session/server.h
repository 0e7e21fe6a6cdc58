/*
 * teesimd's own state: the listening socket, the tables by which everything is found, and the
 * orderly end.
 *
 * Runs in teesimd, on one thread. Accepts connections of its own user and of root only. Owns the
 * socket's file while it listens.
 */
#ifndef TEESIM_SESSION_SERVER_H
#define TEESIM_SESSION_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <uv.h>

#include "device/clock.h"
#include "device/device.h"
#include "device/log.h"
#include "registry/ta_cache.h"
#include "sandbox/cage.h"
#include "session/id_map.h"
#include "session/network_rules.h"
#include "session/spare.h"
#include "session/tee_link.h"

struct client;
struct instance;

/* Filled by main() and unchanged from then on. */
struct server_options {
	const char *socket_path;
	/* ta-host's file, and the command line to put before it or NULL. */
	const char *host_path;
	const char *ta_wrapper;
	/* The program of the TEE services. */
	const char *services_path;
	/* tee-plugins' file, and the directories of plugins, separated by colons. */
	const char *plugins_program;
	const char *plugin_path;
	/* teesim-symbolize's file. */
	const char *symbolizer_path;
	/* tee-firmware's, or NULL: no TA comes out of a security domain, and nobody speaks OTrP. */
	const char *tee_path;
	/* 0: until told to stop. */
	unsigned int idle_seconds;
	/* How long a TA may take to let go of sessions once all its clients are gone. */
	unsigned int grace_ms;
	/* How long the lines of source of a crash may take. */
	unsigned int symbolize_ms;
	bool require_signed;
	bool require_full_sandbox;
	bool spare_host;
	/* What TAs may log, and how long a host spins, as MESSAGE_START has them. */
	uint32_t ta_log_level;
	int32_t spin_us;
	uint32_t world_switch_ns;
	/* Where the randomness of TAs comes from; NULL: from nobody knows where. */
	struct seed *seed;
	/* How many instances may be there because TAs opened sessions. */
	unsigned int instances_by_tas_max;
	/* TAs get no more stack and heap than they declare. */
	bool strict_memory;
	/* What the device takes for the time. */
	struct device_clock clock;
	/* Whom TAs may reach besides this machine. */
	struct network_rules network;
	/* Trusted storage, as MESSAGE_START has it. */
	bool durable;
	uint64_t storage_quota_ta;
	uint64_t storage_quota_device;
	/* What TAs are to meet, as fault_plan_parse() takes it; NULL: nothing. */
	const char *faults;
};

struct server {
	uv_loop_t *loop;
	const struct server_options *options;
	struct device *device;
	struct log *log;
	uint64_t started_ms;

	/* By number. */
	struct id_map clients;
	/* Those of the clients that are applications, not TA instances. */
	size_t applications;
	struct id_map sessions;
	struct id_map instances;
	/* By a mix of the UUID: the TAs that have a single instance, or opens waiting for one. */
	struct id_map tas;
	uint32_t last_client;
	uint32_t last_session;
	uint32_t last_instance;
	/* Those of them that TAs started. */
	unsigned int instances_by_tas;
	struct sandbox_cage cage;
	struct spare spare;
	struct tee_link tee;
	LIST_HEAD(, tee_process) tee_processes;
	/* Kept until none was asked for in a while. */
	struct ta_cache images;
	uv_timer_t images_unused;
	/* Crash reports: how many there were, the newest one in the file, those that wait for their
	 * backtrace, and how many processes that takes. */
	uint64_t crashes;
	uint64_t last_crash_stored;
	LIST_HEAD(, crash_report) crash_reports;
	unsigned int symbolizers;
	/* sandbox_feature bits that the newest host lacks. */
	uint32_t sandbox_missing;

	int sock;
	uv_poll_t listener;
	/* Given up for a moment to turn a connection away when descriptors have run out. */
	int reserve_fd;
	/* The last client was turned away for want of descriptors. */
	bool full;
	uv_timer_t idle;
	uv_timer_t last_call;
	/* Who asked for the end, and hears what it waits for; 0: nobody. */
	uint32_t asker;
	bool listening;
	bool stopping;
	/* Told to a second time. */
	bool stopping_at_once;
	/* How often what was killed has been waited for. */
	unsigned int leaves;
	/* What was left to wait for is not waited for. */
	bool left_early;
};

/* Starts to listen. Returns 0 or -errno with one line in `err`. */
int server_init(struct server *server, uv_loop_t *loop, const struct server_options *options,
		struct device *device, struct log *log, char *err, size_t errlen);

/* The orderly end: no new clients, all others are closed but `asker` (or NULL), TAs are destroyed,
 * those that take longer than two seconds are killed. The loop then runs out of work, or is left
 * when two seconds later it waits for nobody that was killed, ten at most; what is missing is told
 * in the log and to `asker`. Reports of crashes are waited for as long as they take. Asked for
 * again, TAs are killed at once, and two seconds later reports are hurried. */
void server_stop(struct server *server, const char *reason, struct client *asker);

/* So many may wait to be let in, at each of the daemon's sockets. */
#define SERVER_BACKLOG 4096

/* Is who connected of this user, or root? Fills `peer`; logs a refusal. */
bool server_peer_allowed(struct server *server, int sock, struct ucred *peer);

/* After a client came or went. */
void server_clients_changed(struct server *server);

/* After an instance went. */
void server_instances_changed(struct server *server);

/* After an image was loaded. */
void server_images_used(struct server *server);

/* Frees what is left when the loop has ended. */
void server_fini(struct server *server);

#endif
