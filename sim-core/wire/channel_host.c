#include "wire/channel_host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "wire/memory.h"

int channel_listener_init(struct channel_listener *listener, int bell_fd, long spin_us)
{
	int err = block_check(bell_fd, sizeof(struct doorbell), false);
	void *bell;

	memset(listener, 0, sizeof(*listener));
	if (err < 0)
		return err;
	bell = block_map(bell_fd, sizeof(struct doorbell), true);
	if (bell == MAP_FAILED)
		return -errno;
	listener->bell = bell;
	wait_policy_init(&listener->wait, spin_us);
	return 0;
}

void channel_listener_fini(struct channel_listener *listener)
{
	free(listener->by_slot);
	if (listener->bell)
		munmap(listener->bell, sizeof(struct doorbell));
	memset(listener, 0, sizeof(*listener));
}

static int slots_grow(struct channel_listener *listener, uint32_t slot)
{
	struct channel_host **grown;
	uint32_t slots = listener->slots ? listener->slots : 64;

	while (slots <= slot)
		slots *= 2;
	if (slots == listener->slots)
		return 0;
	grown = realloc(listener->by_slot, slots * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + listener->slots, 0, (slots - listener->slots) * sizeof(*grown));
	listener->by_slot = grown;
	listener->slots = slots;
	return 0;
}

int channel_listener_add(struct channel_listener *listener, struct channel_host *host, int fd,
			 uint32_t slot)
{
	void *channel;
	int err;

	memset(host, 0, sizeof(*host));
	if (slot >= DOORBELL_SLOTS || (slot < listener->slots && listener->by_slot[slot]))
		return -EEXIST;
	err = block_check(fd, CHANNEL_SIZE, false);
	if (err < 0)
		return err;
	err = slots_grow(listener, slot);
	if (err < 0)
		return err;
	channel = block_map(fd, CHANNEL_SIZE, true);
	if (channel == MAP_FAILED)
		return -errno;
	host->channel = channel;
	host->arena = (uint8_t *)channel + CHANNEL_HEADER_SIZE;
	host->arena_size = CHANNEL_ARENA_SIZE;
	host->slot = slot;
	listener->by_slot[slot] = host;
	/* Its first ring may have come before there was anybody here to mind it. */
	if (atomic_load(&host->channel->request.seq) != host->seq)
		doorbell_ring_slot(listener->bell, slot);
	return 0;
}

static void arena_unmap(struct channel_host *host)
{
	if (host->arena_is_separate)
		munmap(host->arena, host->arena_size);
}

static void offer_drop(struct channel_host *host)
{
	if (host->offered)
		munmap(host->offered, host->offered_size);
	host->offered = NULL;
	host->offered_size = 0;
}

void channel_listener_remove(struct channel_listener *listener, struct channel_host *host)
{
	for (unsigned int i = 0; i < CHANNEL_WATCHED; i++)
		if (listener->watched[i] == host)
			listener->watched[i] = NULL;
	listener->by_slot[host->slot] = NULL;
	offer_drop(host);
	arena_unmap(host);
	munmap(host->channel, CHANNEL_SIZE);
	memset(host, 0, sizeof(*host));
}

int channel_host_offer_arena(struct channel_host *host, int fd, size_t size, size_t client_has)
{
	int err = block_check(fd, size, false);
	void *arena;

	if (err < 0)
		return err;
	arena = block_map(fd, size, true);
	if (arena == MAP_FAILED)
		return -errno;
	if (client_has != host->arena_size)
		(void)channel_host_take_arena(host, client_has);
	offer_drop(host);
	host->offered = arena;
	host->offered_size = size;
	return 0;
}

bool channel_host_take_arena(struct channel_host *host, size_t size)
{
	if (!host->offered || size != host->offered_size)
		return false;
	arena_unmap(host);
	host->arena = host->offered;
	host->arena_size = size;
	host->arena_is_separate = true;
	host->offered = NULL;
	host->offered_size = 0;
	return true;
}

