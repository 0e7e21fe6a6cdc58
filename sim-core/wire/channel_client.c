#include "wire/channel_client.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/mman.h>

#include "wire/memory.h"

/* How long a sleeping caller goes without looking whether anybody is left to wake it: first, and at
 * most. */
#define TICK_FIRST_NS 2000000U
/* How long a host may take from saying that the session has ended to its last answer. */
#define LAST_ANSWER_NS 5000000000U
#define TICK_LAST_NS   64000000U

int channel_client_map(struct channel_client *client, int channel_fd, int bell_fd, uint32_t slot,
		       long spin_us)
{
	void *bell, *channel;
	int err;

	memset(client, 0, sizeof(*client));
	if (slot >= DOORBELL_SLOTS)
		return -EPROTO;
	err = block_check(channel_fd, CHANNEL_SIZE, false);
	if (err < 0)
		return err;
	err = block_check(bell_fd, sizeof(struct doorbell), false);
	if (err < 0)
		return err;
	channel = block_map(channel_fd, CHANNEL_SIZE, true);
	if (channel == MAP_FAILED)
		return -errno;
	bell = block_map(bell_fd, sizeof(struct doorbell), true);
	if (bell == MAP_FAILED) {
		err = -errno;
		munmap(channel, CHANNEL_SIZE);
		return err;
	}
	(void)madvise(channel, CHANNEL_SIZE, MADV_DONTFORK);
	(void)madvise(bell, sizeof(struct doorbell), MADV_DONTFORK);
	client->channel = channel;
	client->bell = bell;
	client->arena = (uint8_t *)channel + CHANNEL_HEADER_SIZE;
	client->arena_size = CHANNEL_ARENA_SIZE;
	client->slot = slot;
	client->seq = atomic_load(&client->channel->request.seq);
	client->answered = client->seq;
	atomic_store(&client->unwanted, client->seq);
	wait_policy_init(&client->wait, spin_us);
	return 0;
}

static void arena_unmap(struct channel_client *client)
{
	if (client->arena_is_separate)
		munmap(client->arena, client->arena_size);
	client->arena = NULL;
	client->arena_size = 0;
}

void channel_client_unmap(struct channel_client *client)
{
	arena_unmap(client);
	if (client->bell)
		munmap(client->bell, sizeof(struct doorbell));
	if (client->channel)
		munmap(client->channel, CHANNEL_SIZE);
	memset(client, 0, sizeof(*client));
}

int channel_client_replace_arena(struct channel_client *client, int fd, size_t size)
{
	int err = block_check(fd, size, false);
	void *arena;

	if (err < 0)
		return err;
	arena = block_map(fd, size, true);
	if (arena == MAP_FAILED)
		return -errno;
	(void)madvise(arena, size, MADV_DONTFORK);
	arena_unmap(client);
	client->arena = arena;
	client->arena_size = size;
	client->arena_is_separate = true;
	return 0;
}

/* Word by word: the caller has just written `op` and `cmd`, and a load of both at once would have
 * to wait until those stores have left the processor. */
static void request_write(volatile struct channel_request *request,
			  const struct channel_operation *operation)
{
	const uint32_t types = operation->types;

	/* The second line first. Once the first one is ours the host, which looks at it all the
	 * time, takes it back; the number must be in it by then. */
	for (unsigned int i = 0; i < CHANNEL_PARAMS && types & CHANNEL_TYPES_MEMREF; i++) {
		if (!channel_type_is_memref(channel_type_of(types, i)))
			continue;
		request->memref[i].place = operation->memref[i].place;
		request->memref[i].block = operation->memref[i].block;
		request->memref[i].offset = operation->memref[i].offset;
	}
	request->op = operation->op;
	request->cmd = operation->cmd;
	request->types = types;
	for (unsigned int i = 0; channel_types_remain(types, i); i++)
		if (channel_type_of(types, i) != CHANNEL_TYPE_NONE)
			request->slot[i].size = operation->slot[i].size;
}

