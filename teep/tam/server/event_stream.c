#include "teep/tam/server/event_stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "teep/tam/server/admin.h"
#include "teep/tam/server/admin_json.h"
#include "teep/tam/server/connection_watch.h"

#define STREAMS_MAX 64
#define LOOK_MS	    1000
/* How long streams may take to end, when the server stops. */
#define END_MS		 2000
#define COMMENT_MS	 15000
#define AT_ONCE		 200
#define DEPLOYMENTS_SEEN 20
/* Then the page has to ask again. */
#define LIFE_MS (5 * 60 * 1000)

struct event_stream {
	struct event_stream *next;
	struct event_streams *streams;
	/* Is gone before the stream is, but never while that is asleep or read from. */
	struct http_request *request;
	bool asleep;
	int64_t begun, last_event, last_message, last_sent;
	struct {
		int64_t id, counts[4];
	} deployments[DEPLOYMENTS_SEEN];
	char *text; /* what is not sent yet */
	size_t size, sent;
};

struct event_streams {
	pthread_mutex_t mutex;
	pthread_cond_t stop;
	pthread_t thread;
	bool stopping;
	unsigned count;
	struct event_stream *first;
};

/* ---- What is sent ------------------------------------------------------------------------------
 */

/* Takes the reference. */
static void event_write(FILE *to, const char *kind, int64_t id, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(13)) : NULL;

	if (text) {
		if (id)
			fprintf(to, "id: %lld\n", (long long)id);
		fprintf(to, "event: %s\ndata: %s\n\n", kind, text);
	}
	free(text);
	json_decref(value);
}

static bool log_write(struct event_stream *stream, struct arena *arena, FILE *to)
{
	struct event *list = NULL;
	size_t count = 0;

	if (event_log_list(admin_database(stream->request), admin_spid(stream->request), NULL,
			   stream->last_event, AT_ONCE, arena, &list, &count) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		stream->last_event = list[i].id;
		event_write(to, "log", list[i].id, event_json(&list[i]));
	}
	return count > 0;
}

static bool messages_write(struct event_stream *stream, struct arena *arena, FILE *to)
{
	const struct message_filter filter = { .spid = admin_spid(stream->request),
					       .after = stream->last_message,
					       .limit = AT_ONCE };
	struct message *list = NULL;
	size_t count = 0;

	if (message_log_list(admin_database(stream->request), &filter, arena, &list, &count) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		stream->last_message = list[i].id;
		event_write(to, "message", 0, message_json(&list[i], filter.spid, false));
	}
	return count > 0;
}

