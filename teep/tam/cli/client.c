#include "teep/tam/cli/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "registry/atomic_file.h"
#include "registry/trusted_file.h"
#include "teep/tam/config.h"

#define API	   "/api/v1"
#define ANSWER_MAX (64u << 20)
#define PAGE	   "1000"
#define TIMEOUT_MS 60000L
#define CONNECT_MS 30000L
#define TOKEN_MAX  256
#define DIRECTORY  "tam"

struct client {
	CURL *curl;
	struct curl_slist *authorization;
	char *url; /* without a slash at its end */
	const char *about;
	char reason[CURL_ERROR_SIZE];
};

struct answer {
	char *text;
	size_t size;
	bool too_large;
};

/* ---- Where and who --------------------------------------------------------------------------- */

static bool is_url(const char *where)
{
	return strncmp(where, "http://", 7) == 0 || strncmp(where, "https://", 8) == 0;
}

static char *join(const char *directory, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

/* The address that a TAM of this directory listens to, as one on this machine reaches it. */
static char *url_of_directory(const char *directory, char **certificate)
{
	struct tam_config config;
	char error[TAM_CONFIG_ERROR_SIZE];
	const char *host;
	char *url;
	int rc = tam_config_read(directory, &config, error);

	if (rc) {
		(void)tool_refuse("%s/" TAM_CONFIG_FILE ": %s (name a TAM by --tam or "
				  "$TEESIM_TAM, or make one with `teesim tam init`)",
				  directory, error);
		return NULL;
	}
	host = config.listen_address;
	if (!strcmp(host, "0.0.0.0"))
		host = "127.0.0.1";
	else if (!strcmp(host, "::"))
		host = "::1";
	if (asprintf(&url, "%s://%s%s%s:%u", config.tls_certificate ? "https" : "http",
		     strchr(host, ':') ? "[" : "", host, strchr(host, ':') ? "]" : "",
		     config.listen_port) < 0)
		url = NULL;
	if (config.tls_certificate)
		*certificate = strdup(config.tls_certificate);
	tam_config_clear(&config);
	return url;
}

/* The first word of the file, which others must not be able to read. */
static bool token_read(const char *path, char token[TOKEN_MAX])
{
	char err[512];
	struct stat st;
	const int fd =
		trusted_file_open(path, TRUSTED_FILE_SECRET, TOKEN_MAX - 1, &st, err, sizeof(err));
	int rc = fd < 0 ? fd : trusted_file_read(fd, token, (size_t)st.st_size);

	if (fd >= 0)
		close(fd);
	if (rc) {
		(void)tool_refuse("%s (the token for the TAM: --token-file, or $TEESIM_TAM_TOKEN)",
				  fd < 0 ? err : path);
		return false;
	}
	token[st.st_size] = '\0';
	token[strcspn(token, " \t\r\n")] = '\0';
	return true;
}

static bool token_find(const struct client_options *options, const char *where,
		       char token[TOKEN_MAX])
{
	const char *text = getenv("TEESIM_TAM_TOKEN");
	char *path;
	bool found;

	if (options->token)
		return token_read(options->token, token);
	if (text && *text) {
		if (strlen(text) < TOKEN_MAX && !strpbrk(text, "\r\n")) {
			strcpy(token, text);
			return true;
		}
		(void)tool_refuse("$TEESIM_TAM_TOKEN is no token");
		return false;
	}
	if (is_url(where)) {
		(void)tool_refuse("%s: which token? --token-file FILE, or $TEESIM_TAM_TOKEN",
				  where);
		return false;
	}
	path = join(where, "admin.token");
	found = path && token_read(path, token);
	free(path);
	return found;
}

/* ---- Requests -------------------------------------------------------------------------------- */

static size_t receive(char *data, size_t one, size_t size, void *context)
{
	struct answer *answer = context;
	char *more;

	(void)one;
	if (answer->size + size > ANSWER_MAX) {
		answer->too_large = true;
		return 0;
	}
	more = realloc(answer->text, answer->size + size + 1);
	if (!more)
		return 0;
	memcpy(more + answer->size, data, size);
	answer->text = more;
	answer->size += size;
	return size;
}

static bool curl_make(struct client *client, const char *certificate, const char *token)
{
	char *header;

	client->curl = curl_easy_init();
	if (!client->curl || asprintf(&header, "Authorization: Bearer %s", token) < 0)
		return false;
	client->authorization = curl_slist_append(NULL, header);
	explicit_bzero(header, strlen(header));
	free(header);
	if (!client->authorization)
		return false;
	curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, client->reason);
	curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(client->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	curl_easy_setopt(client->curl, CURLOPT_USERAGENT, "teesim-tam-cli");
	curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(client->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (certificate)
		curl_easy_setopt(client->curl, CURLOPT_CAINFO, certificate);
	return true;
}

int client_open(struct client **out, const struct client_options *options)
{
	const char *where = options->tam ? options->tam : getenv("TEESIM_TAM");
	struct client *client = calloc(1, sizeof(*client));
	char *certificate = NULL, token[TOKEN_MAX] = "";
	int rc = EXIT_REFUSED;

	*out = NULL;
	if (!client)
		return tool_refuse("%s", strerror(ENOMEM));
	if (!where || !*where)
		where = DIRECTORY;
	client->url = is_url(where) ? strdup(where) : url_of_directory(where, &certificate);
	if (options->cacert) {
		free(certificate);
		certificate = strdup(options->cacert);
	}
	if (client->url && token_find(options, where, token)) {
		const size_t size = strlen(client->url);

		if (size && client->url[size - 1] == '/')
			client->url[size - 1] = '\0';
		if (curl_global_init(CURL_GLOBAL_DEFAULT) == 0 &&
		    curl_make(client, certificate, token))
			rc = EXIT_DONE;
		else
			(void)tool_refuse("%s", strerror(ENOMEM));
	}
	explicit_bzero(token, sizeof(token));
	free(certificate);
	if (rc) {
		client_close(client);
		return rc;
	}
	*out = client;
	return EXIT_DONE;
}

void client_close(struct client *client)
{
	if (!client)
		return;
	curl_slist_free_all(client->authorization);
	curl_easy_cleanup(client->curl);
	curl_global_cleanup();
	free(client->url);
	free(client);
}

char *client_path(const char *format, const char *const *words, size_t count)
{
	char *out = NULL;
	size_t size, word = 0;
	FILE *to = open_memstream(&out, &size);

	for (; to && *format; format++) {
		char *encoded;

		if (*format != '%') {
			fputc(*format, to);
			continue;
		}
		encoded =
			word < count && words[word] ? curl_easy_escape(NULL, words[word], 0) : NULL;
		fputs(encoded ? encoded : "", to);
		curl_free(encoded);
		word++;
	}
	if (!to || fclose(to)) {
		free(out);
		return NULL;
	}
	return out;
}

/* Without what a terminal would take for a command. */
static void printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7F)
			*text = ' ';
}

