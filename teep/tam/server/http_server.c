#include "teep/tam/server/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "teep/tam/server/body_budget.h"
#include "teep/tam/server/connection_watch.h"
#include "teep/tam/server/log.h"
#include "teep/tam/server/media_type.h"

/* Of a request's line and headers, and of an answer's. */
#define HEAD_MAX (32 * 1024)
/* What a body, or the reading of an answer, has to come to in a second, once the first seconds
 * are over. */
#define SLOWEST_RATE 32768
/* An endless answer is ended by who makes it; one that nobody reads, after this. */
#define ENDLESS_MS (6 * 60 * 1000)

struct http_server {
	struct MHD_Daemon *daemon;
	struct connection_watch *watch;
	struct peer_limit *requests;
	struct body_budget *bodies;
	const struct http_site *site;
	struct tam_config_limits limits;
	bool loopback, behind_proxy, limit_peers;
	char *host;
	pthread_key_t worker_key;
	atomic_int active; /* requests that are not endless */
};

/* MHD's request context: from the request line on. `public` comes first. */
struct exchange {
	struct http_request public;
	bool admitted, target_bad, target_long;
	int64_t started;
	uint8_t *body;
	uint64_t size, room, seen;
	struct MHD_Response *response;
	struct MHD_Response *headers; /* collects headers until there is an answer */
	unsigned status;
	size_t answer_size;
};

struct thread_worker {
	const struct http_site *site;
	void *worker;
};

static struct exchange *exchange_of(const struct http_request *request)
{
	return (struct exchange *)request;
}

/* ---- Threads' workers --------------------------------------------------------------------------
 */

static void thread_worker_close(void *value)
{
	struct thread_worker *thread = value;

	thread->site->worker_close(thread->worker);
	free(thread);
}

static void *worker_get(struct http_server *server)
{
	struct thread_worker *thread = pthread_getspecific(server->worker_key);

	if (thread)
		return thread->worker;
	thread = calloc(1, sizeof(*thread));
	if (!thread)
		return NULL;
	thread->site = server->site;
	thread->worker = server->site->worker_open(server->site->context);
	if (!thread->worker || pthread_setspecific(server->worker_key, thread) != 0) {
		if (thread->worker)
			server->site->worker_close(thread->worker);
		free(thread);
		return NULL;
	}
	return thread->worker;
}

/* ---- Headers -----------------------------------------------------------------------------------
 */

const char *http_header(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* The name of "name:port", "[address]:port". */
static void host_name(const char *host, char *out, size_t size)
{
	size_t length = strcspn(host, ":");

	if (*host == '[') {
		host++;
		length = strcspn(host, "]");
	}
	(void)snprintf(out, size, "%.*s", (int)(length < size ? length : size - 1), host);
}

/*
 * A page from elsewhere must not reach a TAM that only this machine can reach by giving its own
 * name our address: then Host is that name.
 */
static bool host_fits(const struct http_server *server, const char *host)
{
	char name[256];

	if (!host || !server->loopback || server->behind_proxy)
		return true;
	host_name(host, name, sizeof(name));
	return tam_config_is_loopback(name) ||
	       (server->host && strcasecmp(name, server->host) == 0);
}

/* Browsers say from where a page asks; ours asks from where it came. */
static bool origin_fits(const struct http_server *server, const char *origin, const char *host)
{
	const char *authority = origin ? strstr(origin, "://") : NULL;
	char name[256];

	if (!origin)
		return true;
	if (!authority)
		return false;
	authority += 3;
	if (host && strcasecmp(authority, host) == 0)
		return true;
	host_name(authority, name, sizeof(name));
	return server->host && strcasecmp(name, server->host) == 0;
}

/* Of several lines the last counts: a proxy may add a line of its own to those that came. */
static enum MHD_Result forwarded_find(void *context, enum MHD_ValueKind kind, const char *name,
				      const char *value)
{
	const char **last = context;

	(void)kind;
	if (strcasecmp(name, "X-Forwarded-For") == 0)
		*last = value;
	return MHD_YES;
}

/* The last address that a proxy added, which is the one it saw itself. */
static bool forwarded_address(const char *header, char out[PEER_NAME_SIZE])
{
	const char *last = header ? strrchr(header, ',') : NULL;
	struct in6_addr six;
	struct in_addr four;

	if (!header)
		return false;
	last = last ? last + 1 : header;
	last += strspn(last, " \t");
	(void)snprintf(out, PEER_NAME_SIZE, "%.*s", (int)strcspn(last, " \t"), last);
	return inet_pton(AF_INET, out, &four) == 1 || inet_pton(AF_INET6, out, &six) == 1;
}

static void address_set(struct exchange *exchange)
{
	struct http_request *request = &exchange->public;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;

	(void)strcpy(request->address, "?");
	if (address && address->sa_family == AF_INET)
		(void)inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr,
				request->address, sizeof(request->address));
	else if (address && address->sa_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr,
				request->address, sizeof(request->address));
	if (request->server->behind_proxy) {
		char forwarded[PEER_NAME_SIZE];
		const char *header = NULL;

		(void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND,
						forwarded_find, &header);
		if (forwarded_address(header, forwarded))
			(void)strcpy(request->address, forwarded);
	}
	peer_limit_name(request->address, request->peer);
}

