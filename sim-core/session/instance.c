#include "session/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/seed.h"
#include "sandbox/report.h"
#include "session/crash_report.h"
#include "session/sharing.h"
#include "wire/fault.h"
#include "wire/memory.h"
#include "wire/result.h"

/* How long a host may take to end, and to start when nobody waits for it any more. */
#define PATIENCE_MS 5000

/* How long a message may lie unread before the host is rung for again, at first and at most: any
 * client of the instance can undo a ring. */
#define REMINDER_FIRST_MS 10
#define REMINDER_LAST_MS  1000

/* How long the services stay when nobody has a session with them. */
#define SERVICES_REST_MS 5000

#define OBITUARY_SIZE	 320

static const struct host_events instance_host_events;

/*
 * TAs with a single instance.
 */

static uint64_t uuid_key(const struct uuid *uuid)
{
	uint64_t half[2];

	memcpy(half, uuid->octet, sizeof(half));
	return half[0] ^ (half[1] << 29 | half[1] >> 35);
}

struct ta *ta_find_single(const struct server *server, const struct uuid *uuid)
{
	struct ta *ta = id_map_get(&server->tas, uuid_key(uuid));

	while (ta && !uuid_equal(&ta->uuid, uuid))
		ta = ta->next;
	return ta;
}

static struct ta *ta_create(struct server *server, const struct uuid *uuid)
{
	struct ta *same_key = id_map_get(&server->tas, uuid_key(uuid));
	struct ta *ta = calloc(1, sizeof(*ta));

	if (!ta)
		return NULL;
	ta->uuid = *uuid;
	TAILQ_INIT(&ta->waiting);
	if (same_key) {
		ta->next = same_key->next;
		same_key->next = ta;
	} else if (id_map_put(&server->tas, uuid_key(uuid), ta) < 0) {
		free(ta);
		return NULL;
	}
	return ta;
}

static void ta_free(struct server *server, struct ta *ta)
{
	struct ta *first = id_map_remove(&server->tas, uuid_key(&ta->uuid));
	struct ta **link = &first;

	while (*link != ta)
		link = &(*link)->next;
	*link = ta->next;
	/* The place that the removal made is there. */
	if (first)
		(void)id_map_put(&server->tas, uuid_key(&ta->uuid), first);
	free(ta);
}

/* The instance is gone: its TA has room for another, and whoever waited looks again. */
static void ta_instance_gone(struct server *server, struct ta *ta)
{
	struct opening_queue waiting;
	struct opening *opening;

	/* The entry goes first, so that they find none. */
	TAILQ_INIT(&waiting);
	TAILQ_CONCAT(&waiting, &ta->waiting, in_queue);
	TAILQ_FOREACH(opening, &waiting, in_queue)
		opening->queue = &waiting;
	ta_free(server, ta);
	opening_advance_all(&waiting);
}

/*
 * Slots.
 */

int instance_slot_take(struct instance *instance, uint32_t *slot)
{
	if (instance->free_count) {
		*slot = instance->free_slots[--instance->free_count];
		return 0;
	}
	if (instance->next_slot == DOORBELL_SLOTS)
		return -EBUSY;
	/* Room to give back all that were ever taken, so that giving never fails. */
	if (instance->next_slot == instance->free_capacity) {
		uint32_t capacity = instance->free_capacity ? instance->free_capacity * 2 : 8;
		uint32_t *slots = realloc(instance->free_slots, capacity * sizeof(*slots));

		if (!slots)
			return -ENOMEM;
		instance->free_slots = slots;
		instance->free_capacity = capacity;
	}
	*slot = instance->next_slot++;
	return 0;
}

void instance_slot_give(struct instance *instance, uint32_t slot)
{
	instance->free_slots[instance->free_count++] = slot;
}

/*
 * Life.
 */

static void instance_closed(uv_handle_t *handle)
{
	struct instance *instance = handle->data;

	if (--instance->open_timers)
		return;
	if (instance->bell)
		munmap(instance->bell, sizeof(struct doorbell));
	if (instance->bell_fd >= 0)
		close(instance->bell_fd);
	image_clear(&instance->image);
	id_map_free(&instance->forwarded);
	free(instance->free_slots);
	free(instance);
}