static bool request_pending(const struct channel_host *host)
{
	return atomic_load_explicit(&host->channel->request.seq, memory_order_acquire) != host->seq;
}

static struct channel_host *watched_pending(struct channel_listener *listener)
{
	/* Whoever was served longest ago comes first. */
	for (unsigned int i = CHANNEL_WATCHED; i-- > 0;)
		if (listener->watched[i] && request_pending(listener->watched[i]))
			return listener->watched[i];
	return NULL;
}

/* Puts `host` first among the watched; who falls off the end must ring again, unless its request is
 * already there. */
static void watch(struct channel_listener *listener, struct channel_host *host)
{
	struct channel_host *last = listener->watched[CHANNEL_WATCHED - 1];
	unsigned int i;

	if (listener->watched[0] == host)
		return;
	for (i = 0; i < CHANNEL_WATCHED - 1; i++)
		if (listener->watched[i] == host || !listener->watched[i])
			break;
	if (listener->watched[i] == host)
		last = NULL;
	else if (i < CHANNEL_WATCHED - 1)
		last = NULL;
	memmove(listener->watched + 1, listener->watched, i * sizeof(listener->watched[0]));
	listener->watched[0] = host;
	atomic_store(&host->channel->host.watching, 1);
	if (last && last != host) {
		atomic_store(&last->channel->host.watching, 0);
		if (request_pending(last))
			doorbell_ring_slot(listener->bell, last->slot);
	}
}

/* From now on every client has to ring. Returns a session whose request came in while we said so.
 */
static struct channel_host *unwatch_all(struct channel_listener *listener)
{
	struct channel_host *pending = NULL;

	for (unsigned int i = 0; i < CHANNEL_WATCHED; i++) {
		struct channel_host *host = listener->watched[i];

		if (!host)
			continue;
		atomic_store(&host->channel->host.watching, 0);
		if (!request_pending(host)) {
			listener->watched[i] = NULL;
		} else {
			/* Keep it: the request is looked at before the next sleep. */
			atomic_store(&host->channel->host.watching, 1);
			pending = host;
		}
	}
	return pending;
}

static void slots_mark(struct doorbell *bell, uint32_t word, uint64_t bits)
{
	if (!bits)
		return;
	atomic_fetch_or(&bell->pending[word], bits);
	atomic_fetch_or(&bell->summary[word / 64], 1ULL << (word % 64));
}

/* Takes the first session among `bits` of `word` that has a request, and leaves out of `*bits` all
 * that were looked at. */
static struct channel_host *slots_take(struct channel_listener *listener, uint32_t word,
				       uint64_t *bits)
{
	while (*bits) {
		uint32_t slot = word * 64 + (uint32_t)__builtin_ctzll(*bits);
		struct channel_host *host = slot < listener->slots ? listener->by_slot[slot] : NULL;

		*bits &= *bits - 1;
		if (host && request_pending(host))
			return host;
	}
	return NULL;
}

/* Takes one slot whose bit is set, going round so that nobody is served twice before all were. */
static struct channel_host *rung_slot(struct channel_listener *listener)
{
	struct doorbell *bell = listener->bell;
	uint32_t first = listener->next_slot / 64;
	uint64_t later = ~0ULL << (listener->next_slot % 64);

	/* Once round, and then the slots of the first word that come before the one to start at. */
	for (uint32_t i = 0; i <= DOORBELL_WORDS; i++) {
		uint32_t word = (first + i) % DOORBELL_WORDS;
		struct channel_host *host;
		uint64_t bits, skipped;

		if (!(atomic_load_explicit(&bell->summary[word / 64], memory_order_relaxed) >>
			      (word % 64) &
		      1)) {
			/* Nothing in the whole group: go to its end. */
			if (word % 64 == 0 && !atomic_load(&bell->summary[word / 64]))
				i += 63;
			continue;
		}
		atomic_fetch_and(&bell->summary[word / 64], ~(1ULL << (word % 64)));
		bits = atomic_exchange(&bell->pending[word], 0);
		skipped = i == 0 ? bits & ~later : 0;
		bits &= ~skipped;
		host = slots_take(listener, word, &bits);
		slots_mark(bell, word, bits | skipped);
		if (host) {
			listener->next_slot = (host->slot + 1) % DOORBELL_SLOTS;
			return host;
		}
	}
	return NULL;
}