/* ---- Answers -----------------------------------------------------------------------------------
 */

bool http_answered(const struct http_request *request)
{
	return exchange_of(request)->response != NULL;
}

void http_answer_header(struct http_request *request, const char *name, const char *value)
{
	struct exchange *exchange = exchange_of(request);

	if (exchange->response)
		return;
	if (!exchange->headers)
		exchange->headers = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
	if (exchange->headers)
		(void)MHD_add_response_header(exchange->headers, name, value);
}

static enum MHD_Result header_copy(void *context, enum MHD_ValueKind kind, const char *name,
				   const char *value)
{
	(void)kind;
	(void)MHD_add_response_header(context, name, value);
	return MHD_YES;
}

static void header_default(struct MHD_Response *response, const char *name, const char *value)
{
	if (!MHD_get_response_header(response, name))
		(void)MHD_add_response_header(response, name, value);
}

void http_answer_response(struct http_request *request, unsigned status,
			  struct MHD_Response *response)
{
	struct exchange *exchange = exchange_of(request);

	if (exchange->response || !response) {
		if (response)
			MHD_destroy_response(response);
		return;
	}
	if (exchange->headers) {
		(void)MHD_get_response_headers(exchange->headers, header_copy, response);
		MHD_destroy_response(exchange->headers);
		exchange->headers = NULL;
	}
	header_default(response, "Cache-Control", "no-store");
	header_default(response, "X-Content-Type-Options", "nosniff");
	header_default(response, "Content-Security-Policy", "default-src 'none'");
	header_default(response, "Referrer-Policy", "no-referrer");
	header_default(response, "Cross-Origin-Resource-Policy", "same-origin");
	exchange->response = response;
	exchange->status = status;
}

static void answer_octets(struct http_request *request, unsigned status, const char *media,
			  const void *body, size_t size, enum MHD_ResponseMemoryMode mode)
{
	if (media)
		http_answer_header(request, "Content-Type", media);
	exchange_of(request)->answer_size = size;
	http_answer_response(request, status,
			     MHD_create_response_from_buffer(size, (void *)body, mode));
}

void http_answer(struct http_request *request, unsigned status, const char *media, const void *body,
		 size_t size)
{
	answer_octets(request, status, media, body, size, MHD_RESPMEM_MUST_COPY);
}

void http_answer_static(struct http_request *request, unsigned status, const char *media,
			const void *body, size_t size)
{
	answer_octets(request, status, media, body, size, MHD_RESPMEM_PERSISTENT);
}

static void refuse(struct exchange *exchange, unsigned status, const char *code,
		   const char *message)
{
	exchange->public.site->refuse(&exchange->public, status, code, message);
}

static void refuse_later(struct exchange *exchange, unsigned status, const char *code,
			 const char *message, uint32_t seconds)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", seconds);
	http_answer_header(&exchange->public, "Retry-After", text);
	refuse(exchange, status, code, message);
}

/* ---- A request's head --------------------------------------------------------------------------
 */