static void instance_free(struct instance *instance)
{
	id_map_remove(&instance->server->instances, instance->id);
	instance->server->instances_by_tas -= instance->depth != 0;
	server_instances_changed(instance->server);
	uv_close((uv_handle_t *)&instance->patience, instance_closed);
	uv_close((uv_handle_t *)&instance->reminder, instance_closed);
	uv_close((uv_handle_t *)&instance->grace, instance_closed);
}

static void openings_fail(struct opening_queue *queue, uint32_t result, uint32_t origin)
{
	struct opening *opening;

	while ((opening = TAILQ_FIRST(queue)))
		opening_fail(opening, result, origin);
}

static void patience_over(uv_timer_t *timer)
{
	struct instance *instance = timer->data;

	if (instance->state == INSTANCE_LIVE && instance->image.kind == IMAGE_SERVICES) {
		if (!instance->session_count)
			instance_end(instance);
		return;
	}
	if (instance->state == INSTANCE_LIVE) {
		openings_fail(&instance->settling, RESULT_BUSY, ORIGIN_TEE);
		return;
	}
	instance_kill(instance, instance->state == INSTANCE_ENDING
					? "it did not end within 5 s after its last session"
					: "nobody waits for it to start any more");
}

static void patience_due(uv_timer_t *timer)
{
	/* teesimd itself may have been kept from running: what came meanwhile is heard first. */
	uv_timer_start(timer, patience_over, 1, 0);
}

static void patience_start(struct instance *instance)
{
	uv_timer_start(&instance->patience, patience_due, PATIENCE_MS, 0);
}

/* Does it live on for clients that are all gone? */
static bool is_forsaken(const struct instance *instance)
{
	return instance->state == INSTANCE_LIVE && instance->session_count &&
	       instance->session_count == instance->abandoned_count;
}

static void grace_over(uv_timer_t *timer)
{
	struct instance *instance = timer->data;
	const uint64_t grace_ms = instance->server->options->grace_ms;
	uint64_t waited_ms;

	/* When teesimd itself was busy, the host may have spoken, and the loop's clock stood. */
	instance_refresh(instance);
	if (!is_forsaken(instance))
		return;
	waited_ms = (uv_hrtime() - instance->forsaken_ns) / 1000000;
	if (waited_ms < grace_ms)
		uv_timer_start(timer, grace_over, grace_ms - waited_ms, 0);
	else
		instance_kill(instance, "its clients are gone and it does not come back from what "
					"it did for them");
}

void instance_sessions_changed(struct instance *instance)
{
	if (!is_forsaken(instance)) {
		uv_timer_stop(&instance->grace);
		return;
	}
	instance->forsaken_ns = uv_hrtime();
	uv_timer_start(&instance->grace, grace_over, instance->server->options->grace_ms, 0);
}

static bool stays_crashed(const struct instance *instance)
{
	const uint32_t kept = INSTANCE_KEEP_ALIVE | INSTANCE_KEEP_CRASHED;

	return instance->ta && instance->state == INSTANCE_LIVE && !instance->server->stopping &&
	       (instance_flags(instance) & kept) == kept;
}

bool instance_doomed(const struct instance *instance)
{
	return instance->host && instance->host->killed_because && !stays_crashed(instance);
}

void instance_kill(struct instance *instance, const char *because)
{
	if (instance->host)
		host_kill(instance->host, because);
}

static void reminder_due(uv_timer_t *timer);

static void reminder_start(struct instance *instance)
{
	uv_timer_start(&instance->reminder, reminder_due, instance->reminder_ms, 0);
}

static void reminder_due(uv_timer_t *timer)
{
	struct instance *instance = timer->data;

	if (!instance->host || !peer_unread(&instance->host->control))
		return;
	doorbell_ring_control(instance->bell);
	/* Whoever undid the last ring may have said that the host is awake. */
	futex_wake_all(&instance->bell->rings);
	if (instance->reminder_ms < REMINDER_LAST_MS)
		instance->reminder_ms *= 2;
	reminder_start(instance);
}

void instance_send_receipted(struct instance *instance, const void *message, size_t size,
			     struct packet_fds *fds, struct peer_receipt *receipt)
{
	if (!instance->host) {
		if (fds)
			packet_fds_close(fds);
		return;
	}
	peer_send_receipted(&instance->host->control, message, size, fds, receipt);
	doorbell_ring_control(instance->bell);
	if (uv_is_active((uv_handle_t *)&instance->reminder))
		return;
	instance->reminder_ms = REMINDER_FIRST_MS;
	reminder_start(instance);
}

