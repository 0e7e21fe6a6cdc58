/* The public calls, on a connection to teesim-agent or a router of one's own. */
#include "teesim_agent.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "teep/agent/answer.h"
#include "teep/agent/connect.h"
#include "teep/agent/protocol.h"
#include "teep/agent/router.h"
#include "wire/utf8.h"

#define TIMEOUT_DEFAULT_MS 90000U
#define MESSAGE_MAX	   (16U << 20)
#define SPID_MAX	   255U
/* Connections that are kept for the next call. */
#define KEPT_MAX 4

_Static_assert((int)TEESIM_AGENT_TEE_UNKNOWN == (int)ANSWER_TEE_UNKNOWN &&
		       (int)TEESIM_AGENT_TEE_BUSY == (int)ANSWER_TEE_BUSY &&
		       (int)TEESIM_AGENT_TEE_FAIL == (int)ANSWER_TEE_FAIL,
	       "handed on as they are");

struct teesim_agent {
	char *device, *socket; /* NULL: by default */
	char **tees;
	size_t tee_count;
	unsigned int timeout_ms;
	pthread_mutex_t lock; /* of what follows */
	int kept[KEPT_MAX];
	unsigned int kept_count;
};

static __thread char reason[512];

__attribute__((format(printf, 2, 3))) static int refuse(int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return code;
}

const char *teesim_agent_reason(void)
{
	return reason;
}

void teesim_agent_free(void *handed_out)
{
	free(handed_out);
}

static bool text_copy(const char *text, char **out)
{
	*out = text ? strdup(text) : NULL;
	return !text || *out;
}

static const char *socket_of(const struct teesim_agent_options *options)
{
	const char *socket =
		options->socket ? options->socket : secure_getenv("TEESIM_AGENT_SOCKET");

	return socket && socket[0] ? socket : NULL;
}

static int socket_check(const char *path)
{
	return strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path)
		       ? 0
		       : refuse(-ENAMETOOLONG, "%.200s: the path of a socket is too long", path);
}

static int options_check(const struct teesim_agent_options *options)
{
	const char *socket = socket_of(options);
	int rc = 0;

	if (options->tee_count && (options->socket || options->device))
		return refuse(-EINVAL, "either TEEs or an agent that knows them");
	if (options->tee_count > ROUTER_PLACES_MAX)
		return refuse(-EINVAL, "more than %u TEEs", ROUTER_PLACES_MAX);
	if (!options->tee_count)
		return socket ? socket_check(socket) : 0;
	for (size_t i = 0; rc == 0 && i < options->tee_count; i++)
		rc = options->tees && options->tees[i]
			     ? socket_check(options->tees[i])
			     : refuse(-EINVAL, "fewer TEEs than tee_count says");
	return rc;
}

static bool options_copy(struct teesim_agent *agent, const struct teesim_agent_options *options)
{
	agent->timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_DEFAULT_MS;
	agent->tees = calloc(options->tee_count + 1, sizeof(*agent->tees));
	if (!agent->tees || !text_copy(options->device, &agent->device) ||
	    !text_copy(socket_of(options), &agent->socket))
		return false;
	for (size_t i = 0; i < options->tee_count; i++) {
		agent->tees[i] = strdup(options->tees[i]);
		if (!agent->tees[i])
			return false;
		agent->tee_count++;
	}
	return true;
}

int teesim_agent_open(const struct teesim_agent_options *options, struct teesim_agent **out)
{
	static const struct teesim_agent_options none;
	struct teesim_agent *agent;
	int rc;

	*out = NULL;
	if (!options)
		options = &none;
	rc = options_check(options);
	if (rc < 0)
		return rc;
	agent = calloc(1, sizeof(*agent));
	if (!agent)
		return refuse(-ENOMEM, "out of memory");
	(void)pthread_mutex_init(&agent->lock, NULL);
	if (!options_copy(agent, options)) {
		teesim_agent_close(agent);
		return refuse(-ENOMEM, "out of memory");
	}
	*out = agent;
	return 0;
}