/* Any session with a request, rung for or not. */
static struct channel_host *unrung_slot(struct channel_listener *listener)
{
	for (uint32_t i = 0; i < listener->slots; i++) {
		uint32_t slot = (listener->next_slot + i) % listener->slots;
		struct channel_host *host = listener->by_slot[slot];

		if (host && request_pending(host)) {
			listener->next_slot = (slot + 1) % DOORBELL_SLOTS;
			return host;
		}
	}
	return NULL;
}

/* When there is nothing to do by the doorbell: is there, unasked? */
static bool unasked(struct channel_listener *listener, struct channel_host **host,
		    enum channel_event *event)
{
	switch (listener->unasked) {
	case CHANNEL_UNASKED_ALL:
		listener->unasked = CHANNEL_UNASKED_REQUESTS;
		*event = CHANNEL_EVENT_CONTROL;
		return true;
	case CHANNEL_UNASKED_REQUESTS:
		listener->unasked = CHANNEL_UNASKED_NOTHING;
		*host = unrung_slot(listener);
		*event = CHANNEL_EVENT_REQUEST;
		return *host != NULL;
	default:
		return false;
	}
}

/* One look at everything that somebody may have rung for. */
static bool rung(struct channel_listener *listener, struct channel_host **host,
		 enum channel_event *event)
{
	struct doorbell *bell = listener->bell;
	bool control = atomic_load_explicit(&bell->control, memory_order_relaxed) &&
		       atomic_exchange(&bell->control, 0);

	/* Whoever has a session can make it ring all the time, too: requests get their turn. */
	*event = CHANNEL_EVENT_CONTROL;
	if (control && !listener->control_last)
		return true;
	/* The watched do not ring, and must not be passed over for those who do. */
	for (unsigned int i = 0; i < CHANNEL_WATCHED; i++) {
		const struct channel_host *watched = listener->watched[i];

		if (watched && request_pending(watched))
			slots_mark(bell, watched->slot / 64, 1ULL << (watched->slot % 64));
	}
	*host = rung_slot(listener);
	if (!*host)
		return control;
	if (control)
		atomic_store(&bell->control, 1);
	*event = CHANNEL_EVENT_REQUEST;
	return true;
}

/* Where the client that was served last says that it runs; NULL when nobody is watched. */
static const _Atomic uint32_t *latest_client_cpu(const struct channel_listener *listener)
{
	const struct channel_host *latest = listener->watched[0];

	return latest ? &latest->channel->client.cpu : NULL;
}

enum channel_event channel_listener_next(struct channel_listener *listener,
					 struct channel_host **host)
{
	struct doorbell *bell = listener->bell;
	struct timespec timeout = { 0 };
	enum channel_event event;
	struct wait_spin spin;
	bool slept = false;
	uint64_t sleep_ns;

