/*
 * The admin API behind HTTP: "WHO METHOD TARGET\nBODY", WHO being a letter for a token. Whatever is
 * asked: there is one answer, JSON where it says so; who only looks changes nothing; and the people
 * of one SP never read the name of another.
 *
 * The functions of http_server.h are this file's own; one database, without a name, serves all
 * inputs.
 */
#include "teep/tam/server/http_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "teep/tam/server/admin.h"
#include "teep/tam/server/event_stream.h"
#include "teep/tam/server/log.h"
#include "teep/tam/sp.h"

#define HIDDEN "org.hidden"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- What HTTP would do ------------------------------------------------------------------------
 */

static struct {
	const char *token, *type;
	unsigned status;
	char *media, *body;
	size_t size;
	struct MHD_Response *response;
} exchange;

static void check(bool good)
{
	if (!good)
		abort();
}

const char *http_header(const struct http_request *request, const char *name)
{
	static char authorization[128];

	(void)request;
	if (strcmp(name, "Content-Type") == 0)
		return exchange.type;
	if (strcmp(name, "Authorization") != 0 || !exchange.token)
		return NULL;
	(void)snprintf(authorization, sizeof(authorization), "Bearer %s", exchange.token);
	return authorization;
}

void http_answer_header(struct http_request *request, const char *name, const char *value)
{
	(void)request;
	if (strcmp(name, "Content-Type") == 0 && !exchange.media)
		exchange.media = strdup(value);
}

void http_answer(struct http_request *request, unsigned status, const char *media, const void *body,
		 size_t size)
{
	if (http_answered(request))
		return;
	exchange.status = status;
	exchange.media = media ? strdup(media) : NULL;
	exchange.body = calloc(1, size + 1);
	exchange.size = size;
	check(exchange.body);
	if (size > 0)
		memcpy(exchange.body, body, size);
}

void http_answer_static(struct http_request *request, unsigned status, const char *media,
			const void *body, size_t size)
{
	http_answer(request, status, media, body, size);
}

void http_answer_response(struct http_request *request, unsigned status,
			  struct MHD_Response *response)
{
	check(!http_answered(request));
	exchange.status = status;
	exchange.response = response;
}

bool http_answered(const struct http_request *request)
{
	(void)request;
	return exchange.status != 0;
}

/* ---- A TAM -------------------------------------------------------------------------------------
 */

static struct site site;
static struct site_worker worker;
static char admin[TOKEN_TEXT_SIZE], viewer[TOKEN_TEXT_SIZE], operator_[TOKEN_TEXT_SIZE];

static void begin(void)
{
	static const struct otrp_service service;
	static const char *const files[] = { "tam.db", "tam.db-wal", "tam.db-shm" };
	char directory[] = "/tmp/tam-admin-fuzz-XXXXXX", path[64], error[256];
	const struct tam_database_options options = { .where = path, .create = true };
	const char *why;

	check(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/%s", directory, files[0]);
	log_level_set(TAM_LOG_ERROR);
	check(tam_database_open(&worker.database, &options, error, sizeof(error)) == 0);
	site.otrp = worker.otrp.service = &service;
	site.wrong_tokens = peer_limit_open(1e6, 1000000);
	site.streams = event_streams_open();
	worker.site = &site;
	check(sp_add(worker.database, "com.seen", "Seen", &why) == 0);
	check(sp_add(worker.database, HIDDEN, "Hidden", &why) == 0);
	check(token_make(worker.database, "a", TOKEN_ADMIN, NULL, admin, NULL) == 0);
	check(token_make(worker.database, "v", TOKEN_VIEWER, NULL, viewer, NULL) == 0);
	check(token_make(worker.database, "o", TOKEN_OPERATOR, "com.seen", operator_, NULL) == 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		(void)unlink(path);
	}
	check(rmdir(directory) == 0);
}

static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

static const struct http_route *route_find(const struct http_site *all, const char *method,
					   struct http_request *request)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(methods[all->routes[i].method], method) == 0 &&
		    strncmp(all->routes[i].pattern, "/api/", 5) == 0 &&
		    target_fits(&request->target, all->routes[i].pattern, request->values))
			return &all->routes[i];
	return NULL;
}

static void answer_check(char who, const char *method, const char *target, struct span asked)
{
	check(exchange.status >= 200 && exchange.status < 600 && exchange.status != 500);
	if (exchange.media && strcmp(exchange.media, ADMIN_MEDIA) == 0) {
		json_t *value =
			json_loadb(exchange.body, exchange.size, JSON_REJECT_DUPLICATES, NULL);

		check(json_is_object(value));
		check((exchange.status >= 400) == (json_object_get(value, "error") != NULL));
		json_decref(value);
	}
	if (who != 'a' && who != 'o')
		check(exchange.status >= 400 || strcmp(method, "GET") == 0);
	/* Unless the question has the name, or a part of what is told back, itself. */
	if (who == 'o' && exchange.body && !strstr(target, "hidden") &&
	    !memmem(asked.data, asked.size, "hidden", 6) &&
	    !memmem(asked.data, asked.size, "\\u", 2))
		check(!strstr(exchange.body, HIDDEN));
}

static void ask(char who, const char *method, const char *target, struct span body)
{
	const struct http_site all = site_http(&site);
	struct http_request *request = calloc(1, sizeof(*request));

	check(request);
	exchange.token = who == 'a' ? admin : who == 'v' ? viewer : who == 'o' ? operator_ : NULL;
	request->site = &all;
	request->worker = &worker;
	request->body = body;
	(void)strcpy(request->peer, "192.0.2.1");
	if (target_parse(target, &request->target) == 0)
		request->route = route_find(&all, method, request);
	/* HTTP itself sees to what a route takes. */
	if (request->route && body.size > 0 && !request->route->media)
		request->route = NULL;
	if (request->route) {
		static char type[64];

		(void)snprintf(type, sizeof(type), "%.*s",
			       request->route->media ? (int)strcspn(request->route->media, " ") : 0,
			       request->route->media ? request->route->media : "");
		exchange.type = type;
		if (all.admit(request))
			request->route->handle(request);
		check(http_answered(request));
		answer_check(who, method, target, body);
		if (exchange.response)
			MHD_destroy_response(exchange.response);
		free(exchange.media);
		free(exchange.body);
		memset(&exchange, 0, sizeof(exchange));
	}
	arena_clear(&request->arena);
	free(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char head[1024], method[8] = "", target[1024] = "", who = 0;
	const uint8_t *end = memchr(data, '\n', size);
	struct span body;

	if (!worker.database)
		begin();
	if (!end || (size_t)(end - data) >= sizeof(head))
		return 0;
	memcpy(head, data, (size_t)(end - data));
	head[end - data] = 0;
	if (sscanf(head, "%c %7s %1023s", &who, method, target) != 3)
		return 0;
	body = span_of(end + 1, size - (size_t)(end + 1 - data));
	ask(who, method, target, body);
	return 0;
}