void instance_send(struct instance *instance, const void *message, size_t size,
		   struct packet_fds *fds)
{
	instance_send_receipted(instance, message, size, fds, NULL);
}

bool instance_overloaded(const struct instance *instance)
{
	return instance->host && host_overloaded(instance->host);
}

void instance_refresh(struct instance *instance)
{
	if (instance->host)
		peer_drain(&instance->host->control);
}

static int bell_make(struct instance *instance)
{
	void *bell;

	instance->bell_fd = block_create("teesim-doorbell", sizeof(struct doorbell));
	if (instance->bell_fd < 0)
		return instance->bell_fd;
	bell = block_map(instance->bell_fd, sizeof(struct doorbell), true);
	if (bell == MAP_FAILED)
		return -errno;
	instance->bell = bell;
	return 0;
}

/* Hands the host the libraries that go with the image. */
static void tell_libraries(struct instance *instance)
{
	struct ta_libraries *libraries = &instance->image.libraries;

	for (unsigned int i = 0; i < libraries->count; i++) {
		struct ta_library *library = libraries->library[i];
		struct packet_fds fds = { .fd = { library->image.fd }, .count = 1 };
		const size_t length = strlen(library->image.location.path);
		struct {
			struct message_library library;
			char path[PATH_MAX];
		} message = {
			.library = {
				.header.type = MESSAGE_LIBRARY,
				.uuid = library->uuid,
				.number = i,
				.needs = library->needs,
				.path_size = (uint32_t)length,
			},
		};

		if (!library->is_loaded)
			continue;
		memcpy(message.path, library->image.location.path, length);
		library->image.fd = -1;
		instance_send(instance, &message, sizeof(message.library) + length, &fds);
	}
}

/* Where the host finds what it is to work with. */
static const char *start_path(const struct instance *instance)
{
	switch (instance->image.kind) {
	case IMAGE_SERVICES:
		return instance->server->device->path;
	case IMAGE_PLUGINS:
		return instance->server->options->plugin_path;
	case IMAGE_TA:
		break;
	}
	return instance->image.ta.location.path;
}

/* Hands the image to the host. */
static void tell_start(struct instance *instance)
{
	const struct server_options *options = instance->server->options;
	const struct ta_image *image = &instance->image.ta;
	const struct ta_properties *properties = &image->properties;
	const char *faults =
		options->faults && instance->image.kind == IMAGE_TA ? options->faults : "";
	const char *path = start_path(instance);
	struct {
		struct message_start start;
		char tail[PATH_MAX + FAULT_TEXT_MAX];
	} message = {
		.start = {
			.header.type = MESSAGE_START,
			.header.request = 1,
			.ta = properties->uuid,
			.device = instance->server->device->id,
			.flags = properties->flags,
			.stack_size = properties->stack_size,
			.data_size = properties->data_size > UINT32_MAX
					     ? UINT32_MAX
					     : (uint32_t)properties->data_size,
			.spin_us = options->spin_us,
			.log_level = options->ta_log_level,
			.world_switch_ns = options->world_switch_ns,
			.start_flags =
				(options->strict_memory ? MESSAGE_START_STRICT_MEMORY : 0) |
				(options->durable ? MESSAGE_START_DURABLE : 0),
			.storage_quota_ta = options->storage_quota_ta,
			.storage_quota_device = options->storage_quota_device,
			.clock_host_start_ns = options->clock.host_start_ns,
			.clock_start_ns = options->clock.start_ns,
			.clock_rate = options->clock.rate,
			.needs = ta_libraries_needs(&instance->image.libraries, image),
			.sandbox_required = options->require_full_sandbox
						    ? SANDBOX_FULL & ~SANDBOX_SPAWN_FEATURES
						    : 0,
			.path_size = (uint32_t)strlen(path),
			.faults_size = (uint32_t)strlen(faults),
		},
	};
	struct packet_fds fds = { .count = 2 };

	if (options->seed) {
		message.start.seeded = true;
		if (seed_for_instance(options->seed, &properties->uuid, message.start.random_seed) <
		    0) {
			host_kill(instance->host, "teesimd has no memory left");
			return;
		}
	}
	if (instance->image.personal_fd >= 0) {
		fds.fd[fds.count++] = instance->image.personal_fd;
		message.start.personal_size = instance->image.domain.personal_size;
		instance->image.personal_fd = -1;
	}
	fds.fd[0] = image->fd;
	fds.fd[1] = fcntl(instance->bell_fd, F_DUPFD_CLOEXEC, 0);
	instance->image.ta.fd = -1;
	if (fds.fd[1] < 0) {
		packet_fds_close(&fds);
		host_kill(instance->host, "teesimd has no file descriptors left");
		return;
	}
	memcpy(message.tail, path, message.start.path_size);
	memcpy(message.tail + message.start.path_size, faults, message.start.faults_size);
	tell_libraries(instance);
	instance_send(instance, &message,
		      sizeof(message.start) + message.start.path_size + message.start.faults_size,
		      &fds);
}

