#include "teep/tam/server/otrp_endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "teep/tam/server/log.h"
#include "teep/tam/server/media_type.h"

/* More than an app asks for at once. */
#define HINTS_MAX 64

static void refuse(struct http_request *request, unsigned status, const char *code,
		   const char *message)
{
	request->site->refuse(request, status, code, message);
}

static void answer(struct http_request *request, char *text)
{
	if (text)
		http_answer(request, 200, OTRP_MEDIA, text, strlen(text));
	else
		http_answer(request, 204, NULL, "", 0);
	free(text);
}

static void failure_answer(struct http_request *request, int rc)
{
	switch (rc) {
	case -EMSGSIZE:
		refuse(request, 413, "too_large", "the message is larger than it may be");
		return;
	case -EBADMSG:
		refuse(request, 400, "invalid", "this is no OTrP message");
		return;
	case -EACCES:
		refuse(request, 403, "forbidden", "nobody authorised this TA package");
		return;
	default:
		log_line(TAM_LOG_ERROR, "POST /tam: %s", strerror(-rc));
		http_answer_header(request, "Retry-After", "1");
		refuse(request, 503, "unavailable", "the TAM failed; send the same again");
	}
}

static void session_begin(struct http_request *request, const struct tam_peer *peer)
{
	const struct otrp_worker *worker = request->worker;
	const char *taids[HINTS_MAX];
	struct tam_hints hints = { .taids = taids };
	char *next = NULL;
	int rc;

	for (size_t i = 0; i < request->target.member_count; i++)
		if (strcmp(request->target.members[i].name, "ta") == 0 &&
		    hints.taid_count < HINTS_MAX)
			taids[hints.taid_count++] = request->target.members[i].value;
	if (request->body.size > 0) {
		hints.package = request->body.data;
		hints.package_size = request->body.size;
	}
	rc = worker->service->connect(worker->tam, peer, &hints, &next);
	if (rc < 0) {
		failure_answer(request, rc);
		return;
	}
	(void)strcpy(request->about, "a session begins");
	answer(request, next);
}

static void session_go_on(struct http_request *request, const struct tam_peer *peer)
{
	const struct otrp_worker *worker = request->worker;
	char tid[TAM_TID_SIZE] = "", *next = NULL;
	const int rc = worker->service->process(worker->tam, peer, request->body.data,
						request->body.size, &next, tid);

	if (rc < 0) {
		failure_answer(request, rc);
		return;
	}
	/* The whole of it would let whoever reads the log fetch keys. */
	if (*tid) {
		(void)snprintf(request->about, sizeof(request->about), "session %.8s…%s", tid,
			       next ? "" : " ends");
		http_answer_header(request, "TAM-Session", tid);
	}
	answer(request, next);
}

void otrp_post(struct http_request *request)
{
	const struct tam_peer peer = { .address = request->address };
	const char *type = http_header(request, "Content-Type");

	if (!media_type_accepted(http_header(request, "Accept"), OTRP_MEDIA))
		refuse(request, 406, "not_acceptable", "the answer would be " OTRP_MEDIA);
	else if (request->body.size == 0 || !media_type_is(type, OTRP_MEDIA))
		session_begin(request, &peer);
	else
		session_go_on(request, &peer);
}

void otrp_aik_get(struct http_request *request)
{
	const struct otrp_worker *worker = request->worker;
	char *keys = NULL;
	const int rc = worker->service->aik(worker->tam, request->values[0], &keys);

	if (rc == 0)
		http_answer(request, 200, "application/json", keys, strlen(keys));
	else if (rc == -ENOENT)
		refuse(request, 404, "not_found", "there are no keys of such a session");
	else
		failure_answer(request, rc);
	free(keys);
}