/* What the TAM says is wrong, or else its status. */
static int complain(const struct client *client, long status, const json_t *answer)
{
	const char *message =
		json_string_value(json_object_get(json_object_get(answer, "error"), "message"));
	char *text = strdup(message ? message : "");

	if (!text)
		return tool_refuse("%s", strerror(ENOMEM));
	printable(text);
	if (*text)
		(void)tool_refuse("%s%s%s", client->about ? client->about : "",
				  client->about ? ": " : "", text);
	else
		(void)tool_refuse("the TAM answers with status %ld and no reason", status);
	free(text);
	if (status == 401 || status == 403)
		return EXIT_UNAUTHORIZED;
	return status == 503 ? EXIT_UNREACHABLE : EXIT_REFUSED;
}

void client_about(struct client *client, const char *file)
{
	client->about = file;
}

/* Many a failure is that nobody started it. */
static int unreachable(struct client *client, CURLcode code)
{
	const char *reason = *client->reason ? client->reason : curl_easy_strerror(code);
	const char *advice = "";

	if (code == CURLE_COULDNT_CONNECT)
		advice = "; start it with `teesim tam serve DIR`, or name another by --tam";
	else if (code == CURLE_PEER_FAILED_VERIFICATION)
		advice = "; name who vouches for its certificate by --cacert";
	else if (code == CURLE_GOT_NOTHING && strncmp(client->url, "http:", 5) == 0)
		advice = "; perhaps it is served by https://";
	(void)tool_refuse("%s: %s%s", client->url, reason, advice);
	return EXIT_UNREACHABLE;
}

static struct curl_slist *headers_make(const struct client *client, const struct client_body *body)
{
	struct curl_slist *headers = curl_slist_append(NULL, client->authorization->data), *more;
	char *type = NULL;

	if (headers && body && body->type && asprintf(&type, "Content-Type: %s", body->type) > 0) {
		more = curl_slist_append(headers, type);
		headers = more ? more : headers;
		more = curl_slist_append(headers, "Expect:");
		headers = more ? more : headers;
	}
	if (headers && (!body || !body->type)) {
		/* What libcurl would say of a body that is not there. */
		more = curl_slist_append(headers, "Content-Type:");
		headers = more ? more : headers;
	}
	free(type);
	return headers;
}

