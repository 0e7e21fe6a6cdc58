#include "teep/fleet/contact.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "teep/agent/http/teep_http.h"
#include "teep/otrp/encoding.h"
#include "teep/otrp/json.h"

/* More messages than that in one contact are no plan of any TAM's. */
#define MESSAGES_MAX 256

struct contact {
	struct teep_http *http;
	const volatile int *stop;
	char err[512];
};

struct contact *contact_open(const char *uri, const char *ca_file, const volatile int *stop)
{
	const struct teep_http_options options = { .uri = uri, .ca_file = ca_file };
	struct contact *contact = calloc(1, sizeof(*contact));

	if (!contact)
		return NULL;
	contact->stop = stop;
	if (teep_http_open(&contact->http, &options, contact->err, sizeof(contact->err))) {
		fprintf(stderr, "teesim fleet: %s\n", contact->err);
		free(contact);
		return NULL;
	}
	return contact;
}

void contact_close(struct contact *contact)
{
	if (!contact)
		return;
	teep_http_close(contact->http);
	free(contact);
}

/* What went wrong with HTTP: may it be otherwise a moment later? */
static int retry_or_not(const struct contact *contact, int rc, long status)
{
	if (*contact->stop)
		return -ECANCELED;
	switch (rc) {
	case 0:
		return 0;
	case -ECONNREFUSED:
	case -ECONNRESET:
	case -EHOSTUNREACH:
	case -ENETUNREACH:
	case -EADDRNOTAVAIL:
	case -ETIMEDOUT:
	case -EIO:
	case -EBUSY:
	case -EAGAIN:
		return -EAGAIN;
	default:
		return status >= 500 ? -EAGAIN : -EPROTO;
	}
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
	struct teep_http_answer message;
	char *answer = NULL;
	int rc;

	rc = teep_http_connect(contact->http, NULL, 0, NULL, 0, &message, contact->err,
			       sizeof(contact->err));
	rc = retry_or_not(contact, rc, message.status);
	for (unsigned int i = 0; rc == 0 && message.octets; i++) {
		rc = i < MESSAGES_MAX ? tee_process(tee, message.octets, message.size, &answer)
				      : -EMLINK;
		free(message.octets);
		if (rc) {
			snprintf(why, size, "%s",
				 rc == -EMLINK ? "the TAM does not come to an end"
					       : "the TEE gives no answer");
			return -EPROTO;
		}
		answer_count(answer, count);
		answer = device_answer(answer);
		if (!answer)
			return -ENOMEM;
		rc = teep_http_send(contact->http, answer, strlen(answer), &message, contact->err,
				    sizeof(contact->err));
		rc = retry_or_not(contact, rc, message.status);
		free(answer);
	}
	if (rc)
		snprintf(why, size, "%.150s", rc == -ECANCELED ? "interrupted" : contact->err);
	return rc;
}