static void reply_read(const struct channel_reply *reply, struct channel_operation *operation)
{
	operation->result = reply->result;
	operation->origin = reply->origin;
	for (unsigned int i = 0; channel_types_remain(operation->types, i); i++)
		if (channel_type_is_output(channel_type_of(operation->types, i)))
			operation->slot[i] = reply->slot[i];
}

/* The reply word may stand at the number that was answered last or at ours; anything else was not
 * written by a host that keeps to the protocol. */
static int reply_state(const struct channel_client *client, uint32_t seq)
{
	uint32_t seen = atomic_load_explicit(&client->channel->reply.seq, memory_order_acquire);

	if (seen == seq)
		return 1;
	if (seen != client->answered)
		return -EPROTO;
	return 0;
}

/* Looks after a sleeping call: rings again, since somebody may have cleared our bit, and asks the
 * owner whether there is still anybody to wait for. */
static int park_tick(struct channel_client *client, channel_tick tick, void *context)
{
	doorbell_ring_slot(client->bell, client->slot);
	futex_wake_all(&client->bell->rings);
	return tick ? tick(context) : 0;
}

/* What ends a wait early: this word holds this number, and that is not 0. */
struct withdrawal {
	const _Atomic uint32_t *word;
	uint32_t number;
};

static bool withdrawn(const struct withdrawal *withdrawal)
{
	return withdrawal->number &&
	       atomic_load_explicit(withdrawal->word, memory_order_relaxed) == withdrawal->number;
}

/* What the session's end, as teesimd has it, means for who waits for reply `seq`. Returns 0 to go
 * on waiting; `*patience` is the time by which the last answer has to be there. */
static int end_state(const struct channel_client *client, uint32_t end, uint32_t seq,
		     uint64_t *patience)
{
	/* The answer came first, and we looked before. */
	int state = reply_state(client, seq);
	uint64_t now;

	if (state)
		return state;
	if (end != CHANNEL_END_SAID)
		return -EOWNERDEAD;
	now = wait_now_ns();
	if (!*patience)
		*patience = now + LAST_ANSWER_NS;
	return now < *patience ? 0 : -EOWNERDEAD;
}

static uint64_t tick_due(const struct channel_client *client, uint64_t usual)
{
	return client->alarm_ns && client->alarm_ns < usual ? client->alarm_ns : usual;
}

/* Sleeps until reply `seq` is there, or until the operation that waits for it is withdrawn.
 */
static int reply_park(struct channel_client *client, uint32_t seq,
		      const struct withdrawal *withdrawal, channel_tick tick, void *context)
{
	struct channel *channel = client->channel;
	uint64_t interval = TICK_FIRST_NS;
	uint64_t next_tick = tick_due(client, wait_now_ns() + interval);
	uint64_t patience = 0;
	int state;

	atomic_store(&channel->client.parked, 1);
	for (;;) {
		struct timespec timeout = { 0 };
		uint64_t now;
		uint32_t end;

		state = reply_state(client, seq);
		if (state)
			break;
		end = atomic_load(&channel->keeper.dead);
		if (end)
			state = end_state(client, end, seq, &patience);
		if (state)
			break;
		if (withdrawn(withdrawal)) {
			state = -ECANCELED;
			break;
		}
		/* By the clock, not by how the sleep ended: signals or a host that wakes us all
		 * the time must not keep the tick from coming. */
		now = wait_now_ns();
		if (now >= next_tick) {
			int err = park_tick(client, tick, context);

			if (err < 0) {
				/* The reply may have come while we asked. */
				state = reply_state(client, seq);
				if (!state)
					state = err;
				break;
			}
			if (interval < TICK_LAST_NS)
				interval *= 2;
			next_tick = tick_due(client, now + interval);
			continue;
		}
		timeout.tv_nsec = (long)(next_tick - now);
		(void)futex_wait(&channel->reply.seq, client->answered, &timeout);
	}
	atomic_store_explicit(&channel->client.parked, 0, memory_order_relaxed);
	return state;
}