static const char *const method_names[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

/* The route, or a refusal: 404 where no pattern fits, 405 where one does. */
static bool route_find(struct exchange *exchange, const char *method)
{
	struct http_request *request = &exchange->public;
	const struct http_site *site = request->site;
	char allow[64] = "";

	for (size_t i = 0; i < site->count; i++) {
		const struct http_route *route = &site->routes[i];
		const char *name = method_names[route->method];

		if (!target_fits(&request->target, route->pattern, request->values))
			continue;
		if (strcmp(method, name) == 0 ||
		    (route->method == HTTP_GET && strcmp(method, "HEAD") == 0)) {
			request->route = route;
			return true;
		}
		(void)snprintf(allow + strlen(allow), sizeof(allow) - strlen(allow), "%s%s%s",
			       *allow ? ", " : "", name, route->method == HTTP_GET ? ", HEAD" : "");
	}
	if (*allow) {
		http_answer_header(request, "Allow", allow);
		refuse(exchange, 405, "method", "this method is not one that can be used here");
	} else {
		refuse(exchange, 404, "not_found", "there is nothing here");
	}
	return false;
}

static bool media_listed(const char *list, const char *value)
{
	while (*list) {
		const size_t length = strcspn(list, " ");
		char media[64];

		(void)snprintf(media, sizeof(media), "%.*s", (int)length, list);
		if (media_type_is(value, media))
			return true;
		list += length + strspn(list + length, " ");
	}
	return false;
}

/* Content-Length as a number; false for one that is none. 0 without the header. */
static bool content_length(const struct http_request *request, int64_t *out)
{
	const char *text = http_header(request, "Content-Length");

	*out = 0;
	return !text || target_number_parse(text, 0, INT64_MAX, out);
}

static uint64_t body_max(const struct http_request *request)
{
	return request->route->body_max ? request->route->body_max : request->server->limits.body;
}

static bool body_admit(struct exchange *exchange)
{
	struct http_request *request = &exchange->public;
	int64_t length;

	if (!content_length(request, &length)) {
		refuse(exchange, 400, "invalid", "Content-Length is not a number");
		return false;
	}
	if (length == 0 && !http_header(request, "Transfer-Encoding"))
		return true;
	if (!request->route->media) {
		refuse(exchange, 415, "media_type", "this request takes no body");
		return false;
	}
	if (!media_listed(request->route->media, http_header(request, "Content-Type"))) {
		char message[256];

		(void)snprintf(message, sizeof(message), "Content-Type has to be %s",
			       request->route->media);
		refuse(exchange, 415, "media_type", message);
		return false;
	}
	if (http_header(request, "Content-Encoding")) {
		refuse(exchange, 415, "media_type", "Content-Encoding is not taken");
		return false;
	}
	if ((uint64_t)length > body_max(request)) {
		refuse(exchange, 413, "too_large", "the body is larger than it may be");
		return false;
	}
	return true;
}

static enum MHD_Result framing_count(void *context, enum MHD_ValueKind kind, const char *name,
				     const char *value)
{
	(void)kind;
	(void)value;
	if (strcasecmp(name, "Content-Length") == 0 || strcasecmp(name, "Transfer-Encoding") == 0)
		++*(unsigned *)context;
	return MHD_YES;
}

/* Where a body ends is said once: a proxy in front may believe another word than we do. */
static bool framing_single(struct exchange *exchange)
{
	unsigned count = 0;

	(void)MHD_get_connection_values(exchange->public.connection, MHD_HEADER_KIND, framing_count,
					&count);
	if (count <= 1)
		return true;
	http_answer_header(&exchange->public, "Connection", "close");
	refuse(exchange, 400, "invalid", "the length of the body is said twice");
	return false;
}

static void head_check(struct exchange *exchange, const char *method)
{
	struct http_request *request = &exchange->public;
	struct http_server *server = request->server;
	const char *host = http_header(request, "Host");
	uint32_t seconds;

	address_set(exchange);
	if (!framing_single(exchange))
		return;
	if (exchange->target_long) {
		refuse(exchange, 414, "invalid", "the address is too long");
		return;
	}
	if (exchange->target_bad) {
		refuse(exchange, 400, "invalid", "the address is not well-formed");
		return;
	}
	if (!host_fits(server, host)) {
		refuse(exchange, 421, "invalid",
		       "this TAM is for this machine alone and not known by that name; say its "
		       "\"url\" in tam.conf");
		return;
	}
	if (!origin_fits(server, http_header(request, "Origin"), host)) {
		refuse(exchange, 403, "forbidden", "pages from elsewhere may not ask");
		return;
	}
	if (!route_find(exchange, method))
		return;
	if (server->limit_peers &&
	    !peer_limit_take(server->requests, request->peer, watch_now(), &seconds)) {
		refuse_later(exchange, 429, "rate", "too many requests; try again later", seconds);
		return;
	}
	if (!body_admit(exchange))
		return;
	request->worker = worker_get(server);
	if (!request->worker) {
		refuse_later(exchange, 503, "unavailable",
			     "the database does not answer; try again", 5);
		return;
	}
	if (request->site->admit && !request->site->admit(request) && !http_answered(request))
		refuse(exchange, 403, "forbidden", "this may not be asked");
}

/* ---- A request's body --------------------------------------------------------------------------
 */

/* Whose bodies they are; NULL where peers have no limits. */
static const char *body_peer(const struct exchange *exchange)
{
	return exchange->public.server->limit_peers ? exchange->public.peer : NULL;
}

/* false: there is an answer instead. */
static bool body_grow(struct exchange *exchange, uint64_t need)
{
	struct http_request *request = &exchange->public;
	uint64_t room = exchange->room ? exchange->room : 4096;
	uint8_t *body;

	while (room < need)
		room *= 2;
	if (room > body_max(request))
		room = body_max(request);
	if (!body_budget_take(request->server->bodies, body_peer(exchange),
			      room - exchange->room)) {
		refuse_later(exchange, 503, "unavailable", "too much at once; try again", 1);
		return false;
	}
	body = realloc(exchange->body, room);
	if (!body) {
		body_budget_give(request->server->bodies, body_peer(exchange),
				 room - exchange->room);
		refuse_later(exchange, 503, "unavailable", "no memory; try again", 1);
		return false;
	}
	exchange->body = body;
	exchange->room = room;
	return true;
}

static struct watched *watched_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void deadline_set(struct exchange *exchange, int64_t from, uint64_t octets)
{
	struct http_server *server = exchange->public.server;
	struct watched *watched = watched_of(exchange->public.connection);

	if (watched)
		watch_deadline(server->watch, watched,
			       from + (int64_t)server->limits.request_seconds * 1000 +
				       (int64_t)(octets * 1000 / SLOWEST_RATE));
}

/* Returns whether the connection may go on. */
static bool body_take(struct exchange *exchange, const char *data, size_t size)
{
	exchange->seen += size;
	deadline_set(exchange, exchange->started, exchange->seen);
	if (!http_answered(&exchange->public)) {
		if (exchange->size + size > body_max(&exchange->public))
			refuse(exchange, 413, "too_large", "the body is larger than it may be");
		else if (exchange->size + size <= exchange->room ||
			 body_grow(exchange, exchange->size + size)) {
			memcpy(exchange->body + exchange->size, data, size);
			exchange->size += size;
			return true;
		}
	}
	/* The answer has to wait until the body is over; it will not be waited for long. */
	return exchange->seen <= 2 * exchange->public.server->limits.body;
}

/* ---- MHD's calls -------------------------------------------------------------------------------
 */

static void *request_begin(void *context, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	int rc;

	if (!exchange)
		return NULL;
	exchange->public.server = context;
	exchange->public.site = exchange->public.server->site;
	exchange->public.connection = connection;
	exchange->started = watch_now();
	rc = target_parse(uri, &exchange->public.target);
	exchange->target_bad = rc == -EBADMSG;
	exchange->target_long = rc == -EMSGSIZE;
	(void)atomic_fetch_add(&exchange->public.server->active, 1);
	deadline_set(exchange, exchange->started, 0);
	return exchange;
}

static enum MHD_Result answer_queue(struct exchange *exchange)
{
	struct http_request *request = &exchange->public;

	if (!exchange->response)
		refuse(exchange, 500, "internal", "this has no answer");
	if (!exchange->response)
		return MHD_NO;
	if (request->endless) {
		struct watched *watched = watched_of(request->connection);

		if (watched)
			watch_deadline(request->server->watch, watched, watch_now() + ENDLESS_MS);
		(void)atomic_fetch_sub(&request->server->active, 1);
	} else {
		deadline_set(exchange, watch_now(), exchange->answer_size);
	}
	return MHD_queue_response(request->connection, exchange->status, exchange->response);
}

/*
 * Whether to read a body although the answer is there: who sends before he listens would find the
 * connection gone, and not learn why. Not for ever, and not where the peer asked whether to send.
 */
static bool body_awaited(const struct exchange *exchange)
{
	const struct http_request *request = &exchange->public;
	int64_t length;

	return !http_header(request, "Expect") && !http_header(request, "Transfer-Encoding") &&
	       content_length(request, &length) &&
	       (uint64_t)length <= 2 * request->server->limits.body;
}

static enum MHD_Result request_continue(void *context, struct MHD_Connection *connection,
					const char *url, const char *method, const char *version,
					const char *upload, size_t *upload_size, void **state)
{
	struct exchange *exchange = *state;

	(void)context;
	(void)connection;
	(void)url;
	(void)version;
	if (!exchange)
		return MHD_NO;
	if (!exchange->admitted) {
		exchange->admitted = true;
		head_check(exchange, method);
		return http_answered(&exchange->public) && !body_awaited(exchange)
			       ? answer_queue(exchange)
			       : MHD_YES;
	}
	if (*upload_size > 0) {
		const bool go_on = body_take(exchange, upload, *upload_size);

		*upload_size = 0;
		return go_on ? MHD_YES : MHD_NO;
	}
	if (!http_answered(&exchange->public)) {
		/* Without a body it points somewhere all the same: empty is not absent. */
		exchange->public.body = span_of(
			exchange->body ? exchange->body : (const uint8_t *)"", exchange->size);
		exchange->public.route->handle(&exchange->public);
	}
	return answer_queue(exchange);
}

static void request_log(const struct exchange *exchange)
{
	const struct http_request *request = &exchange->public;
	const struct http_route *route = request->route;
	const bool failed = exchange->status >= 500;

	log_line(failed				      ? TAM_LOG_WARNING
		 : route && route->method == HTTP_GET ? TAM_LOG_DEBUG
						      : TAM_LOG_INFO,
		 "%s %s %u, %llu octets, %lld ms, from %s%s%s",
		 route ? method_names[route->method] : "?", route ? route->pattern : "?",
		 exchange->status, (unsigned long long)exchange->size,
		 (long long)(watch_now() - exchange->started), request->address,
		 request->about[0] ? ": " : "", request->about);
}

static void request_end(void *context, struct MHD_Connection *connection, void **state,
			enum MHD_RequestTerminationCode why)
{
	struct http_server *server = context;
	struct exchange *exchange = *state;
	struct watched *watched = watched_of(connection);

	(void)why;
	if (!exchange)
		return;
	if (!exchange->public.endless)
		(void)atomic_fetch_sub(&server->active, 1);
	if (exchange->response)
		request_log(exchange);
	if (watched)
		watch_deadline(server->watch, watched,
			       watch_now() + (int64_t)server->limits.idle_seconds * 1000);
	if (exchange->response)
		MHD_destroy_response(exchange->response);
	if (exchange->headers)
		MHD_destroy_response(exchange->headers);
	body_budget_give(server->bodies, body_peer(exchange), exchange->room);
	free(exchange->body);
	arena_clear(&exchange->public.arena);
	free(exchange);
	*state = NULL;
}

static void connection_change(void *context, struct MHD_Connection *connection,
			      void **socket_context, enum MHD_ConnectionNotificationCode what)
{
	struct http_server *server = context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

		if (info)
			*socket_context = watch_add(
				server->watch, info->connect_fd,
				watch_now() + (int64_t)server->limits.request_seconds * 1000);
	} else if (*socket_context) {
		watch_remove(server->watch, *socket_context);
		*socket_context = NULL;
	}
}

