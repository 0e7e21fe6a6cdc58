#include "teep/tam/session_memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "teep/tam/conversation.h"

/* Lists by the hash of the tid. */
#define BUCKETS 256U

struct kept {
	struct kept *next;	    /* of the bucket */
	struct kept *older, *newer; /* of all */
	struct conversation *conversation;
	size_t octets;
	time_t since;
};

struct session_memory {
	pthread_mutex_t mutex;
	struct kept *buckets[BUCKETS];
	struct kept *oldest, *newest;
	size_t octets, most;
};

struct session_memory *session_memory_open(size_t octets)
{
	struct session_memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return NULL;
	(void)pthread_mutex_init(&memory->mutex, NULL);
	memory->most = octets;
	return memory;
}

static struct kept **bucket_of(struct session_memory *memory, const char *tid)
{
	uint32_t hash = 2166136261U;

	for (; *tid; tid++)
		hash = (hash ^ (uint8_t)*tid) * 16777619U;
	return &memory->buckets[hash % BUCKETS];
}

/* With the mutex held. */
static struct kept *find(struct session_memory *memory, const char *tid)
{
	struct kept *kept = *bucket_of(memory, tid);

	while (kept && strcmp(kept->conversation->session.tid, tid) != 0)
		kept = kept->next;
	return kept;
}

/* With the mutex held. */
static void leave(struct session_memory *memory, struct kept *kept)
{
	struct kept **at = bucket_of(memory, kept->conversation->session.tid);

	while (*at != kept)
		at = &(*at)->next;
	*at = kept->next;
	*(kept->older ? &kept->older->newer : &memory->oldest) = kept->newer;
	*(kept->newer ? &kept->newer->older : &memory->newest) = kept->older;
	memory->octets -= kept->octets;
}

static void kept_free(struct kept *kept)
{
	conversation_close(kept->conversation);
	free(kept);
}

/* Those before `before`, and as many as are too many; to be freed outside of the mutex, in a list.
 */
static struct kept *let_go(struct session_memory *memory, time_t before)
{
	struct kept *gone = NULL, *kept;

	while ((kept = memory->oldest) && (kept->since < before || memory->octets > memory->most)) {
		leave(memory, kept);
		kept->next = gone;
		gone = kept;
	}
	return gone;
}

static void all_free(struct kept *list)
{
	while (list) {
		struct kept *next = list->next;

		kept_free(list);
		list = next;
	}
}

static time_t now_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

void session_memory_put(struct session_memory *memory, struct conversation *conversation,
			size_t octets)
{
	const char *tid = conversation->session.tid;
	struct kept *kept = memory && octets <= memory->most ? malloc(sizeof(*kept)) : NULL;
	struct kept **bucket, *gone, *same;

	if (!kept) {
		conversation_close(conversation);
		return;
	}
	*kept = (struct kept) { .conversation = conversation,
				.octets = octets,
				.since = now_seconds() };
	(void)pthread_mutex_lock(&memory->mutex);
	same = find(memory, tid);
	if (same)
		leave(memory, same);
	bucket = bucket_of(memory, tid);
	kept->next = *bucket;
	*bucket = kept;
	kept->older = memory->newest;
	*(memory->newest ? &memory->newest->newer : &memory->oldest) = kept;
	memory->newest = kept;
	memory->octets += octets;
	gone = let_go(memory, 0);
	(void)pthread_mutex_unlock(&memory->mutex);
	if (same)
		kept_free(same);
	all_free(gone);
}

struct conversation *session_memory_take(struct session_memory *memory, const char *tid,
					 struct span hash)
{
	struct conversation *conversation = NULL;
	struct kept *kept;

	if (!memory)
		return NULL;
	(void)pthread_mutex_lock(&memory->mutex);
	kept = find(memory, tid);
	if (kept && span_equal(kept->conversation->session.last_hash, hash))
		kept = NULL;
	if (kept)
		leave(memory, kept);
	(void)pthread_mutex_unlock(&memory->mutex);
	if (kept)
		conversation = kept->conversation;
	free(kept);
	return conversation;
}

char *session_memory_answer(struct session_memory *memory, const char *tid, int64_t revision)
{
	const struct kept *kept;
	char *answer = NULL;

	if (!memory)
		return NULL;
	(void)pthread_mutex_lock(&memory->mutex);
	kept = find(memory, tid);
	if (kept && kept->conversation->revision == revision &&
	    kept->conversation->long_answer.data)
		answer = strndup((const char *)kept->conversation->long_answer.data,
				 kept->conversation->long_answer.size);
	(void)pthread_mutex_unlock(&memory->mutex);
	return answer;
}

void session_memory_expire(struct session_memory *memory, int64_t before)
{
	struct kept *gone;

	if (!memory)
		return;
	(void)pthread_mutex_lock(&memory->mutex);
	gone = let_go(memory, before);
	(void)pthread_mutex_unlock(&memory->mutex);
	all_free(gone);
}

void session_memory_close(struct session_memory *memory)
{
	if (!memory)
		return;
	session_memory_expire(memory, INT64_MAX);
	(void)pthread_mutex_destroy(&memory->mutex);
	free(memory);
}