static int reply_wait(struct channel_client *client, uint32_t seq,
		      const struct withdrawal *withdrawal, channel_tick tick, void *context)
{
	struct wait_spin spin;
	int state;

	wait_spin_start(&spin);
	do {
		state = reply_state(client, seq);
		if (state) {
			wait_policy_met(&client->wait);
			return state;
		}
	} while (wait_spin_more(&spin, &client->wait, &client->bell->cpu));
	if (!spin.futile)
		wait_policy_missed(&client->wait);
	return reply_park(client, seq, withdrawal, tick, context);
}

/* Waits until the host has answered the operation that was withdrawn last, before `seq` can be
 * sent.
 */
static int reply_owed(struct channel_client *client, uint32_t seq, channel_tick tick, void *context)
{
	const struct withdrawal withdrawal = { &client->withdrawn_early, seq };
	int state = reply_wait(client, client->owed_seq, &withdrawal, tick, context);

	if (state > 0) {
		client->answered = client->owed_seq;
		atomic_store(&client->owed, false);
	}
	if (atomic_compare_exchange_strong(&client->withdrawn_early, &seq, 0)) {
		channel_client_skip(client);
		return -ECANCELED;
	}
	return state;
}

int channel_client_call(struct channel_client *client, struct channel_operation *operation,
			channel_tick tick, void *context)
{
	struct channel *channel = client->channel;
	uint32_t seq = client->seq + 1;
	const struct withdrawal withdrawal = { &client->withdrawn, seq };
	int state;

	if (atomic_load_explicit(&channel->keeper.dead, memory_order_relaxed))
		return -EOWNERDEAD;
	if (atomic_load_explicit(&client->owed, memory_order_relaxed)) {
		state = reply_owed(client, seq, tick, context);
		if (state < 0)
			return state;
	}
	request_write(&channel->request, operation);
	/* An exchange is the cheapest full fence: whether the host watches is read after the
	 * request is there to be seen. */
	(void)atomic_exchange(&channel->request.seq, seq);
	client->seq = seq;
	if (!atomic_load(&channel->host.watching))
		doorbell_ring_slot(client->bell, client->slot);
	/* While the answer is on its way. */
	wait_tell_cpu(&channel->client.cpu);
	state = reply_wait(client, seq, &withdrawal, tick, context);
	if (state < 0) {
		client->owed_seq = seq;
		atomic_store(&client->owed, state == -ECANCELED);
		return state;
	}
	client->answered = seq;
	reply_read(&channel->reply, operation);
	return 0;
}

void channel_client_skip(struct channel_client *client)
{
	client->seq++;
}

void channel_client_cancel(struct channel *channel, uint32_t seq)
{
	atomic_store(&channel->client.cancel, seq);
	futex_wake_all(&channel->client.cancel);
}

bool channel_client_withdraw(struct channel_client *client, uint32_t seq)
{
	struct channel *channel = client->channel;
	uint32_t early = seq;

	if ((int32_t)(atomic_load(&client->unwanted) - seq) > 0)
		return false;
	atomic_store(&client->unwanted, seq);
	/* It is over, or never was sent and the next one is. */
	if ((int32_t)(atomic_load(&channel->reply.seq) - seq) >= 0 ||
	    (int32_t)(atomic_load(&channel->request.seq) - seq) > 0)
		return true;
	/* The word for the host still says that the one before it is cancelled. */
	if (atomic_load(&client->owed)) {
		atomic_store(&client->withdrawn_early, seq);
		futex_wake_all(&channel->reply.seq);
		if (atomic_load(&client->owed) ||
		    !atomic_compare_exchange_strong(&client->withdrawn_early, &early, 0))
			return true;
	}
	channel_client_cancel(channel, seq);
	/* The host notes what it takes up and then looks whether that is cancelled, without a fence
	 * in between, since that is on the path of every call; the barrier here is for both sides.
	 * After it, a host that has not noted this operation will see that it is cancelled, and not
	 * enter the TA with it. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0)
		return true;
	if (atomic_load(&channel->progress.taken) == seq)
		return true;
	atomic_store(&client->withdrawn, seq);
	futex_wake_all(&channel->reply.seq);
	return true;
}