static void library_log(void *context, const char *format, va_list arguments)
{
	char line[512];

	(void)context;
	if (!log_wants(TAM_LOG_DEBUG))
		return;
	(void)vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = 0;
	log_line(TAM_LOG_DEBUG, "http: %s", line);
}

/* ---- The server --------------------------------------------------------------------------------
 */

static struct MHD_Daemon *daemon_start(struct http_server *server,
				       const struct http_options *options)
{
	/* Not epoll: there, edge-triggered as it is, the library misses an end of input that comes
	 * together with octets. */
	unsigned flags =
		MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_OptionItem more[8];
	size_t count = 0;

	if (options->threads > 1)
		more[count++] = (struct MHD_OptionItem) { MHD_OPTION_THREAD_POOL_SIZE,
							  (intptr_t)options->threads, NULL };
	if (server->limit_peers)
		more[count++] = (struct MHD_OptionItem) {
			MHD_OPTION_PER_IP_CONNECTION_LIMIT,
			options->behind_proxy ? 0 : (intptr_t)options->limits.connections_per_peer,
			NULL
		};
	if (options->certificate) {
		flags |= MHD_USE_TLS;
		more[count++] = (struct MHD_OptionItem) { MHD_OPTION_HTTPS_MEM_CERT, 0,
							  (void *)options->certificate };
		more[count++] = (struct MHD_OptionItem) { MHD_OPTION_HTTPS_MEM_KEY, 0,
							  (void *)options->key };
		more[count++] = (struct MHD_OptionItem) {
			MHD_OPTION_HTTPS_PRIORITIES, 0,
			(void *)"SECURE128:%SERVER_PRECEDENCE:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
		};
	}
	more[count] = (struct MHD_OptionItem) { MHD_OPTION_END, 0, NULL };
	return MHD_start_daemon(
		flags, 0, NULL, NULL, request_continue, server, MHD_OPTION_EXTERNAL_LOGGER,
		library_log, NULL, MHD_OPTION_LISTEN_SOCKET, options->listen_fd,
		MHD_OPTION_URI_LOG_CALLBACK, request_begin, server, MHD_OPTION_NOTIFY_COMPLETED,
		request_end, server, MHD_OPTION_NOTIFY_CONNECTION, connection_change, server,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MAX, MHD_OPTION_CONNECTION_LIMIT,
		options->limits.connections, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY,
		more, MHD_OPTION_END);
}

