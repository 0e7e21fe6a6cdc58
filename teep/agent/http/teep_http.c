#include "teep/agent/http/teep_http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "teep/agent/json_scan.h"

#define CONNECT_TIMEOUT_MS 20000U
#define ANSWER_TIMEOUT_MS  60000U
#define BODY_MAX	   (16U << 20)
#define EXCHANGES_MAX	   512U
#define URI_MAX		   4096U
#define TID_MAX		   128U

struct teep_http {
	struct teep_http_options options;
	char uri[URI_MAX];
	char *ca_file;
	CURL *curl;
	bool plain;
	char tid[TID_MAX + 1]; /* of the session, as the TAM names it; empty: not known */
	/* Of the exchange under way. */
	char *body;
	size_t body_size;
	bool too_large;
	bool refused_plain;
	char curl_error[CURL_ERROR_SIZE];
};

__attribute__((format(printf, 4, 5))) static int explain(char *err, size_t errlen, int code,
							 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(err, errlen, format, args);
	va_end(args);
	return code;
}

static bool address_is_loopback(const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

	if (address->sa_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* Where a name leads is known only now. */
static curl_socket_t socket_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct teep_http *http = context;

	(void)purpose;
	if (http->plain && !http->options.plain_anywhere && !address_is_loopback(&address->addr)) {
		http->refused_plain = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t body_take(char *data, size_t one, size_t size, void *context)
{
	struct teep_http *http = context;
	char *grown;

	(void)one;
	if (size > http->options.body_max - http->body_size) {
		http->too_large = true;
		return 0;
	}
	grown = realloc(http->body, http->body_size + size + 1);
	if (!grown)
		return 0;
	http->body = grown;
	memcpy(grown + http->body_size, data, size);
	http->body_size += size;
	grown[http->body_size] = '\0';
	return size;
}

/* The session's id is a capability: whoever knows it may have the keys of that session. */
static bool tid_valid(const char *tid, size_t size)
{
	if (size == 0 || size > TID_MAX)
		return false;
	for (size_t i = 0; i < size; i++)
		if (tid[i] <= ' ' || tid[i] > '~')
			return false;
	return true;
}

static size_t header_take(char *data, size_t one, size_t size, void *context)
{
	static const char name[] = "TAM-Session:";
	struct teep_http *http = context;
	size_t from = sizeof(name) - 1, to = size;

	(void)one;
	if (size <= from || strncasecmp(data, name, from) != 0)
		return size;
	while (from < to && (data[from] == ' ' || data[from] == '\t'))
		from++;
	while (to > from && (uint8_t)data[to - 1] <= ' ')
		to--;
	if (tid_valid(data + from, to - from)) {
		memcpy(http->tid, data + from, to - from);
		http->tid[to - from] = '\0';
	}
	return size;
}

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void curl_start(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void curl_prepare(struct teep_http *http)
{
	CURL *curl = http->curl;

	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "teesim");
	/* Where plain HTTP goes would be the proxy's business. */
	curl_easy_setopt(curl, CURLOPT_NOPROXY,
			 http->plain && !http->options.plain_anywhere ? "*"
								      : "localhost,127.0.0.1,::1");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)http->options.connect_timeout_ms);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)http->options.answer_timeout_ms);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->curl_error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, http);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, header_take);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, http);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, socket_open);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, http);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	if (http->ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, http->ca_file);
}

/* Of a URI: that it is one of HTTP's, with a host, and neither user nor fragment. */
static bool uri_check(struct teep_http *http)
{
	CURLU *parsed = curl_url();
	char *scheme = NULL, *host = NULL, *other = NULL;
	bool good = parsed && curl_url_set(parsed, CURLUPART_URL, http->uri, 0) == CURLUE_OK &&
		    curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		    curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK && *host;

	for (const char *c = http->uri; *c; c++)
		good = good && *c > ' ' && *c <= '~';
	http->plain = good && strcmp(scheme, "http") == 0;
	good = good && (http->plain || strcmp(scheme, "https") == 0);
	good = good && curl_url_get(parsed, CURLUPART_USER, &other, 0) == CURLUE_NO_USER &&
	       curl_url_get(parsed, CURLUPART_FRAGMENT, &other, 0) == CURLUE_NO_FRAGMENT;
	curl_free(scheme);
	curl_free(host);
	curl_free(other);
	curl_url_cleanup(parsed);
	return good;
}

