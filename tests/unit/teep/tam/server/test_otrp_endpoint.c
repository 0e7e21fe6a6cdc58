/*
 * OTrP over HTTP, on a socket, with an engine that is not one: what a client gets for what it
 * sends, and what it can't do to the server.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "teep/tam/server/log.h"
#include "teep/tam/server/otrp_endpoint.h"

static char seen_taids[256], seen_package[64];

static int fake_connect(struct tam_worker *worker, const struct tam_peer *peer,
			const struct tam_hints *hints, char **request)
{
	(void)worker;
	(void)peer;
	seen_taids[0] = 0;
	for (size_t i = 0; i < hints->taid_count; i++) {
		strcat(seen_taids, hints->taids[i]);
		strcat(seen_taids, ",");
	}
	(void)snprintf(seen_package, sizeof(seen_package), "%.*s", (int)hints->package_size,
		       hints->package_size ? (const char *)hints->package : "");
	*request = strdup("{\"GetDeviceStateRequest\":{}}");
	return 0;
}

/* Answers by the first letter of what it gets. */
static int fake_process(struct tam_worker *worker, const struct tam_peer *peer, const void *body,
			size_t size, char **next, char tid[TAM_TID_SIZE])
{
	(void)worker;
	(void)peer;
	strcpy(tid, "0123456789abcdef");
	switch (size ? *(const char *)body : 0) {
	case 'n':
		return asprintf(next, "{\"size\":%zu}", size) < 0 ? -ENOMEM : 0;
	case 'e':
		*next = NULL;
		return 0;
	case 'b':
		return -EBADMSG;
	case 'l':
		return -EMSGSIZE;
	default:
		return -EIO;
	}
}

static int fake_aik(struct tam_worker *worker, const char *tid, char **keys)
{
	(void)worker;
	if (strcmp(tid, "known") != 0)
		return -ENOENT;
	*keys = strdup("{\"TAMSPAIK\":{}}");
	return 0;
}

static const struct otrp_service fake = {
	.connect = fake_connect,
	.process = fake_process,
	.aik = fake_aik,
};

static void *worker_open(void *context)
{
	struct otrp_worker *worker = calloc(1, sizeof(*worker));

	(void)context;
	worker->service = &fake;
	return worker;
}

static void worker_close(void *worker)
{
	free(worker);
}

static void refuse(struct http_request *request, unsigned status, const char *code,
		   const char *message)
{
	(void)message;
	http_answer(request, status, "text/plain", code, strlen(code));
}

static const struct http_route routes[] = {
	{ HTTP_POST, "/tam", 0, OTRP_ENDPOINT_MEDIA, 0, otrp_post },
	{ HTTP_GET, "/tam/aik/{}", 0, NULL, 0, otrp_aik_get },
};

static const struct http_site site = {
	.routes = routes,
	.count = 2,
	.refuse = refuse,
	.worker_open = worker_open,
	.worker_close = worker_close,
};

static struct http_server *server;
static uint16_t port;

static struct http_options defaults(void)
{
	return (struct http_options) {
		.site = &site,
		.loopback = true,
		.threads = 2,
		.body_budget = 1 << 20,
		.limits = {
			.body = 100000,
			.request_seconds = 20,
			.idle_seconds = 20,
			.connections = 100,
			.connections_per_peer = 100,
			.requests_per_second = 1,
			.burst = 5,
		},
	};
}

static void start(struct http_options options)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);

	log_level_set(TAM_LOG_ERROR);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	options.listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(options.listen_fd, (struct sockaddr *)&address, size), 0);
	cr_assert_eq(listen(options.listen_fd, 100), 0);
	cr_assert_eq(getsockname(options.listen_fd, (struct sockaddr *)&address, &size), 0);
	port = ntohs(address.sin_port);
	server = http_server_start(&options);
	cr_assert(server);
}

static void stop(void)
{
	http_server_stop(server, 1000);
}