static int instance_spawn(struct instance *instance)
{
	struct server *server = instance->server;
	/* The others need directories that the cage does not show. */
	const bool is_ta = instance->image.kind == IMAGE_TA;
	const struct host_options options = {
		.path = is_ta ? server->options->host_path : instance->image.ta.location.path,
		.wrapper = is_ta ? server->options->ta_wrapper : NULL,
		.cage = is_ta ? &server->cage : NULL,
		/* Plugins are of the normal world, as its clients are. */
		.env = instance->image.kind == IMAGE_PLUGINS ? environ : NULL,
	};
	int err;

	if (is_ta)
		instance->host = spare_take(&server->spare);
	if (!instance->host) {
		err = host_spawn(&instance->host, server->loop, &options, server->log);
		if (err < 0)
			return err;
	}
	host_assign(instance->host, instance, &instance_host_events, instance->image.label);
	return 0;
}

/* The host's other connection, on which it is a client. Where there is none, the TA's sessions with
 * others fail. */
static void client_connection_make(struct instance *instance, const struct client *like)
{
	int sock = instance->host->client_sock;
	int err;

	instance->host->client_sock = -1;
	if (instance->image.kind != IMAGE_TA) {
		close(sock);
		return;
	}
	err = client_create_for_ta(instance, sock, like);
	if (err < 0)
		log_write(instance->server->log, LOG_LEVEL_ERROR,
			  "TA %s can have no sessions with other TAs: %s", instance->image.label,
			  strerror(-err));
}

int instance_create(struct server *server, struct image *image, struct opening *opening)
{
	struct instance *instance = calloc(1, sizeof(*instance));
	int err;

	if (!instance) {
		image_clear(image);
		return -ENOMEM;
	}
	instance->server = server;
	instance->state = INSTANCE_STARTING;
	instance->image = *image;
	image->ta.fd = -1;
	image->personal_fd = -1;
	image->libraries.count = 0;
	instance->bell_fd = -1;
	if (opening->request.client->ta && image->kind == IMAGE_TA)
		instance->depth = opening->request.client->ta->depth + 1;
	TAILQ_INIT(&instance->starting);
	TAILQ_INIT(&instance->settling);
	server->instances_by_tas += instance->depth != 0;
	instance->id = id_map_fresh(&server->instances, &server->last_instance);
	uv_timer_init(server->loop, &instance->patience);
	uv_timer_init(server->loop, &instance->reminder);
	uv_timer_init(server->loop, &instance->grace);
	instance->open_timers = 3;
	instance->patience.data = instance->reminder.data = instance->grace.data = instance;
	err = id_map_put(&server->instances, instance->id, instance);
	if (!err && instance_flags(instance) & INSTANCE_SINGLE) {
		instance->ta = ta_create(server, &image->ta.properties.uuid);
		err = instance->ta ? 0 : -ENOMEM;
	}
	if (!err)
		err = bell_make(instance);
	if (!err)
		err = instance_spawn(instance);
	if (err < 0) {
		if (instance->ta)
			ta_free(server, instance->ta);
		instance_free(instance);
		return err;
	}
	if (instance->ta)
		instance->ta->instance = instance;
	opening_wait(opening, &instance->starting, instance);
	tell_start(instance);
	client_connection_make(instance, opening->request.client);
	return 0;
}

