#include "teep/agent/router.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "otrp/tee_socket.h"
#include "teep/agent/answer.h"
#include "teep/agent/route.h"
#include "wire/socket.h"

#define QUEUE_MAX_DEFAULT      64U
#define ANSWER_TIMEOUT_DEFAULT 60000U
#define QUEUE_TIMEOUT_DEFAULT  20000U
#define MESSAGE_MAX_DEFAULT    (16U << 20)
#define OCTETS_MAX_DEFAULT     (128U << 20)
/* What is said before any request is said at once. */
#define GREETING_TIMEOUT_MS 10000U
#define EVENTS_AT_ONCE	    16

enum link_state {
	LINK_CLOSED,
	LINK_NAMING,	/* the first TEE of a place is asked for the names of all */
	LINK_SELECTING, /* the connection is being tied to a TEE */
	LINK_READY,
	LINK_ASKED, /* a part is with the TEE */
};

/* What one TEE does for a job. */
struct part {
	struct router_job *job;
	struct link *link; /* NULL: there is an outcome */
	struct part *next; /* in the link's queue */
	int status;	   /* 0, enum answer_error, or -errno */
	char *octets;
	size_t size;
};

/* The connection to one TEE. */
struct link {
	struct router *router;
	struct place *place;
	enum link_state state;
	int fd;
	bool again;	      /* this connection replaces one that ended unasked */
	uint64_t deadline;    /* of the answer, while there is one to come */
	struct part *asked;   /* while LINK_ASKED */
	struct part *waiting; /* oldest first */
	unsigned int waiting_count;
};

/* A socket, and the TEEs behind it: links[i] is the one called names.name[i]. */
struct place {
	struct sockaddr_un address;
	bool known;
	int failure; /* why the names are not known; enum answer_error */
	struct route_names names;
	struct link links[ROUTE_TEE_NAMES_MAX];
};

struct router_job {
	struct router *router;
	TAILQ_ENTRY(router_job) entry;
	enum router_kind kind;
	router_done *done; /* NULL: cancelled */
	void *context;
	struct router_job **handle; /* during router_submit(): NULLed at the end */
	int file;		    /* the message, sealed */
	size_t size;
	struct route route;
	uint64_t deadline; /* to be with a TEE by then */
	bool dispatched;
	unsigned int part_count, parts_open;
	struct part *parts;
};

