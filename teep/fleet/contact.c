#include "teep/fleet/contact.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "teep/otrp/encoding.h"
#include "teep/otrp/json.h"

#define MEDIA_TYPE	"application/otrp+json"
#define MESSAGE_MAX	(16U << 20)
#define CONNECT_SECONDS 10L
#define REQUEST_SECONDS 60L

/* More messages than that in one contact are no plan of any TAM's. */
#define MESSAGES_MAX 256

struct octets {
	char *data;
	size_t size;
};

struct contact {
	CURL *curl;
	struct curl_slist *first_headers, *headers;
	char *uri;
	const volatile int *stop;
	struct octets received;
};

static size_t receive(char *data, size_t unit, size_t count, void *context)
{
	struct octets *received = context;
	const size_t size = unit * count;
	char *grown;

	if (size > MESSAGE_MAX - received->size)
		return 0;
	grown = realloc(received->data, received->size + size + 1);
	if (!grown)
		return 0;
	memcpy(grown + received->size, data, size);
	received->data = grown;
	received->size += size;
	grown[received->size] = '\0';
	return size;
}

static int interrupted(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct contact *contact = context;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return *contact->stop;
}

struct contact *contact_open(const char *uri, const char *ca_file, const volatile int *stop)
{
	struct contact *contact = calloc(1, sizeof(*contact));
	CURL *curl;

	if (!contact)
		return NULL;
	contact->stop = stop;
	contact->uri = strdup(uri);
	contact->curl = curl = curl_easy_init();
	contact->first_headers = curl_slist_append(NULL, "Accept: " MEDIA_TYPE);
	contact->headers = curl_slist_append(NULL, "Accept: " MEDIA_TYPE);
	if (!curl || !contact->uri || !contact->first_headers || !contact->headers ||
	    /* Without it curl makes up a type for the empty body. */
	    !curl_slist_append(contact->first_headers, "Content-Type:") ||
	    !curl_slist_append(contact->headers, "Content-Type: " MEDIA_TYPE) ||
	    !curl_slist_append(contact->headers, "Expect:") ||
	    curl_easy_setopt(curl, CURLOPT_URL, uri) ||
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") ||
	    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) ||
	    curl_easy_setopt(curl, CURLOPT_PROXY, "") || curl_easy_setopt(curl, CURLOPT_POST, 1L) ||
	    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) ||
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) ||
	    curl_easy_setopt(curl, CURLOPT_TIMEOUT, REQUEST_SECONDS) ||
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive) ||
	    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &contact->received) ||
	    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) ||
	    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, interrupted) ||
	    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, contact) ||
	    (ca_file && curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file))) {
		contact_close(contact);
		return NULL;
	}
	return contact;
}

void contact_close(struct contact *contact)
{
	if (!contact)
		return;
	curl_easy_cleanup(contact->curl);
	curl_slist_free_all(contact->first_headers);
	curl_slist_free_all(contact->headers);
	free(contact->received.data);
	free(contact->uri);
	free(contact);
}