void instance_end(struct instance *instance)
{
	const struct message_bare message = { .header.type = MESSAGE_DESTROY };

	if (instance->state == INSTANCE_CRASHED) {
		struct ta *ta = instance->ta;

		instance_free(instance);
		ta_instance_gone(instance->server, ta);
		return;
	}
	if (instance->state == INSTANCE_ENDING)
		return;
	instance->state = INSTANCE_ENDING;
	uv_timer_stop(&instance->grace);
	instance_send(instance, &message, sizeof(message), NULL);
	patience_start(instance);
}

/* Nobody uses it: is it to stay? */
static void instance_unused(struct instance *instance)
{
	if (instance->image.kind == IMAGE_SERVICES)
		uv_timer_start(&instance->patience, patience_over, SERVICES_REST_MS, 0);
	if (!(instance->ta && instance_flags(instance) & INSTANCE_KEEP_ALIVE))
		instance_end(instance);
}

void instance_settle(struct instance *instance, struct opening *opening)
{
	opening_wait(opening, &instance->settling, instance);
	patience_start(instance);
}

void instance_opening_left(struct instance *instance)
{
	/* The TA may be in the middle of its create entry point, or hang there. */
	if (instance->state == INSTANCE_STARTING && TAILQ_EMPTY(&instance->starting))
		patience_start(instance);
}

/*
 * What hosts say.
 */

static void sandbox_note(struct instance *instance, uint32_t missing)
{
	struct server *server = instance->server;
	char list[256] = "";
	size_t at = 0;

	if (missing == server->sandbox_missing)
		return;
	server->sandbox_missing = missing;
	for (unsigned int i = 0; i < SANDBOX_FEATURE_COUNT && at < sizeof(list); i++)
		if (missing & SANDBOX_BIT(i))
			at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", at ? ", " : "",
					       sandbox_feature_name(i));
	if (missing)
		log_write(server->log, LOG_LEVEL_INFO,
			  "TAs run in a sandbox without %s; `teesim doctor` tells why", list);
}

static void start_refused(struct instance *instance, const struct message *message)
{
	const struct message_started *started = &message->started;
	uint32_t origin = started->origin == ORIGIN_TRUSTED_APP ? ORIGIN_TRUSTED_APP : ORIGIN_TEE;
	const char *code = result_name(started->result);
	char name[IMAGE_NAME_SIZE];

	if (message->text.size)
		log_write(instance->server->log, LOG_LEVEL_ERROR, "%s did not start: %.*s",
			  image_name(&instance->image, name), (int)message->text.size,
			  message->text.octets);
	else
		log_write(instance->server->log, LOG_LEVEL_ERROR,
			  "%s did not start: %s 0x%08x%s%s%s", image_name(&instance->image, name),
			  origin == ORIGIN_TRUSTED_APP ? "its create entry point returned"
						       : "the loader says",
			  started->result, code ? " (TEE_ERROR_" : "", code ? code : "",
			  code ? ")" : "");
	instance->state = INSTANCE_ENDING;
	patience_start(instance);
	openings_fail(&instance->starting, started->result, origin);
}

static int started(struct instance *instance, const struct message *message)
{
	struct opening *opening;
	char name[IMAGE_NAME_SIZE];

	if (instance->start_failed || instance->started)
		return -EPROTO;
	instance->started = message->started.result == RESULT_SUCCESS;
	instance->start_failed = !instance->started;
	if (instance->image.kind == IMAGE_TA)
		sandbox_note(instance,
			     message->started.sandbox_missing | instance->host->sandbox_missing);
	/* It may have been told to end in the meantime. */
	if (instance->state != INSTANCE_STARTING)
		return 0;
	if (message->started.result != RESULT_SUCCESS) {
		start_refused(instance, message);
		return 0;
	}
	instance->state = INSTANCE_LIVE;
	uv_timer_stop(&instance->patience);
	log_write(instance->server->log, LOG_LEVEL_INFO, "%s runs as process %d",
		  image_name(&instance->image, name), (int)instance->host->pid);
	while ((opening = TAILQ_FIRST(&instance->starting)))
		opening_complete(opening, instance);
	if (!instance->session_count)
		instance_unused(instance);
	return 0;
}

void instance_session_left(struct instance *instance)
{
	if (instance->state != INSTANCE_LIVE)
		return;
	if (!instance->session_count)
		instance_unused(instance);
	opening_advance_all(&instance->settling);
}