int teep_http_open(struct teep_http **out, const struct teep_http_options *options, char *err,
		   size_t errlen)
{
	struct teep_http *http = calloc(1, sizeof(*http));

	*out = NULL;
	if (!http)
		return explain(err, errlen, -ENOMEM, "out of memory");
	(void)pthread_once(&curl_once, curl_start);
	http->options = *options;
	if (!http->options.connect_timeout_ms)
		http->options.connect_timeout_ms = CONNECT_TIMEOUT_MS;
	if (!http->options.answer_timeout_ms)
		http->options.answer_timeout_ms = ANSWER_TIMEOUT_MS;
	if (!http->options.body_max)
		http->options.body_max = BODY_MAX;
	if (!http->options.exchanges_max)
		http->options.exchanges_max = EXCHANGES_MAX;
	/* Room for what is put behind it. */
	if (!options->uri || strlen(options->uri) > URI_MAX / 2) {
		teep_http_close(http);
		return explain(err, errlen, -EINVAL, "the TAM's URI is missing or too long");
	}
	strcpy(http->uri, options->uri);
	if (!uri_check(http)) {
		teep_http_close(http);
		return explain(err, errlen, -EINVAL, "%.200s is no http:// or https:// URI",
			       options->uri);
	}
	http->ca_file = options->ca_file ? strdup(options->ca_file) : NULL;
	http->curl = curl_easy_init();
	if (!http->curl || (options->ca_file && !http->ca_file)) {
		teep_http_close(http);
		return explain(err, errlen, -ENOMEM, "out of memory");
	}
	if (http->ca_file && access(http->ca_file, R_OK) < 0) {
		const int rc = -errno;

		(void)explain(err, errlen, rc, "%s: %s", http->ca_file, strerror(-rc));
		teep_http_close(http);
		return rc;
	}
	curl_prepare(http);
	*out = http;
	return 0;
}

void teep_http_close(struct teep_http *http)
{
	if (!http)
		return;
	if (http->curl)
		curl_easy_cleanup(http->curl);
	free(http->ca_file);
	free(http->body);
	free(http);
}

static int curl_explain(struct teep_http *http, CURLcode code, char *err, size_t errlen)
{
	const char *text = http->curl_error[0] ? http->curl_error : curl_easy_strerror(code);
	long os_error = 0;
	int rc;

	if (http->too_large)
		return explain(err, errlen, -EMSGSIZE, "the TAM's answer is over %zu octets",
			       http->options.body_max);
	if (http->refused_plain)
		return explain(err, errlen, -EACCES,
			       "%s is not on this machine, and plain HTTP goes no further",
			       http->uri);
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		(void)curl_easy_getinfo(http->curl, CURLINFO_OS_ERRNO, &os_error);
		rc = os_error > 0 && os_error < 4096 ? -(int)os_error : -ECONNREFUSED;
		break;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		rc = -EHOSTUNREACH;
		break;
	case CURLE_OPERATION_TIMEDOUT:
		rc = -ETIMEDOUT;
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
		rc = -EKEYREJECTED;
		break;
	case CURLE_OUT_OF_MEMORY:
		rc = -ENOMEM;
		break;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_HTTP2:
	case CURLE_PARTIAL_FILE:
	case CURLE_BAD_CONTENT_ENCODING:
		rc = -EPROTO;
		break;
	default:
		rc = -EIO;
	}
	return explain(err, errlen, rc, "the TAM at %s: %s", http->uri, text);
}

/* The media type, whatever its parameters. */
static bool media_is_otrp(const char *type)
{
	const size_t length = sizeof(TEEP_MEDIA_TYPE) - 1;

	return type && strncasecmp(type, TEEP_MEDIA_TYPE, length) == 0 &&
	       (type[length] == '\0' || type[length] == ';' || type[length] == ' ');
}

