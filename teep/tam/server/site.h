/*
 * What teesim-tam serves: the OTrP endpoint, the admin API and the web page, in one table of
 * routes.
 *
 * Runs in teesim-tam. A site is shared by all threads and is not changed by them; each thread has a
 * worker with a handle of the database of its own.
 */
#ifndef TEESIM_TEEP_TAM_SERVER_SITE_H
#define TEESIM_TEEP_TAM_SERVER_SITE_H

#include "teep/tam/database.h"
#include "teep/tam/server/otrp_endpoint.h"

struct tam_keys;
struct device_expiry;
struct device_trust;
struct event_streams;
struct log_writer;

struct site {
	const struct otrp_service *otrp;
	const struct tam *tam; /* NULL where `otrp` needs none */
	struct tam_database_options database;
	struct tam_keys *keys;		  /* NULL: none to tell of */
	const struct device_trust *trust; /* the same */
	struct device_expiry *expiry;	  /* the same; maintenance looks, others ask */
	const char *tls_certificate;	  /* PEM text; NULL: none */
	const char *tls_path;
	struct peer_limit *wrong_tokens;
	struct event_streams *streams;
	struct log_writer *log; /* NULL: logs are written with the sessions */
	int64_t started;	/* milliseconds since 1970 */
	int64_t clock_offset_ms;
};

struct site_worker {
	struct otrp_worker otrp; /* comes first */
	const struct site *site;
	struct tam_database *database;
};

/* The table and what belongs to it, for `site`, which must outlive the server. */
struct http_site site_http(struct site *site);

#endif