struct http_server *http_server_start(const struct http_options *options)
{
	struct http_server *server = calloc(1, sizeof(*server));

	if (!server)
		return NULL;
	server->site = options->site;
	server->limits = options->limits;
	server->loopback = options->loopback;
	server->behind_proxy = options->behind_proxy;
	server->limit_peers =
		!options->loopback || options->behind_proxy || options->limits.loopback;
	server->bodies = body_budget_open(options->body_budget, options->body_budget / 8);
	server->host = options->host ? strdup(options->host) : NULL;
	server->requests =
		peer_limit_open(options->limits.requests_per_second, options->limits.burst);
	server->watch = connection_watch_open();
	if (pthread_key_create(&server->worker_key, thread_worker_close) != 0 ||
	    !server->requests || !server->bodies || !server->watch)
		goto out;
	server->daemon = daemon_start(server, options);
	if (server->daemon)
		return server;
	log_line(TAM_LOG_ERROR, "the HTTP server does not start; a certificate or key that does "
				"not fit is the usual cause");
out:
	connection_watch_close(server->watch);
	peer_limit_close(server->requests);
	body_budget_close(server->bodies);
	free(server->host);
	free(server);
	return NULL;
}

void http_server_stop(struct http_server *server, int64_t grace_ms)
{
	MHD_socket listening;
	int64_t until;

	if (!server)
		return;
	listening = MHD_quiesce_daemon(server->daemon);
	if (listening != MHD_INVALID_SOCKET)
		close(listening);
	until = watch_now() + grace_ms;
	while (atomic_load(&server->active) > 0 && watch_now() < until)
		usleep(10000);
	MHD_stop_daemon(server->daemon);
	connection_watch_close(server->watch);
	peer_limit_close(server->requests);
	body_budget_close(server->bodies);
	(void)pthread_key_delete(server->worker_key);
	free(server->host);
	free(server);
}