	for (;;) {
		/* Between two requests, where it costs nobody any time. */
		wait_tell_cpu(&bell->cpu);
		wait_spin_start(&spin);
		do {
			uint32_t rings = atomic_load_explicit(&bell->rings, memory_order_acquire);

			if (rings != listener->rings_seen) {
				if (rung(listener, host, &event))
					goto found;
				listener->rings_seen = rings;
			}
			*host = watched_pending(listener);
			if (*host) {
				event = CHANNEL_EVENT_REQUEST;
				goto found;
			}
			if (listener->unasked && unasked(listener, host, &event))
				goto found;
			slept = false;
		} while (wait_spin_more(&spin, &listener->wait, latest_client_cpu(listener)));
		if (!spin.futile)
			wait_policy_missed(&listener->wait);

		sleep_ns = listener->before_sleep ? listener->before_sleep() : 0;
		if (sleep_ns == CHANNEL_LISTENER_WORKED)
			continue;
		timeout.tv_nsec = (long)sleep_ns;
		if (unwatch_all(listener))
			continue;
		atomic_store(&bell->parked, 1);
		/* If it is woken, or kept awake, for nothing, somebody may have taken away what it
		 * was for. */
		if (atomic_load(&bell->rings) != listener->rings_seen ||
		    futex_wait(&bell->rings, listener->rings_seen, sleep_ns ? &timeout : NULL) !=
			    -ETIMEDOUT)
			listener->unasked = CHANNEL_UNASKED_ALL;
		slept = true;
		atomic_store_explicit(&bell->parked, 0, memory_order_relaxed);
	}
found:
	if (slept)
		wait_policy_woken(&listener->wait);
	else
		wait_policy_met(&listener->wait);
	listener->control_last = event == CHANNEL_EVENT_CONTROL;
	/* Woken for something. */
	if (listener->unasked == CHANNEL_UNASKED_ALL)
		listener->unasked = CHANNEL_UNASKED_NOTHING;
	if (event == CHANNEL_EVENT_REQUEST) {
		/* The reply's line is on its way here while the TA works. */
		channel_line_claim(&(*host)->channel->reply);
		watch(listener, *host);
	}
	return event;
}

static bool types_valid(uint32_t types)
{
	if (types >> (4 * CHANNEL_PARAMS))
		return false;
	for (unsigned int i = 0; channel_types_remain(types, i); i++) {
		uint32_t type = channel_type_of(types, i);

		if (type > CHANNEL_TYPE_MEMREF_INOUT || type == 4)
			return false;
	}
	return true;
}

bool channel_host_take(struct channel_host *host, struct channel_call *call)
{
	const volatile struct channel_request *request = &host->channel->request;
	uint32_t seq = atomic_load_explicit(&host->channel->request.seq, memory_order_acquire);

	if (seq == host->seq)
		return false;
	call->seq = seq;
	call->op = request->op;
	call->cmd = request->cmd;
	call->types = request->types;
	if (!types_valid(call->types)) {
		call->op = 0;
		call->types = 0;
		return true;
	}
	for (unsigned int i = 0; channel_types_remain(call->types, i); i++) {
		uint32_t type = channel_type_of(call->types, i);

		if (type == CHANNEL_TYPE_NONE)
			continue;
		call->slot[i].size = request->slot[i].size;
		if (channel_type_is_memref(type)) {
			call->memref[i].place = request->memref[i].place;
			call->memref[i].block = request->memref[i].block;
			call->memref[i].offset = request->memref[i].offset;
		}
	}
	atomic_store_explicit(&host->channel->progress.taken, seq, memory_order_relaxed);
	/* Only the compiler need be told that looking for a cancellation comes after this: see
	 * channel_client_withdraw(). */
	atomic_signal_fence(memory_order_seq_cst);
	return true;
}

void channel_host_reply(struct channel_host *host, const struct channel_call *call, uint32_t result,
			uint32_t origin, const union channel_slot slot[CHANNEL_PARAMS])
{
	struct channel *channel = host->channel;
	struct channel_reply *reply = &channel->reply;

	reply->result = result;
	reply->origin = origin;
	for (unsigned int i = 0; channel_types_remain(call->types, i); i++)
		if (channel_type_is_output(channel_type_of(call->types, i)))
			reply->slot[i] = slot[i];
	host->seq = call->seq;
	(void)atomic_exchange(&reply->seq, call->seq);
	if (atomic_load(&channel->client.parked))
		futex_wake_all(&reply->seq);
}

bool channel_host_cancelled(const struct channel_host *host, const struct channel_call *call)
{
	/* 0 is what the word holds before anybody asks; the operation with that number, one in four
	 * thousand million, can't be cancelled. */
	return call->seq && atomic_load_explicit(&host->channel->client.cancel,
						 memory_order_relaxed) == call->seq;
}
