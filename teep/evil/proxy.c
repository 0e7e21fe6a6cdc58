#include "teep/evil/proxy.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MEDIA_TYPE     "application/otrp+json"
#define BODY_MAX       (64U << 20)
#define SESSIONS_MAX   64U
#define TIMEOUT_MS     120000L
#define SESSION_HEADER "TAM-Session:"

/* How far each session's rules are, by its tid. */
struct session {
	char tid[160];
	struct rule_counts counts;
};

struct proxy {
	struct theatre *theatre;
	const struct proxy_options *options;
	char origin[1024];
	CURL *curl;
	struct session sessions[SESSIONS_MAX];
	unsigned int next; /* to be forgotten */
};

/* One request of the agent's, and what the TAM answered. */
struct passing {
	char *target; /* path and query, as they came */
	struct octets body, answer;
	char type[128], session[160];
	long status;
};

static bool octets_add(struct octets *octets, const char *data, size_t size)
{
	char *grown;

	if (size > BODY_MAX - octets->size)
		return false;
	grown = realloc(octets->data, octets->size + size + 1);
	if (!grown)
		return false;
	memcpy(grown + octets->size, data, size);
	octets->data = grown;
	octets->size += size;
	grown[octets->size] = '\0';
	return true;
}

static struct rule_counts *counts_of(struct proxy *proxy, const struct octets *message)
{
	struct message_look look;
	struct session *session;

	message_look(message, &look);
	for (unsigned int i = 0; i < SESSIONS_MAX; i++)
		if (look.tid[0] && strcmp(proxy->sessions[i].tid, look.tid) == 0)
			return &proxy->sessions[i].counts;
	session = &proxy->sessions[proxy->next++ % SESSIONS_MAX];
	memset(session, 0, sizeof(*session));
	strcpy(session->tid, look.tid);
	return &session->counts;
}

static size_t body_take(char *data, size_t one, size_t size, void *context)
{
	struct passing *passing = context;

	(void)one;
	return octets_add(&passing->answer, data, size) ? size : 0;
}

static size_t header_take(char *data, size_t one, size_t size, void *context)
{
	const size_t length = sizeof(SESSION_HEADER) - 1;
	struct passing *passing = context;

	(void)one;
	if (size > length && strncasecmp(data, SESSION_HEADER, length) == 0)
		(void)snprintf(passing->session, sizeof(passing->session), "%.*s",
			       (int)strcspn(data + length + strspn(data + length, " "), "\r\n"),
			       data + length + strspn(data + length, " "));
	return size;
}

/* One POST or GET to the TAM, as the agent had meant it. */
static bool forward(struct proxy *proxy, struct passing *passing, bool is_post, const char *accept,
		    const char *type)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
	char uri[4096], line[256], *shown = NULL;
	CURLcode code;

	octets_clear(&passing->answer);
	passing->status = 0;
	(void)snprintf(uri, sizeof(uri), "%s%s", proxy->origin, passing->target);
	(void)snprintf(line, sizeof(line), "Accept: %s", accept ? accept : "*/*");
	headers = curl_slist_append(headers, line);
	(void)snprintf(line, sizeof(line),
		       type ? "Content-Type: %s" : "Content-Type:", type ? type : "");
	headers = curl_slist_append(headers, line);
	curl_easy_setopt(proxy->curl, CURLOPT_URL, uri);
	curl_easy_setopt(proxy->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(proxy->curl, CURLOPT_WRITEDATA, passing);
	curl_easy_setopt(proxy->curl, CURLOPT_HEADERDATA, passing);
	if (is_post) {
		curl_easy_setopt(proxy->curl, CURLOPT_POST, 1L);
		curl_easy_setopt(proxy->curl, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)passing->body.size);
		curl_easy_setopt(proxy->curl, CURLOPT_POSTFIELDS,
				 passing->body.data ? passing->body.data : "");
	} else {
		curl_easy_setopt(proxy->curl, CURLOPT_HTTPGET, 1L);
	}
	code = curl_easy_perform(proxy->curl);
	(void)curl_easy_getinfo(proxy->curl, CURLINFO_RESPONSE_CODE, &passing->status);
	(void)curl_easy_getinfo(proxy->curl, CURLINFO_CONTENT_TYPE, &shown);
	(void)snprintf(passing->type, sizeof(passing->type), "%s", shown ? shown : "");
	curl_slist_free_all(headers);
	if (code != CURLE_OK)
		theatre_tell(proxy->theatre, "proxy: the TAM: %s", curl_easy_strerror(code));
	return code == CURLE_OK;
}

/* Returns false when the message is not to arrive. */
static bool rules_apply(struct proxy *proxy, enum script_side side, struct octets *octets,
			unsigned long *extra)
{
	struct stage_message message = { .octets = octets };
	struct message_look look;

	message_look(octets, &look);
	theatre_tell(proxy->theatre, "proxy: from the %s: %s, %zu octets%s%s",
		     side == SIDE_TEE ? "agent" : "TAM", look.name[0] ? look.name : "something",
		     octets->size, look.status[0] ? ", " : "", look.status);
	if (theatre_rules(proxy->theatre, "proxy", counts_of(proxy, octets), side, &message) < 0)
		return false;
	*extra = message.extra;
	return !message.dropped;
}