static int client(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static char reply[65536];

/* Reads until the other end closes. */
static void reply_read(int fd)
{
	size_t size = 0;
	ssize_t got;

	while ((got = read(fd, reply + size, sizeof(reply) - 1 - size)) > 0)
		size += (size_t)got;
	reply[size] = 0;
	close(fd);
}

static void say(int fd, const void *text, size_t size)
{
	const char *at = text;

	while (size > 0) {
		const ssize_t put = send(fd, at, size, MSG_NOSIGNAL);

		if (put <= 0)
			return;
		at += put;
		size -= (size_t)put;
	}
}

static long reply_status(void)
{
	return strtol(reply + 9, NULL, 10);
}

/* The status of one request, whose whole answer is in `reply`. */
static long ask(const char *head, const char *body)
{
	char text[8192];
	const int fd = client();

	(void)snprintf(text, sizeof(text), "%s\r\nConnection: close\r\n\r\n%s", head, body);
	say(fd, text, strlen(text));
	reply_read(fd);
	cr_assert(strncmp(reply, "HTTP/1.1 ", 9) == 0, "%s: %s", head, reply);
	return reply_status();
}

#define POST "POST /tam HTTP/1.1\r\nHost: localhost\r\n"
#define JSON POST "Content-Type: application/otrp+json\r\n"

static bool has(const char *text)
{
	return strstr(reply, text) != NULL;
}

TestSuite(otrp_endpoint, .fini = stop);

Test(otrp_endpoint, an_empty_post_begins_a_session)
{
	start(defaults());
	cr_assert_eq(ask(POST "Accept: application/otrp+json\r\nContent-Length: 0", ""), 200);
	cr_assert(has("\r\nContent-Type: application/otrp+json\r\n"));
	cr_assert(has("\r\n\r\n{\"GetDeviceStateRequest\":{}}"));
	/* Also in chunks of which there are none, and with a media type. */
	cr_assert_eq(ask(JSON "Transfer-Encoding: chunked", "0\r\n\r\n"), 200);
	cr_assert(has("GetDeviceStateRequest"));
}

Test(otrp_endpoint, hints_are_passed_on)
{
	start(defaults());
	cr_assert_eq(ask("POST /tam?ta=one&x=y&ta=two HTTP/1.1\r\nHost: localhost\r\n"
			 "Content-Length: 0",
			 ""),
		     200);
	cr_assert_str_eq(seen_taids, "one,two,");
	cr_assert_str_eq(seen_package, "");
	cr_assert_eq(ask(POST "Content-Type: application/cms\r\nContent-Length: 3", "cms"), 200);
	cr_assert_str_eq(seen_package, "cms");
}

Test(otrp_endpoint, an_answer_is_answered_until_there_is_no_more_to_say)
{
	start(defaults());
	cr_assert_eq(ask(JSON "Content-Length: 4", "next"), 200);
	cr_assert(has("{\"size\":4}"));
	cr_assert(has("\r\nTAM-Session: 0123456789abcdef\r\n"));
	cr_assert_eq(ask(JSON "Content-Length: 3", "end"), 204);
	cr_assert_not(has("\r\nContent-Type:"));
	cr_assert_str_eq(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
	cr_assert_eq(ask(JSON "Transfer-Encoding: chunked", "2\r\nne\r\n2\r\nxt\r\n0\r\n\r\n"),
		     200);
	cr_assert(has("{\"size\":4}"));
}

Test(otrp_endpoint, every_answer_has_the_headers_of_hygiene)
{
	static const char *const heads[] = {
		JSON "Content-Length: 4",
		"GET /tam HTTP/1.1\r\nHost: localhost",
		"GET /nowhere HTTP/1.1\r\nHost: localhost",
		JSON "Content-Length: 4\r\nAccept: text/html",
	};

	start(defaults());
	for (size_t i = 0; i < 4; i++) {
		(void)ask(heads[i], "next");
		cr_assert(has("\r\nCache-Control: no-store\r\n"));
		cr_assert(has("\r\nX-Content-Type-Options: nosniff\r\n"));
		cr_assert(has("\r\nContent-Security-Policy: default-src 'none'\r\n"));
		cr_assert(has("\r\nReferrer-Policy: no-referrer\r\n"));
		cr_assert_not(has("Set-Cookie"));
		cr_assert_not(has("Location:"));
	}
}

Test(otrp_endpoint, media_types)
{
	start(defaults());
	cr_assert_eq(ask(POST "Content-Length: 4", "next"), 415);
	cr_assert_eq(ask(POST "Content-Type: application/json\r\nContent-Length: 4", "next"), 415);
	cr_assert_eq(ask(POST "Content-Type: application/otrp+jsonx\r\nContent-Length: 4", "next"),
		     415);
	cr_assert_eq(ask(POST "Content-Type: Application/OTrP+JSON ; charset=utf-8\r\n"
			      "Content-Length: 4",
			 "next"),
		     200);
	cr_assert_eq(ask(JSON "Content-Encoding: gzip\r\nContent-Length: 4", "next"), 415);
	cr_assert_eq(ask(JSON "Accept: text/html\r\nContent-Length: 4", "next"), 406);
	cr_assert_eq(ask(JSON "Accept: application/otrp+json;q=0\r\nContent-Length: 4", "next"),
		     406);
	cr_assert_eq(ask(JSON "Accept: application/otrp+json;q=0, */*\r\nContent-Length: 4",
			 "next"),
		     406);
	cr_assert_eq(ask(JSON "Accept: text/html, */*;q=0.1\r\nContent-Length: 4", "next"), 200);
	cr_assert_eq(ask(JSON "Accept: application/*\r\nContent-Length: 4", "next"), 200);
}

Test(otrp_endpoint, methods)
{
	static const char *const methods[] = { "GET",	  "HEAD",  "PUT",   "DELETE",
					       "OPTIONS", "PATCH", "TRACE", "BREW" };
	char head[128];

	start(defaults());
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		(void)snprintf(head, sizeof(head), "%s /tam HTTP/1.1\r\nHost: localhost",
			       methods[i]);
		cr_assert_eq(ask(head, ""), 405, "%s", methods[i]);
		cr_assert(has("\r\nAllow: POST\r\n"));
	}
}

Test(otrp_endpoint, what_the_engine_refuses_has_a_status)
{
	start(defaults());
	cr_assert_eq(ask(JSON "Content-Length: 3", "bad"), 400);
	cr_assert_eq(ask(JSON "Content-Length: 4", "long"), 413);
	cr_assert_eq(ask(JSON "Content-Length: 5", "other"), 503);
	cr_assert(has("\r\nRetry-After: "));
}

Test(otrp_endpoint, keys_are_fetched_by_their_session)
{
	start(defaults());
	cr_assert_eq(ask("GET /tam/aik/known HTTP/1.1\r\nHost: localhost", ""), 200);
	cr_assert(has("TAMSPAIK"));
	cr_assert_eq(ask("GET /tam/aik/unknown HTTP/1.1\r\nHost: localhost", ""), 404);
	cr_assert_eq(ask("GET /tam/aik HTTP/1.1\r\nHost: localhost", ""), 404);
}

Test(otrp_endpoint, bodies_are_bounded)
{
	char *body = malloc(100001), head[256];
	int fd;

	memset(body, 'n', 100001);
	start(defaults());
	fd = client();
	(void)snprintf(head, sizeof(head),
		       JSON "Connection: close\r\nContent-Length: 100000\r\n\r\n");
	say(fd, head, strlen(head));
	say(fd, body, 100000);
	reply_read(fd);
	cr_assert_eq(reply_status(), 200);
	cr_assert(has("{\"size\":100000}"));
	/* Who asks first learns it before he sends, who does not, afterwards. */
	cr_assert_eq(ask(JSON "Expect: 100-continue\r\nContent-Length: 100001", ""), 413);
	fd = client();
	(void)snprintf(head, sizeof(head),
		       JSON "Connection: close\r\nContent-Length: 100001\r\n\r\n");
	say(fd, head, strlen(head));
	say(fd, body, 100001);
	reply_read(fd);
	cr_assert_eq(reply_status(), 413);
	/* Nobody waits for what is far too much. */
	cr_assert_eq(ask(JSON "Content-Length: 200001", ""), 413);
	cr_assert_geq(ask(JSON "Content-Length: 99999999999999999999", ""), 400);
	cr_assert_lt(reply_status(), 500);
	cr_assert_eq(ask(JSON "Content-Length: -1", ""), 400);
	/* In chunks the size shows only as they come. */
	fd = client();
	(void)snprintf(head, sizeof(head),
		       JSON "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n",
		       100001);
	say(fd, head, strlen(head));
	say(fd, body, 100001);
	say(fd, "\r\n0\r\n\r\n", 7);
	reply_read(fd);
	cr_assert_eq(reply_status(), 413, "%s", reply);
	free(body);
}

Test(otrp_endpoint, bodies_of_all_together_are_bounded)
{
	struct http_options options = defaults();
	char head[256], *body = malloc(100000);

	memset(body, 'n', 100000);
	options.body_budget = 50000;
	start(options);
	/* What a refused one had taken is given back, and so is what another one has used. */
	for (int i = 0; i < 10; i++) {
		const size_t size = i % 2 ? 20000 : 100000;
		const int fd = client();

		(void)snprintf(head, sizeof(head),
			       JSON "Connection: close\r\nContent-Length: %zu\r\n\r\n", size);
		say(fd, head, strlen(head));
		say(fd, body, size);
		reply_read(fd);
		cr_assert_eq(reply_status(), i % 2 ? 200 : 503, "%s", reply);
	}
	free(body);
}

/* Sends an octet at a time for ever; returns when the server hangs up. */
static void drip(const char *start, char octet)
{
	const int fd = client();
	struct pollfd closed = { .fd = fd, .events = POLLIN };

	say(fd, start, strlen(start));
	for (;;) {
		say(fd, &octet, 1);
		if (poll(&closed, 1, 50) > 0)
			break;
	}
	close(fd);
}

/* What would go on for ever if the server let it, so the test's own time limit is the check. */
Test(otrp_endpoint, one_that_drips_is_ended, .timeout = 500)
{
	struct http_options options = defaults();

	options.limits.request_seconds = 1;
	start(options);
	drip("", 'P');
	drip(POST "X-Long: ", 'x');
	drip(JSON "Content-Length: 90000\r\n\r\n", 'n');
	drip(JSON "Transfer-Encoding: chunked\r\n\r\n", '1');
	/* And the server is there for others. */
	cr_assert_eq(ask(JSON "Content-Length: 4", "next"), 200);
}

Test(otrp_endpoint, an_idle_connection_is_ended, .timeout = 500)
{
	struct http_options options = defaults();
	int fd;

	options.limits.idle_seconds = 1;
	start(options);
	fd = client();
	say(fd, JSON "Content-Length: 4\r\n\r\nnext", strlen(JSON) + 25);
	reply_read(fd);
	cr_assert_eq(reply_status(), 200);
}

Test(otrp_endpoint, a_peer_that_asks_too_often_has_to_wait)
{
	struct http_options options = defaults();
	int refused = 0;

	options.limits.loopback = true;
	start(options);
	/* One in a second is let through, and the others come faster on any machine. */
	for (int i = 0; i < 20 || (refused < 10 && i < 400); i++)
		if (ask(JSON "Content-Length: 4", "next") == 429) {
			cr_assert(has("\r\nRetry-After: "));
			refused++;
		}
	cr_assert_geq(refused, 10);
}

Test(otrp_endpoint, behind_a_proxy_a_peer_is_who_the_proxy_says)
{
	struct http_options options = defaults();
	char head[256];
	long status = 0;

	options.behind_proxy = true;
	start(options);
	for (int i = 0; i < 20; i++) {
		(void)snprintf(head, sizeof(head),
			       JSON "X-Forwarded-For: 10.9.9.9, 10.0.0.%d\r\nContent-Length: 4", i);
		cr_assert_eq(ask(head, "next"), 200);
	}
	/* A proxy may add a line of its own behind those that came. */
	for (int i = 0; i < 20; i++) {
		(void)snprintf(head, sizeof(head),
			       JSON "X-Forwarded-For: 10.9.9.9\r\nX-Forwarded-For: 10.0.1.%d\r\n"
				    "Content-Length: 4",
			       i);
		cr_assert_eq(ask(head, "next"), 200);
	}
	for (int i = 0; i < 400 && status != 429; i++) {
		(void)ask(JSON "X-Forwarded-For: 10.1.1.1\r\nContent-Length: 4", "next");
		status = ask(JSON "X-Forwarded-For: 10.2.2.2, 10.1.1.1\r\nContent-Length: 4",
			     "next");
	}
	cr_assert_eq(status, 429);
}

Test(otrp_endpoint, pages_from_elsewhere_do_not_reach_it)
{
	struct http_options options = defaults();

	options.host = "tam.example";
	start(options);
	cr_assert_eq(ask("POST /tam HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0", ""), 421);
	cr_assert_eq(ask("POST /tam HTTP/1.1\r\nHost: tam.example:8443\r\nContent-Length: 0", ""),
		     200);
	cr_assert_eq(ask("POST /tam HTTP/1.1\r\nHost: [::1]:8443\r\nContent-Length: 0", ""), 200);
	cr_assert_eq(ask(POST "Origin: https://evil.example\r\nContent-Length: 0", ""), 403);
	cr_assert_eq(ask(POST "Origin: null\r\nContent-Length: 0", ""), 403);
	cr_assert_eq(ask(POST "Origin: http://localhost\r\nContent-Length: 0", ""), 200);
}

Test(otrp_endpoint, what_is_no_http_harms_nobody)
{
	static const char *const texts[] = {
		"\r\n\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"POST\r\n\r\n",
		"POST /tam\r\n\r\n",
		"POST /tam HTTP/9.9\r\n\r\n",
		"POST /tam HTTP/1.1\r\n\r\n",
		"POST /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"POST /tam HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
		"Content-Type: application/otrp+json\r\n\r\nzz\r\n",
		"POST /tam HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: "
		"5\r\n"
		"Content-Type: application/otrp+json\r\n\r\nnext",
		"POST /tam HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
		"Transfer-Encoding: chunked\r\nContent-Type: application/otrp+json\r\n\r\nnext",
		"GET / HTTP/1.1\r\nHost: localhost\r\n: \r\n\r\n",
	};

	start(defaults());
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const int fd = client();

		say(fd, texts[i], strlen(texts[i]));
		(void)shutdown(fd, SHUT_WR);
		reply_read(fd);
		cr_assert_not(strncmp(reply, "HTTP/1.1 200", 12) == 0, "%s: %s", texts[i], reply);
	}
	cr_assert_eq(ask(JSON "Content-Length: 4", "next"), 200);
}

Test(otrp_endpoint, thousands_of_damaged_requests_leave_it_as_it_was)
{
	static const char good[] =
		JSON "Accept: application/otrp+json\r\nContent-Length: 4\r\n\r\nnext";
	unsigned random = 1;

	start(defaults());
	for (int i = 0; i < 2000; i++) {
		char text[sizeof(good)];
		const int fd = client();

		memcpy(text, good, sizeof(good));
		for (int j = 0; j < 1 + i % 4; j++) {
			random = random * 1103515245 + 12345;
			text[(random >> 16) % (sizeof(good) - 1)] = (char)(random >> 8);
		}
		say(fd, text, sizeof(good) - 1);
		(void)shutdown(fd, SHUT_WR);
		reply_read(fd);
	}
	cr_assert_eq(ask(JSON "Content-Length: 4", "next"), 200);
}
