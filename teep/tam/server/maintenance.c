#include "teep/tam/server/maintenance.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "teep/tam/device_expiry.h"
#include "teep/tam/device_trust.h"
#include "teep/tam/event_log.h"
#include "teep/tam/key.h"
#include "teep/tam/message_log.h"
#include "teep/tam/server/log.h"
#include "teep/tam/session_table.h"

#define ROUND_SECONDS 10
/* Each so many rounds the logs are trimmed. */
#define TRIM_ROUNDS 30
#define DAY_MS	    86400000LL
/* Each so many rounds, an hour, devices' certificates are looked at. */
#define EXPIRY_ROUNDS 360
#define EXPIRY_DAYS   30
/* What is kept at most, however young. */
#define MESSAGES_KEPT 1000000
#define EVENTS_KEPT   200000
#define SESSIONS_KEPT 250000
#define TRIM_AT_ONCE  2000

struct maintenance {
	const struct site *site;
	const struct tam_config *config;
	pthread_mutex_t mutex;
	pthread_cond_t stop;
	pthread_t thread;
	bool stopping;
	bool command_runs; /* the thread's own: files may be there any moment */
};

static void files_refresh(struct maintenance *maintenance)
{
	const struct site *site = maintenance->site;
	bool changed = false;
	unsigned int keys;
	char error[256];

	keys = site->keys ? tam_keys_refresh(site->keys,
					     (tam_time_now() + site->clock_offset_ms) / 1000)
			  : 0;
	maintenance->command_runs = keys & TAM_KEYS_COMMAND_RUNS;
	if (keys & TAM_KEYS_CHANGED)
		log_line(TAM_LOG_INFO, "OCSP responses were read again");
	if (keys & TAM_KEYS_COMMAND_HUNG)
		log_line(TAM_LOG_WARNING,
			 "ocsp_command took more than a minute, and was ended; it will run again");
	if (site->trust && device_trust_refresh((struct device_trust *)site->trust, &changed, error,
						sizeof(error)) < 0)
		log_line(TAM_LOG_WARNING, "trusted roots stay as they were: %s", error);
	else if (changed)
		log_line(TAM_LOG_INFO, "trusted roots and revocation were read again");
}

/* All that are due, in transactions that nobody waits for long. */
static int sessions_trim(struct tam_database *database, int64_t before, int64_t *all)
{
	int64_t removed, beyond;
	int rc = session_table_beyond(database, SESSIONS_KEPT, &beyond);

	if (rc < 0)
		return rc;
	/* Whoever posts can begin one. */
	if (beyond >= before)
		before = beyond + 1;
	do {
		removed = 0;
		rc = session_table_trim(database, before, TRIM_AT_ONCE, &removed);
		*all += removed;
	} while (rc == 0 && removed == TRIM_AT_ONCE);
	return rc;
}

static void tables_trim(struct tam_database *database, const struct tam_config *config)
{
	const int64_t before = tam_time_now() - config->message_days * DAY_MS;
	int64_t removed = 0, sessions = 0;

	if (message_log_trim(database, MESSAGES_KEPT, before, &removed) < 0 ||
	    sessions_trim(database, before, &sessions) < 0 ||
	    event_log_trim(database, EVENTS_KEPT) < 0)
		log_line(TAM_LOG_WARNING, "logs were not trimmed: %s",
			 tam_database_error(database));
	else if (removed || sessions)
		log_line(TAM_LOG_INFO, "%lld old messages and %lld old sessions were removed",
			 (long long)removed, (long long)sessions);
}

static void round_run(struct maintenance *maintenance, struct tam_database *database,
		      struct tam_worker *worker, unsigned round)
{
	files_refresh(maintenance);
	if (worker) {
		const int expired = tam_expire(worker);

		if (expired > 0)
			log_line(TAM_LOG_INFO, "%d sessions were given up", expired);
	}
	if (maintenance->site->expiry && round % EXPIRY_ROUNDS == 0 &&
	    device_expiry_scan(maintenance->site->expiry, database,
			       (tam_time_now() + maintenance->site->clock_offset_ms) / 1000 +
				       EXPIRY_DAYS * DAY_MS / 1000) < 0)
		log_line(TAM_LOG_WARNING, "devices' certificates were not looked at: %s",
			 tam_database_error(database));
	if (round % TRIM_ROUNDS == 0)
		tables_trim(database, maintenance->config);
}

static bool pause_for(struct maintenance *maintenance, time_t seconds)
{
	struct timespec until;
	bool stopping;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	(void)pthread_mutex_lock(&maintenance->mutex);
	while (!maintenance->stopping &&
	       pthread_cond_timedwait(&maintenance->stop, &maintenance->mutex, &until) == 0)
		;
	stopping = maintenance->stopping;
	(void)pthread_mutex_unlock(&maintenance->mutex);
	return !stopping;
}

/* False when it is time to stop. What a command fetches is there as soon as it is. */
static bool rest(struct maintenance *maintenance)
{
	for (time_t left = ROUND_SECONDS; left > 0;) {
		const time_t step = maintenance->command_runs ? 1 : left;

		if (!pause_for(maintenance, step))
			return false;
		left -= step;
		if (maintenance->command_runs && left > 0)
			files_refresh(maintenance);
	}
	return true;
}

static void *maintenance_run(void *argument)
{
	struct maintenance *maintenance = argument;
	const struct site *site = maintenance->site;
	struct tam_database_options options = site->database;
	struct tam_database *database = NULL;
	struct tam_worker *worker = NULL;
	unsigned round = 0;
	char error[256];

	/* What takes long keeps to itself. */
	options.shared = false;
	do {
		if (!database && tam_database_open(&database, &options, error, sizeof(error)) < 0) {
			database = NULL;
			log_line(TAM_LOG_WARNING, "the database: %s", error);
			continue;
		}
		if (!worker && site->tam)
			worker = tam_worker_open(site->tam, database);
		round_run(maintenance, database, worker, round++);
	} while (rest(maintenance));
	if (worker)
		tam_worker_close(worker);
	tam_database_close(database);
	return NULL;
}

struct maintenance *maintenance_start(const struct site *site, const struct tam_config *config)
{
	struct maintenance *maintenance = calloc(1, sizeof(*maintenance));
	pthread_condattr_t monotonic;

	if (!maintenance)
		return NULL;
	maintenance->site = site;
	maintenance->config = config;
	(void)pthread_mutex_init(&maintenance->mutex, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&maintenance->stop, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	if (pthread_create(&maintenance->thread, NULL, maintenance_run, maintenance) == 0)
		return maintenance;
	(void)pthread_cond_destroy(&maintenance->stop);
	(void)pthread_mutex_destroy(&maintenance->mutex);
	free(maintenance);
	return NULL;
}

void maintenance_stop(struct maintenance *maintenance)
{
	if (!maintenance)
		return;
	(void)pthread_mutex_lock(&maintenance->mutex);
	maintenance->stopping = true;
	(void)pthread_cond_signal(&maintenance->stop);
	(void)pthread_mutex_unlock(&maintenance->mutex);
	(void)pthread_join(maintenance->thread, NULL);
	(void)pthread_cond_destroy(&maintenance->stop);
	(void)pthread_mutex_destroy(&maintenance->mutex);
	free(maintenance);
}
