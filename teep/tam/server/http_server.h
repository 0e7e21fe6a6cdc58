/*
 * HTTP for the TAM: what is true of every request, whatever it is for. libmicrohttpd speaks the
 * protocol; this decides who may ask how often, how long and how large, finds the route, and gives
 * it the whole request at once.
 *
 * Runs in teesim-tam. Everybody who connects is hostile. A request and what hangs on it live until
 * its answer is sent; handlers run in the threads of the pool, each of which has a worker of its
 * own that the site makes.
 */
#ifndef TEESIM_TEEP_TAM_SERVER_HTTP_SERVER_H
#define TEESIM_TEEP_TAM_SERVER_HTTP_SERVER_H

#include <microhttpd.h>

#include "teep/otrp/arena.h"
#include "teep/tam/config.h"
#include "teep/tam/server/peer_limit.h"
#include "teep/tam/server/target.h"

struct http_server;
struct http_request;

enum http_method {
	HTTP_GET, /* and HEAD */
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
};

struct http_route {
	enum http_method method;
	const char *pattern; /* as for target_fits() */
	int access;	     /* the site's own; for `admit` */
	/* The media types that a body may have, separated by spaces; NULL: there must be none. */
	const char *media;
	uint64_t body_max; /* 0: the server's limit */
	void (*handle)(struct http_request *request);
};

struct http_site {
	const struct http_route *routes;
	size_t count;
	/*
	 * Before the body is taken: whether the request may go on. If not, it has answered. May be
	 * NULL.
	 */
	bool (*admit)(struct http_request *request);
	/* Answers what the server itself refuses in the form of this site. */
	void (*refuse)(struct http_request *request, unsigned status, const char *code,
		       const char *message);
	/* One for each thread, made when it is first needed; NULL: it can't be made now (503). */
	void *(*worker_open)(void *context);
	void (*worker_close)(void *worker);
	void *context;
};

struct http_request {
	struct http_server *server;
	struct MHD_Connection *connection;
	const struct http_site *site;
	const struct http_route *route;
	struct target target;
	const char *values[TARGET_SEGMENTS_MAX]; /* what fits the pattern's "{}" */
	char address[PEER_NAME_SIZE];		 /* whose request it is */
	char peer[PEER_NAME_SIZE];		 /* the same as it counts for limits */
	struct span body;
	void *worker;	    /* of this thread; there once `admit` runs */
	struct arena arena; /* for whoever handles it */
	int64_t caller[4];  /* the site's own */
	const char *caller_text[2];
	/* For the log: what it was about, in a known form. */
	char about[96];
	bool endless; /* an answer that goes on: no deadline */
};

struct http_options {
	const struct http_site *site;
	int listen_fd;		       /* becomes the server's */
	bool loopback;		       /* only this machine can reach it: see `host` below */
	const char *host;	       /* the name in its URL; NULL: not known */
	const char *certificate, *key; /* PEM; NULL: plain HTTP */
	bool behind_proxy;
	uint32_t threads;
	struct tam_config_limits limits;
	uint64_t body_budget; /* octets of bodies of all requests at once; a peer has an eighth */
};

/* NULL after a line in the log. */
struct http_server *http_server_start(const struct http_options *options);
/* No new connections; requests that are under way get up to `grace_ms` to end. NULL does nothing.
 */
void http_server_stop(struct http_server *server, int64_t grace_ms);

/* A header of the request, NULL for none. */
const char *http_header(const struct http_request *request, const char *name);

/*
 * Answers. The first answer is the one that is sent. `body` is copied; headers go before it. The
 * hygiene headers are on every answer.
 */
void http_answer_header(struct http_request *request, const char *name, const char *value);
void http_answer(struct http_request *request, unsigned status, const char *media, const void *body,
		 size_t size);
/* The same without a copy: the octets live for ever. */
void http_answer_static(struct http_request *request, unsigned status, const char *media,
			const void *body, size_t size);
/* One of our own making, whose reference goes over. */
void http_answer_response(struct http_request *request, unsigned status,
			  struct MHD_Response *response);
bool http_answered(const struct http_request *request);

#endif