static int status_explain(const struct teep_http *http, long status, char *err, size_t errlen)
{
	const int rc = status == 403   ? -EACCES
		       : status == 413 ? -EMSGSIZE
		       : status == 429 ? -EBUSY
		       : status == 503 ? -EAGAIN
				       : -EPROTO;

	if (status >= 300 && status < 400)
		return explain(err, errlen, -EPROTO,
			       "the TAM at %s redirects (HTTP %ld), which is not followed",
			       http->uri, status);
	return explain(err, errlen, rc, "the TAM at %s answers HTTP %ld%s", http->uri, status,
		       status == 403   ? ": it does not authorise this"
		       : status == 413 ? ": the message is too large"
		       : status == 429 ? ": it is asked too often"
				       : "");
}

/* One exchange; the body is in `http`. */
static int perform(struct teep_http *http, const char *uri, struct curl_slist *headers,
		   long *status, char *err, size_t errlen)
{
	CURLcode code;

	free(http->body);
	http->body = NULL;
	http->body_size = 0;
	http->too_large = http->refused_plain = false;
	http->curl_error[0] = '\0';
	*status = 0;
	curl_easy_setopt(http->curl, CURLOPT_URL, uri);
	curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers);
	code = curl_easy_perform(http->curl);
	(void)curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, status);
	curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
	return code == CURLE_OK ? 0 : curl_explain(http, code, err, errlen);
}

static int answer_take(struct teep_http *http, struct teep_http_answer *answer, char *err,
		       size_t errlen)
{
	char *type = NULL;

	if (answer->status == 204)
		return 0;
	if (answer->status != 200)
		return status_explain(http, answer->status, err, errlen);
	(void)curl_easy_getinfo(http->curl, CURLINFO_CONTENT_TYPE, &type);
	if (!media_is_otrp(type) || http->body_size == 0)
		return explain(err, errlen, -EPROTO,
			       "the TAM at %s answers %s, not " TEEP_MEDIA_TYPE, http->uri,
			       http->body_size == 0 ? "nothing"
			       : type		    ? type
						    : "something");
	answer->octets = http->body;
	answer->size = http->body_size;
	http->body = NULL;
	return 0;
}

static int post(struct teep_http *http, const char *uri, const char *media, const void *body,
		size_t size, struct teep_http_answer *answer, char *err, size_t errlen)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: " TEEP_MEDIA_TYPE);
	int rc;

	memset(answer, 0, sizeof(*answer));
	/* Not to be asked first whether the body may come; and no type for an empty one. */
	headers = curl_slist_append(headers, "Expect:");
	headers = curl_slist_append(headers, media);
	curl_easy_setopt(http->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, size ? body : "");
	rc = perform(http, uri, headers, &answer->status, err, errlen);
	curl_slist_free_all(headers);
	return rc ? rc : answer_take(http, answer, err, errlen);
}

int teep_http_connect(struct teep_http *http, const char *const *taids, size_t taid_count,
		      const void *package, size_t package_size, struct teep_http_answer *answer,
		      char *err, size_t errlen)
{
	char uri[URI_MAX];
	size_t used = (size_t)snprintf(uri, sizeof(uri), "%s", http->uri);

	http->tid[0] = '\0';
	for (size_t i = 0; i < taid_count && used < sizeof(uri); i++)
		used += (size_t)snprintf(uri + used, sizeof(uri) - used, "%cta=%.36s",
					 strchr(uri, '?') ? '&' : '?', taids[i]);
	if (used >= sizeof(uri)) {
		memset(answer, 0, sizeof(*answer));
		return explain(err, errlen, -EINVAL, "too many TAs in one request");
	}
	return post(http, uri,
		    package_size ? "Content-Type: application/cms" : "Content-Type:", package,
		    package_size, answer, err, errlen);
}

int teep_http_send(struct teep_http *http, const void *message, size_t size,
		   struct teep_http_answer *answer, char *err, size_t errlen)
{
	return post(http, http->uri, "Content-Type: " TEEP_MEDIA_TYPE, message, size, answer, err,
		    errlen);
}

/*
 * What the TAM signed for the application in the session that has just ended: *keys, the caller's,
 * or NULL when it has none. Returns as teep_http_connect().
 */