struct router {
	struct router_options options;
	int epoll;
	unsigned int place_count, job_count;
	size_t octets; /* of all jobs' messages */
	struct place *places[ROUTER_PLACES_MAX];
	TAILQ_HEAD(, router_job) jobs; /* oldest first */
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int router_open(struct router **out, const struct router_options *options)
{
	struct router *router = calloc(1, sizeof(*router));

	*out = NULL;
	if (!router)
		return -ENOMEM;
	if (options)
		router->options = *options;
	if (!router->options.queue_max)
		router->options.queue_max = QUEUE_MAX_DEFAULT;
	if (!router->options.answer_timeout_ms)
		router->options.answer_timeout_ms = ANSWER_TIMEOUT_DEFAULT;
	if (!router->options.queue_timeout_ms)
		router->options.queue_timeout_ms = QUEUE_TIMEOUT_DEFAULT;
	if (!router->options.message_max || router->options.message_max > TEE_OCTETS_MAX)
		router->options.message_max = MESSAGE_MAX_DEFAULT;
	if (!router->options.octets_max)
		router->options.octets_max = OCTETS_MAX_DEFAULT;
	TAILQ_INIT(&router->jobs);
	router->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (router->epoll < 0) {
		const int rc = -errno;

		free(router);
		return rc;
	}
	*out = router;
	return 0;
}

int router_place_add(struct router *router, const char *path)
{
	struct place *place;

	if (strlen(path) >= sizeof(place->address.sun_path))
		return -ENAMETOOLONG;
	if (router->place_count == ROUTER_PLACES_MAX)
		return -ENOSPC;
	place = calloc(1, sizeof(*place));
	if (!place)
		return -ENOMEM;
	place->address.sun_family = AF_UNIX;
	strcpy(place->address.sun_path, path);
	place->failure = ANSWER_TEE_FAIL;
	for (unsigned int i = 0; i < ROUTE_TEE_NAMES_MAX; i++) {
		place->links[i].router = router;
		place->links[i].place = place;
		place->links[i].fd = -1;
	}
	router->places[router->place_count++] = place;
	return 0;
}

static void job_free(struct router_job *job)
{
	TAILQ_REMOVE(&job->router->jobs, job, entry);
	job->router->job_count--;
	job->router->octets -= job->size;
	for (unsigned int i = 0; i < job->part_count; i++)
		free(job->parts[i].octets);
	free(job->parts);
	if (job->file >= 0)
		close(job->file);
	free(job);
}

static void job_end(struct router_job *job, const struct router_result *result)
{
	if (job->handle)
		*job->handle = NULL;
	if (job->done)
		job->done(job->context, result);
	job_free(job);
}

/* The agent's own answer. */
static void job_refuse(struct router_job *job, enum answer_error error)
{
	struct router_result result = { .status = (int)error };
	char *text = NULL;

	if (job->kind == ROUTER_PROCESS) {
		text = answer_error_compose(error, &result.size);
		if (!text)
			result.status = -ENOMEM;
		result.octets = text;
	}
	job_end(job, &result);
	free(text);
}

/* What is to be said when no TEE's outcome is 0: the most hopeful one. */
static const struct part *part_choose(const struct router_job *job)
{
	const struct part *chosen = &job->parts[0];

	for (unsigned int i = 0; i < job->part_count; i++) {
		const struct part *part = &job->parts[i];

		if (part->status == 0)
			return part;
		/* A TEE's own reason says more than ours; "try again" more than "it failed". */
		if (part->status < 0 ? chosen->status > 0
				     : part->status == ANSWER_TEE_BUSY && chosen->status > 0)
			chosen = part;
	}
	return chosen;
}

static void device_state_end(struct router_job *job)
{
	struct answer_part parts[ROUTER_PLACES_MAX * ROUTE_TEE_NAMES_MAX];
	struct router_result result = { 0 };
	size_t count = 0;
	char *text;

	for (unsigned int i = 0; i < job->part_count; i++)
		if (job->parts[i].status == 0)
			parts[count++] =
				(struct answer_part) { job->parts[i].octets, job->parts[i].size };
	text = answer_device_state_compose(parts, count, &result.size);
	result.octets = text;
	if (!text)
		result = (struct router_result) { .status = -ENOMEM };
	job_end(job, &result);
	free(text);
}

/* All TEEs that were asked have answered, or won't. */
static void job_conclude(struct router_job *job)
{
	const struct part *chosen = part_choose(job);
	struct router_result result = { chosen->status, chosen->octets, chosen->size };

	if (chosen->status == 0 && job->kind == ROUTER_PROCESS && job->route.device_state)
		device_state_end(job);
	else if (chosen->status > 0 || (chosen->status < 0 && job->kind == ROUTER_PROCESS))
		job_refuse(job, chosen->status > 0 ? (enum answer_error)chosen->status
						   : ANSWER_TEE_FAIL);
	else
		job_end(job, &result);
}

static void part_end(struct part *part, int status)
{
	struct router_job *job = part->job;

	part->status = status;
	part->link = NULL;
	if (--job->parts_open == 0)
		job_conclude(job);
}

static void link_close(struct link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	link->state = LINK_CLOSED;
	/* Whoever comes back may have other TEEs. */
	if (link == &link->place->links[0])
		link->place->known = false;
}

static int packet_send(struct link *link, enum tee_packet_kind kind, int file, size_t size)
{
	const struct tee_packet packet = { TEE_PACKET_MAGIC, kind, 0, (uint32_t)size };
	const struct packet_fds fds = { .fd = { file }, .count = size != 0 };

	return socket_send(link->fd, &packet, sizeof(packet), &fds, MSG_DONTWAIT);
}

static unsigned int greeting_timeout(const struct router *router)
{
	const unsigned int answer = router->options.answer_timeout_ms;

	return answer < GREETING_TIMEOUT_MS ? answer : GREETING_TIMEOUT_MS;
}

/* The first words on a new connection. */
static int link_greet(struct link *link)
{
	const size_t index = (size_t)(link - link->place->links);
	const char *name = link->place->names.name[index];
	int rc, file;

	link->deadline = now_ms() + greeting_timeout(link->router);
	if (index == 0) {
		link->state = LINK_NAMING;
		return packet_send(link, TEE_NAMES, -1, 0);
	}
	link->state = LINK_SELECTING;
	file = tee_octets_make(name, strlen(name));
	if (file < 0)
		return file;
	rc = packet_send(link, TEE_SELECT, file, strlen(name));
	close(file);
	return rc;
}

static int link_connect(struct link *link)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = link };
	int rc;

	link->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (link->fd < 0)
		return -errno;
	if (connect(link->fd, (struct sockaddr *)&link->place->address,
		    sizeof(link->place->address)) < 0 ||
	    epoll_ctl(link->router->epoll, EPOLL_CTL_ADD, link->fd, &event) < 0)
		rc = -errno;
	else
		rc = link_greet(link);
	if (rc < 0)
		link_close(link);
	return rc;
}