/* Returns false when the agent is to get no answer at all. */
static bool pass(struct proxy *proxy, struct passing *passing, bool is_post, const char *accept,
		 const char *type)
{
	const bool is_message = is_post && passing->body.size && type &&
				strncasecmp(type, MEDIA_TYPE, sizeof(MEDIA_TYPE) - 1) == 0;
	unsigned long extra = 0;

	if (is_message && !rules_apply(proxy, SIDE_TEE, &passing->body, &extra))
		return false;
	if (!forward(proxy, passing, is_post, accept, type))
		return false;
	for (; extra; extra--) {
		/* What the TAM says to each copy is for nobody. */
		struct passing again = { .target = passing->target, .body = passing->body };

		(void)forward(proxy, &again, is_post, accept, type);
		octets_clear(&again.answer);
	}
	if (!passing->answer.size ||
	    strncasecmp(passing->type, MEDIA_TYPE, sizeof(MEDIA_TYPE) - 1) != 0)
		return true;
	return rules_apply(proxy, SIDE_TAM, &passing->answer, &extra);
}

static enum MHD_Result answer(struct MHD_Connection *connection, struct passing *passing)
{
	/* The body is the response's from here on. */
	struct MHD_Response *response = MHD_create_response_from_buffer(
		passing->answer.size, passing->answer.size ? passing->answer.data : "",
		passing->answer.size ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	if (passing->answer.size)
		passing->answer = (struct octets) { NULL, 0 };
	if (passing->type[0])
		(void)MHD_add_response_header(response, "Content-Type", passing->type);
	if (passing->session[0])
		(void)MHD_add_response_header(response, "TAM-Session", passing->session);
	result = MHD_queue_response(connection, (unsigned)passing->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result request(void *context, struct MHD_Connection *connection, const char *url,
			       const char *method, const char *version, const char *data,
			       size_t *size, void **state)
{
	struct passing *passing = *state;
	struct proxy *proxy = context;

	(void)url;
	(void)version;
	if (!passing || !passing->target)
		return MHD_NO;
	/* The first call comes before any body. */
	if (passing->status == 0 && !passing->type[0]) {
		strcpy(passing->type, "-");
		return MHD_YES;
	}
	if (*size) {
		const bool taken = octets_add(&passing->body, data, *size);

		*size = 0;
		return taken ? MHD_YES : MHD_NO;
	}
	if (!pass(proxy, passing, strcmp(method, "POST") == 0,
		  MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept"),
		  MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Type")))
		return MHD_NO;
	return answer(connection, passing);
}

/* The target as it came, query and all. */
static void *begun(void *context, const char *target, struct MHD_Connection *connection)
{
	struct passing *passing = calloc(1, sizeof(*passing));

	(void)context;
	(void)connection;
	if (passing)
		passing->target = strdup(target);
	return passing;
}

static void ended(void *context, struct MHD_Connection *connection, void **state,
		  enum MHD_RequestTerminationCode why)
{
	struct passing *passing = *state;

	(void)context;
	(void)connection;
	(void)why;
	if (!passing)
		return;
	octets_clear(&passing->body);
	octets_clear(&passing->answer);
	free(passing->target);
	free(passing);
	*state = NULL;
}

static bool curl_prepare(struct proxy *proxy)
{
	proxy->curl = curl_easy_init();
	if (!proxy->curl)
		return false;
	curl_easy_setopt(proxy->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(proxy->curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(proxy->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(proxy->curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	curl_easy_setopt(proxy->curl, CURLOPT_WRITEFUNCTION, body_take);
	curl_easy_setopt(proxy->curl, CURLOPT_HEADERFUNCTION, header_take);
	if (proxy->options->ca_file)
		curl_easy_setopt(proxy->curl, CURLOPT_CAINFO, proxy->options->ca_file);
	return true;
}

/* Scheme, host and port of the TAM's URI. */
static bool origin_find(struct proxy *proxy)
{
	const char *tam = proxy->options->tam, *host = tam ? strstr(tam, "://") : NULL;
	const size_t length = host ? (size_t)(host - tam) + 3 + strcspn(host + 3, "/?#") : 0;

	if (!length || length >= sizeof(proxy->origin))
		return false;
	memcpy(proxy->origin, tam, length);
	return true;
}

static struct MHD_Daemon *listen_start(struct proxy *proxy)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons((uint16_t)proxy->options->port),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, request, proxy,
				MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_URI_LOG_CALLBACK, begun,
				NULL, MHD_OPTION_NOTIFY_COMPLETED, ended, NULL, MHD_OPTION_END);
}

int proxy_run(struct theatre *theatre, const struct proxy_options *options)
{
	struct proxy *proxy = calloc(1, sizeof(*proxy));
	const union MHD_DaemonInfo *info;
	struct MHD_Daemon *daemon = NULL;
	sigset_t ends;
	int number;

	if (!proxy)
		return -ENOMEM;
	proxy->theatre = theatre;
	proxy->options = options;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	/* Before any thread is there that would inherit another mask. */
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	if (!origin_find(proxy))
		fputs("teesim evil-agent: --proxy needs --tam URI\n", stderr);
	else if (curl_prepare(proxy))
		daemon = listen_start(proxy);
	info = daemon ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
	if (info) {
		printf("listening at http://127.0.0.1:%u for %s\n", info->port, proxy->origin);
		(void)fflush(stdout);
		(void)sigwait(&ends, &number);
	} else if (proxy->curl) {
		fprintf(stderr, "teesim evil-agent: port %u can't be listened at\n", options->port);
	}
	if (daemon)
		MHD_stop_daemon(daemon);
	if (proxy->curl)
		curl_easy_cleanup(proxy->curl);
	free(proxy);
	return info ? 0 : -EIO;
}