/* One POST; what came back is in contact->received, of size 0 when the TAM is done. */
static int post(struct contact *contact, const char *body, size_t size, char *why, size_t why_size)
{
	const char *type = NULL;
	long status = 0;
	CURLcode rc;

	contact->received.size = 0;
	(void)curl_easy_setopt(contact->curl, CURLOPT_HTTPHEADER,
			       body ? contact->headers : contact->first_headers);
	(void)curl_easy_setopt(contact->curl, CURLOPT_POSTFIELDS, body ? body : "");
	(void)curl_easy_setopt(contact->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	rc = curl_easy_perform(contact->curl);
	if (rc == CURLE_ABORTED_BY_CALLBACK)
		return -ECANCELED;
	if (rc != CURLE_OK) {
		snprintf(why, why_size, "%s: %s", contact->uri, curl_easy_strerror(rc));
		return rc == CURLE_WRITE_ERROR || rc == CURLE_PEER_FAILED_VERIFICATION ||
				       rc == CURLE_UNSUPPORTED_PROTOCOL ||
				       rc == CURLE_URL_MALFORMAT || rc == CURLE_SSL_CACERT_BADFILE
			       ? -EPROTO
			       : -EAGAIN;
	}
	(void)curl_easy_getinfo(contact->curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(contact->curl, CURLINFO_CONTENT_TYPE, &type);
	if (status == 204 || (status == 200 && !contact->received.size)) {
		contact->received.size = 0;
		return 0;
	}
	if (status == 200 && type && strncmp(type, MEDIA_TYPE, strlen(MEDIA_TYPE)) == 0)
		return 0;
	snprintf(why, why_size, "%s: HTTP status %ld", contact->uri, status);
	return status >= 500 || status == 429 || status == 408 ? -EAGAIN : -EPROTO;
}

/* {"NAME":{"payload":…}}: the NAME, and what was signed. */
static json_t *signed_part(const char *message, size_t size, const char **name, json_t **whole)
{
	json_t *envelope = NULL, *part = NULL;
	struct arena arena = { 0 };
	struct span payload;
	void *first;

	*whole = NULL;
	if (json_object_parse(span_of(message, size), &envelope))
		return NULL;
	first = json_object_iter(envelope);
	*name = first ? json_object_iter_key(first) : "";
	if (base64_decode(json_span(json_object_get(json_object_iter_value(first), "payload")),
			  BASE64_JOSE, &arena, &payload) == 0)
		(void)json_object_parse(payload, &part);
	arena_clear(&arena);
	*whole = envelope;
	return part;
}

/* The TEE's own words on what it did, from the clear members of its answer. */
static void answer_count(const char *answer, struct contact_count *count)
{
	const struct {
		const char *name;
		unsigned *counter;
	} kinds[] = {
		{ "GetDeviceTEEStateResponse", &count->states },
		{ "CreateSDResponse", &count->created },
		{ "UpdateSDResponse", &count->updated_sd },
		{ "DeleteSDResponse", &count->deleted_sd },
		{ "InstallTAResponse", &count->installed },
		{ "UpdateTAResponse", &count->updated },
		{ "DeleteTAResponse", &count->deleted },
	};
	const char *name = "", *status;
	json_t *whole, *part = signed_part(answer, strlen(answer), &name, &whole);
	void *tbs = json_object_iter(part);

	status = tbs ? json_string_value(json_object_get(json_object_iter_value(tbs), "status"))
		     : NULL;
	if (!status || strcmp(status, "pass") != 0) {
		count->refused++;
	} else {
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (strcmp(name, kinds[i].name) == 0)
				++*kinds[i].counter;
	}
	json_decref(part);
	json_decref(whole);
}

/* The agent's part: one TEE's answer to GetDeviceState is an entry of the device's. */
static char *device_answer(char *answer)
{
	static const char name[] = "{\"GetDeviceTEEStateResponse\"";
	char *wrapped = NULL;

	if (strncmp(answer, name, sizeof(name) - 1) != 0)
		return answer;
	if (asprintf(&wrapped, "{\"GetDeviceStateResponse\":[%s]}", answer) < 0)
		wrapped = NULL;
	free(answer);
	return wrapped;
}

int contact_run(struct contact *contact, struct tee *tee, struct contact_count *count, char *why,
		size_t size)
{
	char *answer = NULL;
	int rc = post(contact, NULL, 0, why, size);

	for (unsigned int i = 0; rc == 0 && contact->received.size; i++) {
		if (i == MESSAGES_MAX) {
			snprintf(why, size, "%s: the TAM does not come to an end", contact->uri);
			rc = -EPROTO;
			break;
		}
		rc = tee_process(tee, contact->received.data, contact->received.size, &answer);
		if (rc) {
			snprintf(why, size, "the TEE gives no answer: %s", strerror(-rc));
			return -EPROTO;
		}
		answer_count(answer, count);
		answer = device_answer(answer);
		if (!answer)
			return -ENOMEM;
		rc = post(contact, answer, strlen(answer), why, size);
		free(answer);
	}
	if (rc == -ECANCELED)
		snprintf(why, size, "interrupted");
	return rc;
}
