/*
 * OTrP over HTTP, the server's end: a device posts, and gets the next request or nothing.
 *
 * Runs in teesim-tam. Nothing here looks into a message; what it is worth is decided by the engine,
 * which is behind a table so that HTTP can be tested alone.
 */
#ifndef TEESIM_TEEP_TAM_SERVER_OTRP_ENDPOINT_H
#define TEESIM_TEEP_TAM_SERVER_OTRP_ENDPOINT_H

#include "teep/tam/engine.h"
#include "teep/tam/server/http_server.h"

#define OTRP_MEDIA "application/otrp+json"

/* As tam_worker_open() and what follows there. `open` and `close` may be NULL: no worker. */
struct otrp_service {
	struct tam_worker *(*open)(const struct tam *tam, struct tam_database *database);
	void (*close)(struct tam_worker *worker);
	int (*connect)(struct tam_worker *worker, const struct tam_peer *peer,
		       const struct tam_hints *hints, char **request);
	int (*process)(struct tam_worker *worker, const struct tam_peer *peer, const void *body,
		       size_t size, char **next, char tid[TAM_TID_SIZE]);
	int (*aik)(struct tam_worker *worker, const char *tid, char **signed_keys);
};

extern const struct otrp_service otrp_engine;

/* A site's worker begins with this one. */
struct otrp_worker {
	const struct otrp_service *service;
	struct tam_worker *tam;
};

/* POST /tam. The route's media are OTRP_ENDPOINT_MEDIA. */
#define OTRP_ENDPOINT_MEDIA OTRP_MEDIA " application/cms"
void otrp_post(struct http_request *request);

/* GET /tam/aik/{tid} */
void otrp_aik_get(struct http_request *request);

#endif
