#include "session/sharing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session/cycle.h"
#include "session/instance.h"
#include "wire/memory.h"
#include "wire/result.h"

/* A client's number for memory, and where it is mapped. */
struct block {
	struct client *client;
	uint32_t number;
	LIST_HEAD(, mapping) mappings;
};

struct waiter {
	struct request request;
	struct mapping *mapping;
	LIST_ENTRY(waiter) in_mapping;
};

/* Memory in one instance: a block, or an arena on its way. */
struct mapping {
	struct instance *instance;
	LIST_ENTRY(mapping) in_instance;
	/* The number under which the host was asked; 0 once it has answered. */
	uint32_t forwarded;
	struct peer_receipt order;

	/* A block: whose, what, and who waits for it. NULL for an arena. */
	struct block *block;
	LIST_ENTRY(mapping) in_block;
	uint32_t flags;
	uint64_t size;
	ino_t inode;
	LIST_HEAD(, waiter) waiters;

	/* An arena: who waits for it, and what they get. */
	struct request arena_request;
	int arena_fd;
};

static struct session *session_of(struct client *client, uint32_t number)
{
	struct session *session = id_map_get(&client->server->sessions, number);

	return session && session->client == client ? session : NULL;
}

static struct mapping *mapping_create(struct client *client, struct instance *instance)
{
	struct mapping *mapping = calloc(1, sizeof(*mapping));

	if (!mapping)
		return NULL;
	mapping->forwarded = id_map_fresh(&instance->forwarded, &instance->last_forwarded);
	if (id_map_put(&instance->forwarded, mapping->forwarded, mapping) < 0) {
		free(mapping);
		return NULL;
	}
	mapping->instance = instance;
	mapping->order.account = &client->unsent;
	mapping->arena_fd = -1;
	LIST_INSERT_HEAD(&instance->mappings, mapping, in_instance);
	return mapping;
}

static void mapping_settle(struct mapping *mapping)
{
	if (mapping->forwarded)
		id_map_remove(&mapping->instance->forwarded, mapping->forwarded);
	mapping->forwarded = 0;
}

static void mapping_free(struct mapping *mapping)
{
	struct block *block = mapping->block;

	(void)peer_recall(&mapping->order);
	mapping_settle(mapping);
	LIST_REMOVE(mapping, in_instance);
	if (block) {
		LIST_REMOVE(mapping, in_block);
		if (LIST_EMPTY(&block->mappings)) {
			id_map_remove(&block->client->blocks, block->number);
			free(block);
		}
	}
	if (mapping->arena_fd >= 0)
		close(mapping->arena_fd);
	free(mapping);
}

static struct block *block_get(struct client *client, uint32_t number)
{
	struct block *block = id_map_get(&client->blocks, number);

	if (block)
		return block;
	block = calloc(1, sizeof(*block));
	if (!block)
		return NULL;
	block->client = client;
	block->number = number;
	if (id_map_put(&client->blocks, number, block) < 0) {
		free(block);
		return NULL;
	}
	return block;
}

static void waiter_answer(struct waiter *waiter, uint32_t result)
{
	client_answer(waiter->request.client, waiter->request.number, result, ORIGIN_TEE, 0, -1);
	client_request_end(&waiter->request);
	LIST_REMOVE(waiter, in_mapping);
	free(waiter);
}

static void waiters_answer(struct mapping *mapping, uint32_t result)
{
	struct waiter *next;

	for (struct waiter *waiter = LIST_FIRST(&mapping->waiters); waiter; waiter = next) {
		next = LIST_NEXT(waiter, in_mapping);
		waiter_answer(waiter, result);
	}
}

static void tell_unmap(const struct mapping *mapping)
{
	const struct message_unmap_block message = {
		.header.type = MESSAGE_UNMAP_BLOCK,
		.context = mapping->block->client->id,
		.block = mapping->block->number,
	};

	instance_send(mapping->instance, &message, sizeof(message), NULL);
}

static void tell_map(struct mapping *mapping, int fd)
{
	const struct message_map_block message = {
		.header = { .type = MESSAGE_MAP_BLOCK, .request = mapping->forwarded },
		.context = mapping->block->client->id,
		.block = mapping->block->number,
		.flags = mapping->flags,
		.size = mapping->size,
	};
	struct packet_fds fds = { .fd = { fd }, .count = 1 };

	instance_send_receipted(mapping->instance, &message, sizeof(message), &fds,
				&mapping->order);
}

static struct mapping *mapping_find(struct client *client, uint32_t number,
				    const struct instance *instance)
{
	struct block *block = id_map_get(&client->blocks, number);
	struct mapping *mapping;

	if (!block)
		return NULL;
	LIST_FOREACH(mapping, &block->mappings, in_block) {
		if (mapping->instance == instance)
			return mapping;
	}
	return NULL;
}