/* The answer's octets are the caller's (free()), whatever comes of it. */
static int perform(struct client *client, const char *method, const char *path,
		   const struct client_body *body, struct answer *answer)
{
	struct curl_slist *headers = headers_make(client, body);
	char *url = NULL;
	long status = 0;
	CURLcode code;
	int rc = EXIT_DONE;

	*answer = (struct answer) { 0 };
	if (!headers || asprintf(&url, "%s" API "%s", client->url, path) < 0) {
		curl_slist_free_all(headers);
		return tool_refuse("%s", strerror(ENOMEM));
	}
	client->reason[0] = '\0';
	curl_easy_setopt(client->curl, CURLOPT_URL, url);
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, answer);
	if ((body && body->type) || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0) {
		const size_t size = body ? body->size : 0;

		curl_easy_setopt(client->curl, CURLOPT_POST, 1L);
		curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, size ? body->data : "");
		curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	} else {
		curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, method);
	code = curl_easy_perform(client->curl);
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	if (answer->too_large) {
		rc = tool_refuse("%s: an answer of more than %u MiB", client->url,
				 ANSWER_MAX >> 20);
	} else if (code != CURLE_OK) {
		rc = unreachable(client, code);
	} else if (status < 200 || status >= 300) {
		json_t *error =
			answer->size ? json_loadb(answer->text, answer->size, 0, NULL) : NULL;

		rc = complain(client, status, error);
		json_decref(error);
	}
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	free(url);
	return rc;
}

int client_call(struct client *client, const char *method, const char *path,
		const struct client_body *body, json_t **out)
{
	struct answer answer;
	json_t *parsed = NULL;
	int rc = perform(client, method, path, body, &answer);

	if (rc == EXIT_DONE && answer.size) {
		parsed = json_loadb(answer.text, answer.size, JSON_REJECT_DUPLICATES, NULL);
		if (!parsed)
			rc = tool_refuse("%s: what answers there is no TAM", client->url);
	}
	free(answer.text);
	if (out)
		*out = parsed;
	else
		json_decref(parsed);
	return rc;
}

int client_download(struct client *client, const char *path, const char *file)
{
	struct answer answer;
	int rc = perform(client, "GET", path, NULL, &answer);

	if (rc == EXIT_DONE) {
		const struct atomic_file_part part = { answer.text, answer.size };
		const int written = atomic_file_write(file, &part, 1, 0644, ATOMIC_FILE_REPLACE);

		if (written)
			rc = tool_refuse("%s: %s", file, strerror(-written));
	}
	free(answer.text);
	return rc;
}

int client_send(struct client *client, const char *method, const char *path, json_t *body,
		json_t **answer)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	struct client_body content = { "application/json", text, text ? strlen(text) : 0 };
	int rc;

	json_decref(body);
	if (!text) {
		if (answer)
			*answer = NULL;
		return tool_refuse("a name that is not UTF-8");
	}
	rc = client_call(client, method, path, &content, answer);
	free(text);
	return rc;
}

/* Lists that may be long have a limit to ask for. */
static char *page_path(const char *path, const char *after)
{
	const char *limit = strncmp(path, "/devices", 8) == 0 ? "limit=" PAGE : "";
	char *encoded = *after ? curl_easy_escape(NULL, after, 0) : NULL, *page;
	const char *joint = strchr(path, '?') ? "&" : "?";

	if (asprintf(&page, "%s%s%s%s%s%s", path, *limit || encoded ? joint : "", limit,
		     *limit && encoded ? "&" : "", encoded ? "after=" : "",
		     encoded ? encoded : "") < 0)
		page = NULL;
	curl_free(encoded);
	return page;
}

/* `next` of an answer; "" at the end. Without memory, NULL. */
static char *next_page(const json_t *answer)
{
	const json_t *next = json_object_get(answer, "next");
	char *text = NULL;

	/* A page without items ends it, whatever it says. */
	if (!json_array_size(json_object_get(answer, "items")))
		return strdup("");
	if (json_is_integer(next))
		return asprintf(&text, "%lld", json_integer_value(next)) < 0 ? NULL : text;
	return strdup(json_is_string(next) ? json_string_value(next) : "");
}

int client_list(struct client *client, const char *path, json_t **items)
{
	char *after = strdup("");
	int rc = EXIT_DONE;

	*items = json_array();
	do {
		char *page = after ? page_path(path, after) : NULL;
		json_t *answer = NULL;

		if (page)
			rc = client_call(client, "GET", page, NULL, &answer);
		else
			rc = tool_refuse("%s", strerror(ENOMEM));
		if (rc == EXIT_DONE &&
		    (!json_is_array(json_object_get(answer, "items")) ||
		     json_array_extend(*items, json_object_get(answer, "items"))))
			rc = tool_refuse("%s: what answers there is no TAM", client->url);
		free(page);
		free(after);
		after = rc ? NULL : next_page(answer);
		json_decref(answer);
	} while (after && *after);
	free(after);
	if (rc) {
		json_decref(*items);
		*items = NULL;
	}
	return rc;
}
