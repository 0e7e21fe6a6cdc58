#include "teep/fleet/admin.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX (64U << 20)
#define SECONDS	   60L

struct admin {
	CURL *curl;
	char *base; /* without a path */
	char *authorization;
	char *ca_file;
	char *data;
	size_t size;
};

struct admin *admin_open(const char *uri, const char *token, const char *ca_file)
{
	struct admin *admin = calloc(1, sizeof(*admin));
	const char *host = strstr(uri, "://"), *path = host ? strchr(host + 3, '/') : NULL;

	if (!admin)
		return NULL;
	admin->curl = curl_easy_init();
	admin->base = strndup(uri, path ? (size_t)(path - uri) : strlen(uri));
	admin->ca_file = ca_file ? strdup(ca_file) : NULL;
	if (asprintf(&admin->authorization, "Authorization: Bearer %s", token) < 0)
		admin->authorization = NULL;
	if (!admin->curl || !admin->base || !admin->authorization || (ca_file && !admin->ca_file)) {
		admin_close(admin);
		return NULL;
	}
	return admin;
}

void admin_close(struct admin *admin)
{
	if (!admin)
		return;
	curl_easy_cleanup(admin->curl);
	free(admin->base);
	free(admin->authorization);
	free(admin->ca_file);
	free(admin->data);
	free(admin);
}

static size_t receive(char *data, size_t unit, size_t count, void *context)
{
	struct admin *admin = context;
	const size_t size = unit * count;
	char *grown = size > ANSWER_MAX - admin->size
			      ? NULL
			      : realloc(admin->data, admin->size + size + 1);

	if (!grown)
		return 0;
	memcpy(grown + admin->size, data, size);
	admin->data = grown;
	admin->size += size;
	grown[admin->size] = '\0';
	return size;
}

static bool request_prepare(struct admin *admin, const char *method, const char *path,
			    const char *type, const void *body, size_t size,
			    struct curl_slist **headers)
{
	CURL *curl = admin->curl;
	char url[1024], content_type[128];
	const bool with_body = body || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0;

	admin->size = 0;
	curl_easy_reset(curl);
	snprintf(url, sizeof(url), "%s%s", admin->base, path);
	*headers = curl_slist_append(NULL, admin->authorization);
	snprintf(content_type, sizeof(content_type), "Content-Type:%s%s", type ? " " : "",
		 type ? type : "");
	return *headers && curl_slist_append(*headers, "Expect:") &&
	       curl_slist_append(*headers, content_type) &&
	       !curl_easy_setopt(curl, CURLOPT_URL, url) &&
	       !curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") &&
	       !curl_easy_setopt(curl, CURLOPT_PROXY, "") &&
	       !curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) &&
	       !curl_easy_setopt(curl, CURLOPT_TIMEOUT, SECONDS) &&
	       !curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers) &&
	       !curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method) &&
	       !curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive) &&
	       !curl_easy_setopt(curl, CURLOPT_WRITEDATA, admin) &&
	       (!admin->ca_file || !curl_easy_setopt(curl, CURLOPT_CAINFO, admin->ca_file)) &&
	       (!with_body ||
		(!curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size) &&
		 !curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body ? body : "")));
}

/* One line on an answer that is no success. */
static int refuse(const struct admin *admin, const char *method, const char *path, long status,
		  char *err, size_t errlen)
{
	json_t *answer = json_loadb(admin->data ? admin->data : "", admin->size, 0, NULL);
	const char *message =
		json_string_value(json_object_get(json_object_get(answer, "error"), "message"));

	snprintf(err, errlen, "%s %s: HTTP status %ld%s%s", method, path, status,
		 message ? ": " : "", message ? message : "");
	json_decref(answer);
	return status >= 500 || status == 429 ? -EAGAIN : -EPROTO;
}

int admin_call(struct admin *admin, const char *method, const char *path, const char *type,
	       const void *body, size_t size, json_t **answer, char *err, size_t errlen)
{
	struct curl_slist *headers;
	char full[900];
	long status = 0;
	CURLcode rc = CURLE_OUT_OF_MEMORY;

	if (answer)
		*answer = NULL;
	snprintf(full, sizeof(full), "/api/v1%s", path);
	if (request_prepare(admin, method, full, type, body, size, &headers))
		rc = curl_easy_perform(admin->curl);
	curl_slist_free_all(headers);
	if (rc != CURLE_OK) {
		snprintf(err, errlen, "%s%s: %s", admin->base, full, curl_easy_strerror(rc));
		return -EAGAIN;
	}
	(void)curl_easy_getinfo(admin->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299)
		return refuse(admin, method, full, status, err, errlen);
	if (answer && admin->size) {
		*answer = json_loadb(admin->data, admin->size, JSON_REJECT_DUPLICATES, NULL);
		if (!*answer) {
			snprintf(err, errlen, "%s %s: the answer is no JSON", method, full);
			return -EPROTO;
		}
	}
	return 0;
}

int admin_post(struct admin *admin, const char *path, json_t *body, json_t **answer, char *err,
	       size_t errlen)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	int rc = -ENOMEM;

	if (text)
		rc = admin_call(admin, "POST", path, "application/json", text, strlen(text), answer,
				err, errlen);
	else
		snprintf(err, errlen, "out of memory");
	json_decref(body);
	free(text);
	return rc;
}

int admin_get(struct admin *admin, const char *path, json_t **answer, char *err, size_t errlen)
{
	return admin_call(admin, "GET", path, NULL, NULL, 0, answer, err, errlen);
}

bool admin_healthy(struct admin *admin)
{
	struct curl_slist *headers;
	long status = 0;
	bool done;

	done = request_prepare(admin, "GET", "/health", NULL, NULL, 0, &headers) &&
	       curl_easy_perform(admin->curl) == CURLE_OK &&
	       curl_easy_getinfo(admin->curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK;
	curl_slist_free_all(headers);
	return done && status == 200;
}