/* A connection for a new purpose. One that ends before the first word ended unasked, too. */
static int link_open(struct link *link)
{
	int rc = link_connect(link);

	link->again = rc == -EPIPE || rc == -ECONNRESET;
	return link->again ? link_connect(link) : rc;
}

static struct part *link_shift(struct link *link)
{
	struct part *part = link->waiting;

	link->waiting = part->next;
	link->waiting_count--;
	return part;
}

/* Nobody in the queue will be served. The queue is taken off first: whoever is told may ask anew.
 */
static void link_refuse_all(struct link *link, int status)
{
	struct part *part = link->waiting, *next;

	link->waiting = NULL;
	link->waiting_count = 0;
	for (; part; part = next) {
		next = part->next;
		part_end(part, status);
	}
}

static int connect_failure(int rc)
{
	return rc == -EAGAIN ? ANSWER_TEE_BUSY : ANSWER_TEE_FAIL;
}

static enum tee_packet_kind packet_kind(const struct router_job *job)
{
	static const enum tee_packet_kind kinds[] = {
		[ROUTER_PROCESS] = TEE_PROCESS,
		[ROUTER_TA_INFORMATION] = TEE_TA_INFORMATION,
		[ROUTER_REQUEST_TA] = TEE_REQUEST_TA,
	};

	return kinds[job->kind];
}

/* A connection that was at rest may be gone: the packet is refused, and nobody has seen it. */
static bool link_ask(struct link *link, struct part *part)
{
	const struct router_job *job = part->job;

	if (packet_send(link, packet_kind(job), job->file, job->size) < 0) {
		link_close(link);
		return false;
	}
	link->state = LINK_ASKED;
	link->asked = part;
	link->deadline = now_ms() + link->router->options.answer_timeout_ms;
	return true;
}

/* Takes up the next request, if there is one and the TEE is free. */
static void link_advance(struct link *link)
{
	int rc;

	if (link->waiting && link->state == LINK_READY && link_ask(link, link->waiting)) {
		link_shift(link);
		return;
	}
	if (!link->waiting || link->state != LINK_CLOSED)
		return;
	rc = link_open(link);
	if (rc < 0)
		link_refuse_all(link, connect_failure(rc));
}

static void part_queue(struct part *part, struct link *link)
{
	struct part **at = &link->waiting;

	if (link->waiting_count >= link->router->options.queue_max) {
		part_end(part, ANSWER_TEE_BUSY);
		return;
	}
	while (*at)
		at = &(*at)->next;
	part->next = NULL;
	part->link = link;
	*at = part;
	link->waiting_count++;
}

/* Whom a job goes to. Returns the number of links, or 0 and why there are none. */
static unsigned int links_choose(const struct router_job *job, struct link **links,
				 enum answer_error *why)
{
	const bool all = job->kind == ROUTER_TA_INFORMATION || job->route.device_state;
	const struct router *router = job->router;
	unsigned int count = 0;