void teesim_agent_close(struct teesim_agent *agent)
{
	if (!agent)
		return;
	for (unsigned int i = 0; i < agent->kept_count; i++)
		close(agent->kept[i]);
	for (size_t i = 0; i < agent->tee_count; i++)
		free(agent->tees[i]);
	(void)pthread_mutex_destroy(&agent->lock);
	free(agent->tees);
	free(agent->device);
	free(agent->socket);
	free(agent);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Whether `fd` can be read by `end`; UINT64_MAX waits for ever. */
static int readable_wait(int fd, uint64_t end)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	for (;;) {
		const uint64_t now = now_ms();
		const uint64_t left = end == UINT64_MAX ? 0 : end > now ? end - now : 0;
		const int n = poll(&poller, 1,
				   end == UINT64_MAX ? -1
				   : left > INT_MAX  ? INT_MAX
						     : (int)left);

		if (n > 0)
			return 0;
		if (n == 0 && left <= INT_MAX)
			return -ETIMEDOUT;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

/* What is kept may have been closed by the other side meanwhile; nothing else can make it readable.
 */
static int connection_take(struct teesim_agent *agent)
{
	int fd = -1;

	(void)pthread_mutex_lock(&agent->lock);
	while (fd < 0 && agent->kept_count) {
		fd = agent->kept[--agent->kept_count];
		if (readable_wait(fd, 0) == -ETIMEDOUT)
			break;
		close(fd);
		fd = -1;
	}
	(void)pthread_mutex_unlock(&agent->lock);
	return fd >= 0 ? fd : agent_connect(agent->device, agent->socket, reason, sizeof(reason));
}

static void connection_give_back(struct teesim_agent *agent, int fd)
{
	(void)pthread_mutex_lock(&agent->lock);
	if (agent->kept_count < KEPT_MAX) {
		agent->kept[agent->kept_count++] = fd;
		fd = -1;
	}
	(void)pthread_mutex_unlock(&agent->lock);
	if (fd >= 0)
		close(fd);
}

static int answer_receive(int fd, enum agent_kind kind, uint64_t end, struct agent_message *answer)
{
	int rc = readable_wait(fd, end);

	memset(answer, 0, sizeof(*answer));
	if (rc == 0)
		rc = agent_receive(fd, answer);
	if (rc == 0 && answer->kind != kind && answer->kind != AGENT_PROGRESS) {
		agent_message_clear(answer);
		rc = -EPROTO;
	}
	if (rc == -ETIMEDOUT)
		return refuse(rc, "the agent gave no answer in time");
	return rc ? refuse(rc, "the agent: %s", rc == -ECONNRESET ? "it ended" : strerror(-rc)) : 0;
}

/* The answer's status is for the caller to look at. */
static int call(struct teesim_agent *agent, enum agent_kind kind, const void *octets, size_t size,
		struct agent_message *answer)
{
	const int fd = connection_take(agent);
	int rc;

	if (fd < 0)
		return fd;
	rc = agent_send(fd, kind, 0, octets, size);
	if (rc < 0)
		(void)refuse(rc, "the agent: %s", strerror(-rc));
	else
		rc = answer_receive(fd, kind, now_ms() + agent->timeout_ms, answer);
	if (rc == 0 && answer->kind != kind) {
		agent_message_clear(answer);
		rc = refuse(-EPROTO, "the agent: %s", strerror(EPROTO));
	}
	if (rc < 0)
		close(fd);
	else
		connection_give_back(agent, fd);
	return rc;
}

/* A router's result as if it had come from an agent. */
struct direct {
	bool done;
	int rc;
	struct agent_message *answer;
};

static void direct_done(void *context, const struct router_result *result)
{
	struct direct *direct = context;

	direct->done = true;
	direct->answer->status = result->status;
	direct->answer->octets = malloc(result->size + 1);
	if (!direct->answer->octets) {
		direct->rc = -ENOMEM;
		return;
	}
	if (result->size)
		memcpy(direct->answer->octets, result->octets, result->size);
	direct->answer->octets[result->size] = '\0';
	direct->answer->size = result->size;
}

/* Without any agent: as many routers as there are calls, so that none waits for another. */
static int call_directly(struct teesim_agent *agent, enum router_kind kind, const void *octets,
			 size_t size, struct agent_message *answer)
{
	const struct router_options options = { .answer_timeout_ms = agent->timeout_ms };
	struct direct direct = { .answer = answer };
	struct router *router;
	int rc = router_open(&router, &options);

	memset(answer, 0, sizeof(*answer));
	for (size_t i = 0; rc == 0 && i < agent->tee_count; i++)
		rc = router_place_add(router, agent->tees[i]);
	if (rc == 0)
		rc = router_submit(router, kind, octets, size, direct_done, &direct, NULL);
	while (rc == 0 && !direct.done) {
		struct pollfd poller = { .fd = router_fd(router), .events = POLLIN };

		if (poll(&poller, 1, router_wait_ms(router)) < 0 && errno != EINTR)
			rc = -errno;
		else
			router_run(router);
	}
	if (rc == 0)
		rc = direct.rc;
	router_close(router);
	return rc ? refuse(rc, "%s", strerror(-rc)) : 0;
}

static int tee_status_explain(int status)
{
	static const char *const words[] = {
		[TEESIM_AGENT_TEE_UNKNOWN] = "no TEE of this device is called that",
		[TEESIM_AGENT_TEE_BUSY] = "too much is asked of the TEE at this time",
		[TEESIM_AGENT_TEE_FAIL] = "the TEE can't be reached or gave no answer",
	};

	if (status < TEESIM_AGENT_TEE_UNKNOWN || status > TEESIM_AGENT_TEE_FAIL)
		return refuse(-EPROTO, "the agent: %s", strerror(EPROTO));
	return refuse(status, "%s", words[status]);
}

int teesim_agent_process_otrp_message(struct teesim_agent *agent, const void *message, size_t size,
				      char **answer, size_t *answer_size)
{
	struct agent_message got;
	int rc;

	*answer = NULL;
	*answer_size = 0;
	if (size == 0 || size > MESSAGE_MAX)
		return refuse(-EMSGSIZE,
			      size ? "the message is over 16 MiB" : "the message is empty");
	if (agent->tee_count)
		rc = call_directly(agent, ROUTER_PROCESS, message, size, &got);
	else
		rc = call(agent, AGENT_PROCESS, message, size, &got);
	if (rc < 0)
		return rc;
	if (got.status < 0) {
		rc = refuse(got.status, "%s", got.octets);
		agent_message_clear(&got);
		return rc;
	}
	*answer = got.octets;
	*answer_size = got.size;
	return got.status ? tee_status_explain(got.status) : 0;
}

/* The canonical form of a UUID. */
static bool taid_copy(const char *taid, char out[AGENT_TAID_LENGTH + 1])
{
	struct agent_ta_request checked;
	char text[AGENT_TAID_LENGTH + 2];

	if (!taid || strlen(taid) != AGENT_TAID_LENGTH)
		return false;
	for (size_t i = 0; i < AGENT_TAID_LENGTH; i++)
		text[i] = (char)(taid[i] >= 'A' && taid[i] <= 'F' ? taid[i] + 32 : taid[i]);
	text[AGENT_TAID_LENGTH] = ' ';
	text[AGENT_TAID_LENGTH + 1] = '\0';
	if (agent_ta_request_parse(text, AGENT_TAID_LENGTH + 1, &checked) < 0)
		return false;
	strcpy(out, checked.taid);
	return true;
}

/* As a JSON string's inside; false for what no identifier is. */
static bool spid_escape(const char *spid, char out[2 * SPID_MAX + 1])
{
	size_t left = spid ? strlen(spid) : 0, size;

	if (left == 0 || left > SPID_MAX)
		return false;
	for (; left; spid += size, left -= size) {
		size = utf8_size((const uint8_t *)spid, left);
		if (size == 0 || (unsigned char)*spid < ' ' || *spid == 0x7f)
			return false;
		if (*spid == '"' || *spid == '\\')
			*out++ = '\\';
		out = mempcpy(out, spid, size);
	}
	*out = '\0';
	return true;
}

int teesim_agent_get_ta_information(struct teesim_agent *agent, const char *spid, const char *taid,
				    char **information)
{
	char id[AGENT_TAID_LENGTH + 1], escaped[2 * SPID_MAX + 1], query[sizeof(escaped) + 128];
	struct agent_message got;
	int rc, size;

	*information = NULL;
	if (!taid_copy(taid, id))
		return refuse(-EINVAL, "\"%s\" is no UUID", taid ? taid : "");
	if (!spid_escape(spid, escaped))
		return refuse(-EINVAL, "an SP's identifier is 1 to %u octets of UTF-8", SPID_MAX);
	size = snprintf(query, sizeof(query), "{\"TAQuery\":{\"spid\":\"%s\",\"taid\":\"%s\"}}",
			escaped, id);
	if (agent->tee_count)
		rc = call_directly(agent, ROUTER_TA_INFORMATION, query, (size_t)size, &got);
	else
		rc = call(agent, AGENT_TA_INFORMATION, query, (size_t)size, &got);
	if (rc < 0)
		return rc;
	if (got.status == 0) {
		*information = got.octets;
		return 0;
	}
	rc = got.status > 0  ? tee_status_explain(got.status)
	     : got.octets[0] ? refuse(got.status, "%s", got.octets)
			     : refuse(got.status, "%s", strerror(-got.status));
	agent_message_clear(&got);
	return rc;
}

/* Until the answer that is no progress. */
static int request_wait(int fd, teesim_agent_progress *progress, void *context,
			struct agent_message *answer)
{
	for (;;) {
		int stop = 0, rc = answer_receive(fd, AGENT_REQUEST_TA, UINT64_MAX, answer);

		if (rc < 0 || answer->kind != AGENT_PROGRESS)
			return rc;
		if (progress && answer->status >= TEESIM_AGENT_STEP_WAITING &&
		    answer->status <= TEESIM_AGENT_STEP_FINISHED)
			stop = progress(context, (enum teesim_agent_step)answer->status,
					answer->octets);
		agent_message_clear(answer);
		if (stop)
			return refuse(-ECANCELED, "given up by the application");
	}
}

/* The octets of AGENT_REQUEST_TA, the caller's. Returns 0, or refuse()'s value. */
static int request_compose(const char *taid, const char *uri, const void *package, size_t size,
			   char **out, size_t *out_size)
{
	char id[AGENT_TAID_LENGTH + 1], *at;

	if (!taid_copy(taid, id))
		return refuse(-EINVAL, "\"%s\" is no UUID", taid ? taid : "");
	if (uri && (!uri[0] || !agent_uri_valid(uri)))
		return refuse(-EINVAL, "\"%.100s\" is no http:// or https:// URI", uri);
	*out = malloc(sizeof(id) + AGENT_URI_MAX + 2 + size);
	if (!*out)
		return refuse(-ENOMEM, "out of memory");
	at = *out + sprintf(*out, "%s %s%s", id, uri ? uri : "", size ? "\n" : "");
	if (size)
		at = mempcpy(at, package, size);
	*out_size = (size_t)(at - *out);
	return 0;
}

static int request(struct teesim_agent *agent, const char *octets, size_t size,
		   teesim_agent_progress *progress, void *context, char **keys)
{
	/* One of its own: closing it gives the request up. */
	const int fd = agent_connect(agent->device, agent->socket, reason, sizeof(reason));
	struct agent_message answer;
	int rc;

	if (fd < 0)
		return fd;
	rc = agent_send(fd, AGENT_REQUEST_TA, 0, octets, size);
	if (rc < 0)
		(void)refuse(rc, "the agent: %s", strerror(-rc));
	else
		rc = request_wait(fd, progress, context, &answer);
	close(fd);
	if (rc < 0)
		return rc;
	rc = answer.status;
	if (rc)
		(void)refuse(rc, "%s", answer.octets);
	if (rc == 0 && keys && answer.size) {
		*keys = answer.octets;
		answer.octets = NULL;
	}
	agent_message_clear(&answer);
	return rc;
}

static int request_with(struct teesim_agent *agent, const char *taid, const void *package,
			size_t package_size, const char *uri, teesim_agent_progress *progress,
			void *context, char **keys)
{
	char *octets = NULL;
	size_t size = 0;
	int rc;

	if (keys)
		*keys = NULL;
	if (agent->tee_count)
		return refuse(-EOPNOTSUPP, "this handle has no agent to ask a TAM");
	rc = request_compose(taid, uri, package, package_size, &octets, &size);
	if (rc < 0)
		return rc;
	rc = request(agent, octets, size, progress, context, keys);
	free(octets);
	return rc;
}

int teesim_agent_request_ta(struct teesim_agent *agent, const char *taid, const char *tam_uri,
			    teesim_agent_progress *progress, void *context, char **keys)
{
	return request_with(agent, taid, NULL, 0, tam_uri, progress, context, keys);
}

int teesim_agent_offer_ta(struct teesim_agent *agent, const char *taid, const void *package,
			  size_t size, const char *tam_uri, teesim_agent_progress *progress,
			  void *context, char **keys)
{
	if (size == 0 || size > MESSAGE_MAX) {
		if (keys)
			*keys = NULL;
		return refuse(-EMSGSIZE, "a TA package has 1 octet to 16 MiB");
	}
	return request_with(agent, taid, package, size, tam_uri, progress, context, keys);
}