static void deployments_write(struct event_stream *stream, struct arena *arena, FILE *to)
{
	struct deployment *list = NULL;
	size_t count = 0;

	if (deployment_list(admin_database(stream->request), admin_spid(stream->request), 0,
			    DEPLOYMENTS_SEEN, arena, &list, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		const int64_t counts[4] = { list[i].waiting, list[i].running, list[i].done,
					    list[i].failed };
		/* Deployments are numbered one after the other, so each has a place for itself. */
		const size_t place = (size_t)list[i].id % DEPLOYMENTS_SEEN;

		if (stream->deployments[place].id == list[i].id &&
		    memcmp(stream->deployments[place].counts, counts, sizeof(counts)) == 0)
			continue;
		stream->deployments[place].id = list[i].id;
		memcpy(stream->deployments[place].counts, counts, sizeof(counts));
		event_write(to, "deployment", 0, deployment_json(&list[i]));
	}
}

/* What has come since the last look; false when there is nothing to send. */
static bool stream_look(struct event_stream *stream)
{
	ARENA_AUTO arena = { 0 };
	FILE *to;

	free(stream->text);
	stream->text = NULL;
	stream->size = stream->sent = 0;
	to = open_memstream(&stream->text, &stream->size);
	if (!to)
		return false;
	(void)log_write(stream, &arena, to);
	(void)messages_write(stream, &arena, to);
	deployments_write(stream, &arena, to);
	if (ftell(to) == 0 && watch_now() - stream->last_sent >= COMMENT_MS)
		fputs(":\n\n", to);
	if (fclose(to) != 0)
		return false;
	if (stream->size > 0)
		stream->last_sent = watch_now();
	return stream->size > 0;
}

/* ---- Streams and their connections -------------------------------------------------------------
 */

/* The connection's thread: give octets, or fall asleep. */
static ssize_t stream_read(void *context, uint64_t position, char *out, size_t room)
{
	struct event_stream *stream = context;
	struct event_streams *streams = stream->streams;
	size_t size;

	(void)position;
	if (stream->sent == stream->size &&
	    (watch_now() - stream->begun > LIFE_MS || !admin_still_admits(stream->request)))
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (stream->sent == stream->size && !stream_look(stream)) {
		(void)pthread_mutex_lock(&streams->mutex);
		if (streams->stopping) {
			(void)pthread_mutex_unlock(&streams->mutex);
			return MHD_CONTENT_READER_END_OF_STREAM;
		}
		MHD_suspend_connection(stream->request->connection);
		stream->asleep = true;
		(void)pthread_mutex_unlock(&streams->mutex);
		return 0;
	}
	size = stream->size - stream->sent;
	if (size > room)
		size = room;
	memcpy(out, stream->text + stream->sent, size);
	stream->sent += size;
	return (ssize_t)size;
}

static void stream_end(void *context)
{
	struct event_stream *stream = context;
	struct event_streams *streams = stream->streams;

	(void)pthread_mutex_lock(&streams->mutex);
	for (struct event_stream **at = &streams->first; *at; at = &(*at)->next)
		if (*at == stream) {
			*at = stream->next;
			streams->count--;
			break;
		}
	(void)pthread_mutex_unlock(&streams->mutex);
	free(stream->text);
	free(stream);
}

static void all_wake(struct event_streams *streams)
{
	for (struct event_stream *stream = streams->first; stream; stream = stream->next)
		if (stream->asleep) {
			stream->asleep = false;
			MHD_resume_connection(stream->request->connection);
		}
}

static void *streams_run(void *argument)
{
	struct event_streams *streams = argument;
	struct timespec until;

	(void)pthread_mutex_lock(&streams->mutex);
	while (!streams->stopping) {
		all_wake(streams);
		(void)clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += LOOK_MS / 1000;
		(void)pthread_cond_timedwait(&streams->stop, &streams->mutex, &until);
	}
	all_wake(streams);
	(void)pthread_mutex_unlock(&streams->mutex);
	return NULL;
}

struct event_streams *event_streams_open(void)
{
	struct event_streams *streams = calloc(1, sizeof(*streams));
	pthread_condattr_t monotonic;

	if (!streams)
		return NULL;
	(void)pthread_mutex_init(&streams->mutex, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&streams->stop, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	if (pthread_create(&streams->thread, NULL, streams_run, streams) != 0) {
		(void)pthread_cond_destroy(&streams->stop);
		(void)pthread_mutex_destroy(&streams->mutex);
		free(streams);
		return NULL;
	}
	return streams;
}

static unsigned streams_left(struct event_streams *streams)
{
	unsigned count;

	(void)pthread_mutex_lock(&streams->mutex);
	count = streams->count;
	(void)pthread_mutex_unlock(&streams->mutex);
	return count;
}

void event_streams_stop(struct event_streams *streams)
{
	(void)pthread_mutex_lock(&streams->mutex);
	streams->stopping = true;
	(void)pthread_cond_signal(&streams->stop);
	(void)pthread_mutex_unlock(&streams->mutex);
	(void)pthread_join(streams->thread, NULL);
	/* Until the last word of each is sent. */
	for (int left = END_MS; left > 0 && streams_left(streams) > 0; left -= 10)
		(void)usleep(10000);
}

void event_streams_close(struct event_streams *streams)
{
	if (!streams)
		return;
	(void)pthread_cond_destroy(&streams->stop);
	(void)pthread_mutex_destroy(&streams->mutex);
	free(streams);
}

/* From where to begin: behind the newest, unless the page says. */
static int stream_begin(struct event_stream *stream)
{
	struct http_request *request = stream->request;
	struct message_filter filter = { .after = -1, .limit = 1 };
	struct message *messages = NULL;
	struct event *events = NULL;
	size_t count = 0;
	int rc = 0;

	if (stream->last_event < 0) {
		stream->last_event = 0;
		rc = event_log_list(admin_database(request), NULL, NULL, -1, 1, &request->arena,
				    &events, &count);
		if (rc == 0 && count > 0)
			stream->last_event = events[0].id;
	}
	if (rc == 0)
		rc = message_log_list(admin_database(request), &filter, &request->arena, &messages,
				      &count);
	if (rc == 0 && count > 0)
		stream->last_message = messages[0].id;
	return rc;
}

static bool stream_enlist(struct event_stream *stream)
{
	struct event_streams *streams = stream->streams;
	bool room;

	(void)pthread_mutex_lock(&streams->mutex);
	room = !streams->stopping && streams->count < STREAMS_MAX;
	if (room) {
		stream->next = streams->first;
		streams->first = stream;
		streams->count++;
	}
	(void)pthread_mutex_unlock(&streams->mutex);
	return room;
}

void admin_events_get(struct http_request *request)
{
	const struct site_worker *worker = request->worker;
	struct MHD_Response *response;
	struct event_stream *stream;
	int64_t after = -1;
	int rc;

	if (!admin_query(request, "after") ||
	    !admin_query_number(request, "after", 0, INT64_MAX, &after))
		return;
	stream = calloc(1, sizeof(*stream));
	if (!stream) {
		(void)admin_fail_errno(request, -ENOMEM, NULL);
		return;
	}
	stream->streams = worker->site->streams;
	stream->request = request;
	stream->last_event = after;
	stream->begun = watch_now();
	stream->last_sent = stream->begun - COMMENT_MS; /* the page learns at once that it is on */
	rc = stream_begin(stream);
	if (rc < 0 || !stream_enlist(stream)) {
		free(stream);
		if (rc < 0)
			(void)admin_fail_errno(request, rc, NULL);
		else
			(void)admin_fail(request, 503, "unavailable", "too many pages watch");
		return;
	}
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, stream_read, stream,
						     stream_end);
	if (!response) {
		stream_end(stream);
		(void)admin_fail_errno(request, -ENOMEM, NULL);
		return;
	}
	http_answer_header(request, "Content-Type", "text/event-stream");
	http_answer_header(request, "X-Accel-Buffering", "no");
	request->endless = true;
	http_answer_response(request, 200, response);
}