	*why = ANSWER_TEE_UNKNOWN;
	for (unsigned int p = 0; p < router->place_count; p++) {
		struct place *place = router->places[p];

		/* It might have been the one. */
		if (!place->known && *why != ANSWER_TEE_BUSY)
			*why = (enum answer_error)place->failure;
		for (unsigned int i = 0; place->known && i < place->names.count; i++) {
			if (!all && job->route.tee[0] &&
			    strcmp(job->route.tee, place->names.name[i]) != 0)
				continue;
			links[count++] = &place->links[i];
			/* A message that names none, or can't be read, is for the first to refuse,
			 * and no name means two TEEs. */
			if (!all)
				return count;
		}
	}
	if (!router->place_count)
		*why = ANSWER_TEE_FAIL;
	return count;
}

static void job_dispatch(struct router_job *job)
{
	struct link *links[ROUTER_PLACES_MAX * ROUTE_TEE_NAMES_MAX];
	enum answer_error why;
	const unsigned int count = links_choose(job, links, &why);

	job->dispatched = true;
	if (count == 0) {
		job_refuse(job, why);
		return;
	}
	job->parts = calloc(count, sizeof(*job->parts));
	if (!job->parts) {
		job_refuse(job, ANSWER_TEE_FAIL);
		return;
	}
	job->part_count = count;
	/* One more, so that it does not end before all are in their queues. */
	job->parts_open = count + 1;
	for (unsigned int i = 0; i < count; i++) {
		job->parts[i].job = job;
		part_queue(&job->parts[i], links[i]);
	}
	if (--job->parts_open == 0)
		job_conclude(job);
	for (unsigned int i = 0; i < count; i++)
		link_advance(links[i]);
}

static bool places_pending(const struct router *router)
{
	for (unsigned int i = 0; i < router->place_count; i++)
		if (router->places[i]->links[0].state == LINK_NAMING)
			return true;
	return false;
}

/* Whatever waited for names, once they are known or known not to come. What is done for one job may
 * change the list of all. */
static void jobs_dispatch(struct router *router)
{
	struct router_job *job;

	while (!places_pending(router)) {
		TAILQ_FOREACH(job, &router->jobs, entry)
			if (!job->dispatched)
				break;
		if (!job)
			return;
		job_dispatch(job);
	}
}

static void naming_fail(struct place *place, int failure)
{
	place->failure = failure;
	link_refuse_all(&place->links[0], failure);
	jobs_dispatch(place->links[0].router);
}

/* The connection is of no more use: its end, a broken protocol, or no answer in time. */
static void link_lose(struct link *link, bool in_time)
{
	const enum link_state state = link->state;
	struct part *asked = link->asked;
	int rc = -EPIPE;

	link_close(link);
	link->asked = NULL;
	if (asked)
		part_end(asked, ANSWER_TEE_FAIL);
	if (state == LINK_ASKED || state == LINK_READY) {
		link_advance(link);
		return;
	}
	/* A TEE that ends for lack of work may end a connection that it has not looked at yet. */
	if (in_time && !link->again) {
		link->again = true;
		rc = link_connect(link);
	}
	if (rc == 0)
		return;
	if (state == LINK_NAMING)
		naming_fail(link->place, connect_failure(rc));
	else
		link_refuse_all(link, connect_failure(rc));
}

/* Other TEEs than before: what waits for one of those is not for its successor. */
static void names_change(struct place *place, const struct route_names *names)
{
	place->names = *names;
	for (unsigned int i = 1; i < ROUTE_TEE_NAMES_MAX; i++) {
		struct link *link = &place->links[i];
		struct part *asked = link->asked;

		if (link->state != LINK_CLOSED)
			link_close(link);
		link->asked = NULL;
		if (asked)
			part_end(asked, ANSWER_TEE_FAIL);
		link_refuse_all(link, ANSWER_TEE_FAIL);
	}
}

static void names_learn(struct link *link, const void *octets, size_t size)
{
	struct place *place = link->place;
	struct route_names names;

	if (route_names_parse(octets, size, &names) < 0) {
		link_close(link);
		naming_fail(place, ANSWER_TEE_FAIL);
		return;
	}
	link->state = LINK_READY;
	place->known = true;
	if (memcmp(&names, &place->names, sizeof(names)) != 0)
		names_change(place, &names);
	link_advance(link);
	jobs_dispatch(link->router);
}