static int session_rests(struct instance *instance, const struct message *message)
{
	const struct message_session_rests *rests = &message->session_rests;
	struct session *session = id_map_get(&instance->server->sessions, rests->session);

	if (!session || session->instance != instance || session->uses != rests->uses)
		return 0;
	session_rest(session);
	instance_session_left(instance);
	return 0;
}

static int session_reopened(struct instance *instance, const struct message *message)
{
	struct session *session = id_map_get(&instance->server->sessions, message->session.session);

	if (session && session->instance == instance)
		session_reopen(session);
	return 0;
}

static int session_ended(struct instance *instance, const struct message *message)
{
	struct session *session = id_map_get(&instance->server->sessions, message->session.session);

	/* One that both sides ended at once is reported twice. */
	if (!session || session->instance != instance)
		return 0;
	session_mark_ended(session);
	session_free(session);
	instance_session_left(instance);
	return 0;
}

static int host_answer(struct instance *instance, const struct message *message)
{
	return sharing_answered(instance, message->header.request, message->host_answer.result);
}

static int death(struct instance *instance, const struct message *message)
{
	instance->last_words = message->death;
	instance->has_last_words = true;
	return 0;
}

static const struct {
	uint32_t type;
	int (*handle)(struct instance *instance, const struct message *message);
} handlers[] = {
	{ MESSAGE_STARTED, started },
	{ MESSAGE_SESSION_RESTS, session_rests },
	{ MESSAGE_SESSION_REOPENED, session_reopened },
	{ MESSAGE_SESSION_ENDED, session_ended },
	{ MESSAGE_HOST_ANSWER, host_answer },
	{ MESSAGE_DEATH, death },
};

static int instance_message(struct host *host, const struct message *message)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (handlers[i].type == message->header.type)
			return handlers[i].handle(host->owner, message);
	return -EPROTO;
}

/*
 * Death.
 */

/* Did it end as it was told to? */
static bool ended_well(const struct instance *instance, const struct host *host)
{
	return instance->state == INSTANCE_ENDING && !instance->has_last_words &&
	       !host->killed_because &&
	       (instance->start_failed || (WIFEXITED(host->status) && !WEXITSTATUS(host->status)));
}

static void death_report(const struct instance *instance, const struct host *host)
{
	const struct obituary obituary = {
		.last_words = instance->has_last_words ? &instance->last_words : NULL,
		.status = host->status,
		.killed_because = host->killed_because,
	};
	const char *when = "";

	if (instance->state == INSTANCE_STARTING && instance->has_last_words)
		when = " before it had started";
	else if (instance->state == INSTANCE_STARTING)
		when = " before it had started (in a constructor or its create entry point)";
	else if (instance->state == INSTANCE_ENDING && !instance->has_last_words)
		when = " while it was ending";
	crash_report(instance->server, &instance->image, &obituary, when);
}

static void instance_exited(struct host *host)
{
	struct instance *instance = host->owner;
	struct ta *ta = instance->ta;
	bool kept;

	if (!ended_well(instance, host))
		death_report(instance, host);
	kept = stays_crashed(instance);
	instance->state = kept ? INSTANCE_CRASHED : INSTANCE_ENDING;
	instance->host = NULL;
	uv_timer_stop(&instance->patience);
	uv_timer_stop(&instance->grace);
	if (instance->client)
		client_end(instance->client);
	while (!LIST_EMPTY(&instance->sessions)) {
		struct session *session = LIST_FIRST(&instance->sessions);

		session_mark_dead(session);
		session_free(session);
	}
	sharing_instance_gone(instance);
	openings_fail(&instance->starting, RESULT_TARGET_DEAD, ORIGIN_TEE);
	opening_advance_all(&instance->settling);
	if (kept)
		return;
	instance_free(instance);
	if (ta)
		ta_instance_gone(instance->server, ta);
}

/* A ring for what had to wait until now: the host may have slept since it read the others. */
static void messages_sent(struct host *host)
{
	const struct instance *instance = host->owner;

	doorbell_ring_control(instance->bell);
}

static const struct host_events instance_host_events = {
	.message = instance_message,
	.sent = messages_sent,
	.exited = instance_exited,
};