static int waiter_create(struct mapping *mapping, struct client *client, uint32_t request)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));
	int err;

	if (!waiter)
		return -ENOMEM;
	waiter->mapping = mapping;
	err = client_request_begin(client, &waiter->request, REQUEST_SHARE, request);
	if (err < 0) {
		free(waiter);
		return err;
	}
	LIST_INSERT_HEAD(&mapping->waiters, waiter, in_mapping);
	return 0;
}

/* The client asks for what it has, perhaps from another thread of its. */
static int share_again(struct mapping *mapping, struct client *client,
		       const struct message_share_block *message, ino_t inode)
{
	if (mapping->flags != message->flags || mapping->size != message->size ||
	    mapping->inode != inode)
		client_answer(client, message->header.request, RESULT_BAD_STATE, ORIGIN_COMMS, 0,
			      -1);
	else if (mapping->forwarded)
		return waiter_create(mapping, client, message->header.request);
	else
		client_answer(client, message->header.request, RESULT_SUCCESS, ORIGIN_TEE, 0, -1);
	return 0;
}

/* Takes over `fd`. */
static int share_anew(struct session *session, const struct message_share_block *message, int fd,
		      ino_t inode)
{
	struct client *client = session->client;
	struct mapping *mapping = mapping_create(client, session->instance);
	struct block *block;
	int err;

	if (!mapping) {
		close(fd);
		return -ENOMEM;
	}
	block = block_get(client, message->block);
	if (!block) {
		mapping_free(mapping);
		close(fd);
		return -ENOMEM;
	}
	mapping->block = block;
	mapping->flags = message->flags;
	mapping->size = message->size;
	mapping->inode = inode;
	LIST_INSERT_HEAD(&block->mappings, mapping, in_block);
	err = waiter_create(mapping, client, message->header.request);
	if (err < 0) {
		mapping_free(mapping);
		close(fd);
		return err;
	}
	tell_map(mapping, fd);
	return 0;
}

int sharing_share_block(struct client *client, const struct message_share_block *message, int fd)
{
	struct session *session = session_of(client, message->session);
	uint32_t request = message->header.request;
	struct mapping *mapping;
	struct stat st;
	int err;

	if (!session) {
		client_answer(client, request, RESULT_TARGET_DEAD, ORIGIN_TEE, 0, -1);
		close(fd);
		return 0;
	}
	if (instance_overloaded(session->instance) || cycle_closes(client, session->instance)) {
		client_answer(client, request, RESULT_BUSY, ORIGIN_TEE, 0, -1);
		close(fd);
		return 0;
	}
	err = block_check(fd, (size_t)message->size, !(message->flags & MESSAGE_BLOCK_OUTPUT));
	if (err < 0 || fstat(fd, &st) < 0) {
		client_answer(client, request, RESULT_BAD_PARAMETERS, ORIGIN_COMMS, 0, -1);
		close(fd);
		return 0;
	}
	mapping = mapping_find(client, message->block, session->instance);
	if (mapping) {
		err = share_again(mapping, client, message, st.st_ino);
		close(fd);
	} else {
		err = share_anew(session, message, fd, st.st_ino);
	}
	if (err == -ENOMEM) {
		client_answer(client, request, RESULT_OUT_OF_MEMORY, ORIGIN_TEE, 0, -1);
		err = 0;
	}
	return err;
}

void sharing_release_block(struct client *client, uint32_t number)
{
	struct block *block = id_map_get(&client->blocks, number);
	bool last = !block;

	while (!last) {
		struct mapping *mapping = LIST_FIRST(&block->mappings);

		/* The block goes with its last mapping. */
		last = !LIST_NEXT(mapping, in_block);
		waiters_answer(mapping, RESULT_CANCEL);
		if (!peer_recall(&mapping->order))
			tell_unmap(mapping);
		mapping_free(mapping);
	}
}

static uint64_t arena_size(uint64_t wanted)
{
	uint64_t size = CHANNEL_ARENA_SIZE;

	while (size < wanted)
		size *= 2;
	return size;
}

static int tell_arena(struct mapping *mapping, uint32_t session, uint32_t client_has)
{
	const struct message_map_arena message = {
		.header = { .type = MESSAGE_MAP_ARENA, .request = mapping->forwarded },
		.session = session,
		.has = client_has,
		.size = mapping->size,
	};
	struct packet_fds fds = { .count = 1 };

	fds.fd[0] = fcntl(mapping->arena_fd, F_DUPFD_CLOEXEC, 0);
	if (fds.fd[0] < 0)
		return -errno;
	instance_send_receipted(mapping->instance, &message, sizeof(message), &fds,
				&mapping->order);
	return 0;
}