static void answer_learn(struct link *link, const struct tee_packet *packet, const void *octets)
{
	struct part *part = link->asked;
	int status = -(int)packet->status;

	link->asked = NULL;
	link->state = LINK_READY;
	part->octets = malloc(packet->size + 1U);
	if (part->octets) {
		memcpy(part->octets, octets, packet->size);
		part->octets[packet->size] = '\0';
		part->size = packet->size;
	} else {
		status = -ENOMEM;
	}
	if (part->job->kind == ROUTER_PROCESS && status)
		status = status == -EBUSY || status == -EAGAIN ? ANSWER_TEE_BUSY : ANSWER_TEE_FAIL;
	part_end(part, status);
	link_advance(link);
}

/* A packet that is what the link waits for. */
static void packet_learn(struct link *link, const struct tee_packet *packet, const void *octets)
{
	switch (link->state) {
	case LINK_NAMING:
		names_learn(link, packet->status ? "" : octets, packet->status ? 0 : packet->size);
		break;
	case LINK_SELECTING:
		if (packet->status) {
			link_close(link);
			link_refuse_all(link, ANSWER_TEE_FAIL);
			break;
		}
		link->state = LINK_READY;
		link_advance(link);
		break;
	default:
		answer_learn(link, packet, octets);
	}
}

static uint32_t kind_expected(const struct link *link)
{
	switch (link->state) {
	case LINK_NAMING:
		return TEE_NAMES;
	case LINK_SELECTING:
		return TEE_SELECT;
	case LINK_ASKED:
		return packet_kind(link->asked->job);
	default:
		return UINT32_MAX;
	}
}

static void link_receive(struct link *link)
{
	struct tee_image_packet raw, packet;
	struct packet_fds fds = { .count = 0 };
	const uint32_t kind = kind_expected(link);
	const void *octets = "";
	const ssize_t n = socket_receive(link->fd, &raw, sizeof(raw), &fds, MSG_DONTWAIT);
	bool good;

	if (n == -EAGAIN)
		return;
	good = n > 0 && tee_packet_parse(&raw, (size_t)n, fds.count, &packet) == 0 &&
	       packet.head.kind == kind &&
	       (!packet.head.size || tee_octets_map(fds.fd[0], packet.head.size, &octets) == 0);
	packet_fds_close(&fds);
	if (!good) {
		link_lose(link, true);
		return;
	}
	packet_learn(link, &packet.head, octets);
	if (packet.head.size)
		(void)munmap((void *)octets, packet.head.size);
}

int router_submit(struct router *router, enum router_kind kind, const void *message, size_t size,
		  router_done *done, void *context, struct router_job **out)
{
	struct router_job *job;
	int rc;

	if (out)
		*out = NULL;
	if (size == 0 || size > router->options.message_max)
		return -EMSGSIZE;
	job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	*job = (struct router_job) {
		.router = router, .kind = kind, .done = done, .context = context, .size = size
	};
	job->file = tee_octets_make(message, size);
	rc = job->file < 0 ? job->file : 0;
	if (rc == 0 && kind == ROUTER_PROCESS)
		rc = route_parse(message, size, &job->route);
	if (rc < 0) {
		if (job->file >= 0)
			close(job->file);
		free(job);
		return rc;
	}
	job->deadline = now_ms() + router->options.queue_timeout_ms;
	TAILQ_INSERT_TAIL(&router->jobs, job, entry);
	router->job_count++;
	router->octets += size;
	job->handle = &job;
	if (router->octets > router->options.octets_max) {
		job_refuse(job, ANSWER_TEE_BUSY);
		return 0;
	}
	for (unsigned int i = 0; i < router->place_count; i++) {
		struct link *link = &router->places[i]->links[0];

		if (router->places[i]->known || link->state != LINK_CLOSED)
			continue;
		rc = link_open(link);
		if (rc < 0)
			router->places[i]->failure = connect_failure(rc);
	}
	jobs_dispatch(router);
	if (job)
		job->handle = NULL;
	if (out)
		*out = job;
	return 0;
}