static int teep_http_keys(struct teep_http *http, char **keys, char *err, size_t errlen)
{
	struct curl_slist *headers;
	char uri[URI_MAX], *escaped;
	long status;
	int rc, stem = (int)strcspn(http->uri, "?");

	*keys = NULL;
	if (!http->tid[0])
		return 0;
	escaped = curl_easy_escape(http->curl, http->tid, 0);
	if (!escaped)
		return explain(err, errlen, -ENOMEM, "out of memory");
	(void)snprintf(uri, sizeof(uri), "%.*s/aik/%s", stem, http->uri, escaped);
	curl_free(escaped);
	headers = curl_slist_append(NULL, "Accept: application/json");
	curl_easy_setopt(http->curl, CURLOPT_HTTPGET, 1L);
	rc = perform(http, uri, headers, &status, err, errlen);
	curl_slist_free_all(headers);
	if (rc || status == 404)
		return rc;
	if (status != 200)
		return status_explain(http, status, err, errlen);
	if (http->body_size) {
		*keys = http->body;
		http->body = NULL;
	}
	return 0;
}

/* What stands first in a message: its name, for people. */
static const char *message_name(const char *octets, size_t size, char out[64])
{
	struct json_scan scan = json_scan_of(octets, size);

	if (!json_scan_take(&scan, '{') || json_scan_string(&scan, out, 64) <= 0)
		strcpy(out, "a message that can't be read");
	for (char *c = out; *c; c++)
		if ((uint8_t)*c < ' ' || *c == 0x7f)
			*c = '?';
	return out;
}

static int tell(const struct teep_http_device *device, enum teep_http_step step, char *err,
		size_t errlen, const char *format, ...) __attribute__((format(printf, 5, 6)));

static int tell(const struct teep_http_device *device, enum teep_http_step step, char *err,
		size_t errlen, const char *format, ...)
{
	char text[URI_MAX + 64];
	va_list args;

	if (!device->progress)
		return 0;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return device->progress(device->context, step, text)
		       ? explain(err, errlen, -ECANCELED, "given up")
		       : 0;
}

/* From one message of the TAM's to its next. *failed: it was the network, or who is there. */
static int exchange(struct teep_http *http, const struct teep_http_device *device,
		    struct teep_http_answer *answer, bool *failed, char *err, size_t errlen)
{
	char name[64], *said = NULL;
	size_t size = 0;
	int rc = tell(device, TEEP_HTTP_TO_TEE, err, errlen, "%s for the TEE",
		      message_name(answer->octets, answer->size, name));

	if (rc == 0)
		rc = device->process(device->context, answer->octets, answer->size, &said, &size,
				     err, errlen);
	free(answer->octets);
	memset(answer, 0, sizeof(*answer));
	if (rc == 0)
		rc = tell(device, TEEP_HTTP_TO_TAM, err, errlen, "%s for the TAM",
			  message_name(said, size, name));
	if (rc == 0) {
		rc = teep_http_send(http, said, size, answer, err, errlen);
		*failed = rc != 0;
	}
	free(said);
	return rc;
}

int teep_http_run(struct teep_http *http, const struct teep_http_request *request,
		  const struct teep_http_device *device, char **keys, char *err, size_t errlen)
{
	struct teep_http_answer answer = { NULL, 0, 0 };
	unsigned int exchanges = 0;
	bool failed = false;
	int rc = tell(device, TEEP_HTTP_CONTACTING, err, errlen, "calling %s", http->uri);

	if (keys)
		*keys = NULL;
	if (rc == 0) {
		rc = request->first_size
			     ? teep_http_send(http, request->first, request->first_size, &answer,
					      err, errlen)
			     : teep_http_connect(http, request->taids, request->taid_count,
						 request->package, request->package_size, &answer,
						 err, errlen);
		failed = rc != 0;
	}
	while (rc == 0 && answer.octets) {
		if (++exchanges > http->options.exchanges_max)
			rc = explain(err, errlen, -EPROTO, "the TAM at %s does not come to an end",
				     http->uri);
		else
			rc = exchange(http, device, &answer, &failed, err, errlen);
	}
	free(answer.octets);
	if (rc == 0 && keys) {
		rc = teep_http_keys(http, keys, err, errlen);
		failed = rc != 0;
	}
	if (rc == 0)
		rc = tell(device, TEEP_HTTP_FINISHED, err, errlen, "the TAM has no more to say");
	if (rc && keys) {
		free(*keys);
		*keys = NULL;
	}
	if (failed && device->process_error)
		device->process_error(device->context, rc, err);
	return rc;
}