int sharing_grow_arena(struct client *client, const struct message_grow_arena *message)
{
	struct session *session = session_of(client, message->session);
	uint32_t request = message->header.request;
	struct mapping *mapping;
	int err = -ENOMEM;

	if (!session) {
		client_answer(client, request, RESULT_TARGET_DEAD, ORIGIN_TEE, 0, -1);
		return 0;
	}
	if (cycle_closes(client, session->instance)) {
		client_answer(client, request, RESULT_BUSY, ORIGIN_TEE, 0, -1);
		return 0;
	}
	if (message->size > CHANNEL_ARENA_MAX) {
		client_answer(client, request, RESULT_OUT_OF_MEMORY, ORIGIN_TEE, 0, -1);
		return 0;
	}
	if (instance_overloaded(session->instance)) {
		client_answer(client, request, RESULT_BUSY, ORIGIN_TEE, 0, -1);
		return 0;
	}
	mapping = mapping_create(client, session->instance);
	if (!mapping)
		goto out;
	mapping->size = arena_size(message->size);
	err = client_request_begin(client, &mapping->arena_request, REQUEST_GROW, request);
	if (err < 0) {
		mapping_free(mapping);
		goto out;
	}
	mapping->arena_fd = block_create("teesim-arena", (size_t)mapping->size);
	err = mapping->arena_fd < 0 ? mapping->arena_fd
				    : tell_arena(mapping, session->id, message->has);
	if (err < 0) {
		client_request_end(&mapping->arena_request);
		mapping_free(mapping);
	}
out:
	if (!err || err == -EEXIST)
		return err;
	client_answer(client, request, RESULT_OUT_OF_MEMORY, ORIGIN_TEE, 0, -1);
	return 0;
}

void sharing_cancel(struct request *request)
{
	if (request->kind == REQUEST_SHARE) {
		waiter_answer((struct waiter *)request, RESULT_CANCEL);
		return;
	}
	client_answer(request->client, request->number, RESULT_CANCEL, ORIGIN_TEE, 0, -1);
	sharing_request_gone(request);
}

const struct instance *sharing_waits_for(const struct request *request)
{
	if (request->kind == REQUEST_SHARE)
		return ((const struct waiter *)request)->mapping->instance;
	return ((const struct mapping *)((const char *)request -
					 offsetof(struct mapping, arena_request)))
		->instance;
}

void sharing_request_gone(struct request *request)
{
	struct waiter *waiter;

	client_request_end(request);
	if (request->kind != REQUEST_SHARE) {
		struct mapping *mapping =
			(struct mapping *)((char *)request -
					   offsetof(struct mapping, arena_request));

		/* The host may have heard of it, and keeps it until there is another. */
		close(mapping->arena_fd);
		mapping->arena_fd = -1;
		if (peer_recall(&mapping->order))
			mapping_free(mapping);
		return;
	}
	waiter = (struct waiter *)request;
	LIST_REMOVE(waiter, in_mapping);
	free(waiter);
}

void sharing_client_gone(struct client *client)
{
	struct block *block;
	size_t at = 0;

	/* A release moves others into the places before; what that hides is met in the next round.
	 */
	while (client->blocks.count) {
		at = 0;
		while ((block = id_map_next(&client->blocks, &at)))
			sharing_release_block(client, block->number);
	}
}

static void arena_answer(struct mapping *mapping, uint32_t result)
{
	struct request *request = &mapping->arena_request;
	int fd = -1;

	if (!request->client)
		return;
	if (result == RESULT_SUCCESS) {
		fd = mapping->arena_fd;
		mapping->arena_fd = -1;
	}
	client_answer(request->client, request->number, result, ORIGIN_TEE,
		      result == RESULT_SUCCESS ? mapping->size : 0, fd);
	client_request_end(request);
}

static void mapping_answer(struct mapping *mapping, uint32_t result)
{
	bool wanted;

	if (!mapping->block) {
		arena_answer(mapping, result);
		mapping_free(mapping);
		return;
	}
	wanted = !LIST_EMPTY(&mapping->waiters);
	mapping_settle(mapping);
	waiters_answer(mapping, result);
	/* The client that cancelled believes that it has no such mapping. */
	if (result == RESULT_SUCCESS && !wanted)
		tell_unmap(mapping);
	if (result != RESULT_SUCCESS || !wanted)
		mapping_free(mapping);
}

int sharing_answered(struct instance *instance, uint32_t number, uint32_t result)
{
	struct mapping *mapping = id_map_get(&instance->forwarded, number);

	/* A block that was released in the meantime is no longer in the table. */
	if (!mapping)
		return number && number <= instance->last_forwarded ? 0 : -EPROTO;
	mapping_answer(mapping, result);
	return 0;
}

void sharing_instance_gone(struct instance *instance)
{
	struct mapping *next;

	for (struct mapping *mapping = LIST_FIRST(&instance->mappings); mapping; mapping = next) {
		next = LIST_NEXT(mapping, in_instance);
		waiters_answer(mapping, RESULT_TARGET_DEAD);
		arena_answer(mapping, RESULT_TARGET_DEAD);
		mapping_free(mapping);
	}
}