static void part_withdraw(struct part *part, int status)
{
	struct part **at = &part->link->waiting;

	while (*at && *at != part)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = part->next;
	part->link->waiting_count--;
	part_end(part, status);
}

/* Takes the parts that no TEE has begun off their queues; the job may be gone afterwards. */
static void job_withdraw(struct router_job *job, int status)
{
	job->parts_open++;
	for (unsigned int i = 0; i < job->part_count; i++)
		if (job->parts[i].link)
			part_withdraw(&job->parts[i], status);
	if (--job->parts_open == 0)
		job_conclude(job);
}

void router_cancel(struct router_job *job)
{
	job->done = NULL;
	if (!job->dispatched)
		job_free(job);
	else
		job_withdraw(job, ANSWER_TEE_FAIL);
}

int router_fd(const struct router *router)
{
	return router->epoll;
}

static bool job_waits(const struct router_job *job)
{
	if (!job->dispatched)
		return true;
	for (unsigned int i = 0; i < job->part_count; i++)
		if (job->parts[i].link && job->parts[i].link->asked != &job->parts[i])
			return true;
	return false;
}

static bool link_awaited(const struct link *link)
{
	return link->state == LINK_NAMING || link->state == LINK_SELECTING ||
	       link->state == LINK_ASKED;
}

int router_wait_ms(const struct router *router)
{
	uint64_t next = UINT64_MAX;
	const uint64_t now = now_ms();
	struct router_job *job;

	for (unsigned int p = 0; p < router->place_count; p++)
		for (unsigned int i = 0; i < ROUTE_TEE_NAMES_MAX; i++) {
			const struct link *link = &router->places[p]->links[i];

			if (link_awaited(link) && link->deadline < next)
				next = link->deadline;
		}
	TAILQ_FOREACH(job, &router->jobs, entry)
		if (job->deadline < next && job_waits(job))
			next = job->deadline;
	return next == UINT64_MAX ? -1 : next <= now ? 0 : (int)(next - now);
}

/* One that has waited too long for its turn; each time anew, since an end may change the list. */
static struct router_job *job_overdue(struct router *router, uint64_t now)
{
	struct router_job *job;

	TAILQ_FOREACH(job, &router->jobs, entry)
		if (job->deadline <= now && job_waits(job))
			return job;
	return NULL;
}

static void deadlines_look(struct router *router)
{
	const uint64_t now = now_ms();
	struct router_job *job;

	for (unsigned int p = 0; p < router->place_count; p++)
		for (unsigned int i = 0; i < ROUTE_TEE_NAMES_MAX; i++) {
			struct link *link = &router->places[p]->links[i];

			if (link_awaited(link) && link->deadline <= now)
				link_lose(link, false);
		}
	while ((job = job_overdue(router, now)) != NULL) {
		if (job->dispatched)
			job_withdraw(job, ANSWER_TEE_BUSY);
		else
			job_refuse(job, ANSWER_TEE_BUSY);
	}
}

void router_run(struct router *router)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	const int n = epoll_wait(router->epoll, events, EVENTS_AT_ONCE, 0);

	for (int i = 0; i < n; i++) {
		struct link *link = events[i].data.ptr;

		/* Closed by what an earlier one of these events led to, perhaps opened anew: then
		 * there is nothing to receive yet. */
		if (link->fd >= 0)
			link_receive(link);
	}
	deadlines_look(router);
}

unsigned int router_busy(const struct router *router)
{
	return router->job_count;
}

void router_close(struct router *router)
{
	struct router_job *job;

	if (!router)
		return;
	while ((job = TAILQ_FIRST(&router->jobs)) != NULL)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it leaves the list before */
		job_free(job);
	for (unsigned int p = 0; p < router->place_count; p++) {
		for (unsigned int i = 0; i < ROUTE_TEE_NAMES_MAX; i++)
			if (router->places[p]->links[i].fd >= 0)
				close(router->places[p]->links[i].fd);
		free(router->places[p]);
	}
	close(router->epoll);
	free(router);
}
