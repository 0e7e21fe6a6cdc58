#include "serving/sessions.h"

#include <errno.h>
#include <stdlib.h>

#include "serving/overlap.h"

#define BUCKETS 1024U

static struct session *bucket[BUCKETS];

struct session *sessions_find(uint32_t id)
{
	struct session *session = bucket[id % BUCKETS];

	while (session && session->id != id)
		session = session->next;
	return session;
}

struct session *sessions_add(struct channel_listener *listener, uint32_t id, int fd, uint32_t slot,
			     int *err)
{
	struct session *session;

	if (sessions_find(id)) {
		*err = -EEXIST;
		return NULL;
	}
	session = calloc(1, sizeof(*session));
	if (!session) {
		*err = -ENOMEM;
		return NULL;
	}
	*err = channel_listener_add(listener, &session->host, fd, slot);
	if (*err < 0) {
		free(session);
		return NULL;
	}
	session->id = id;
	session->next = bucket[id % BUCKETS];
	bucket[id % BUCKETS] = session;
	return session;
}

void sessions_remove(struct channel_listener *listener, struct session *session)
{
	struct session **link = &bucket[session->id % BUCKETS];

	while (*link != session)
		link = &(*link)->next;
	*link = session->next;
	channel_listener_remove(listener, &session->host);
	free(session);
}

size_t sessions_overlap(const void *address, size_t size)
{
	size_t sum = 0;

	for (unsigned int i = 0; i < BUCKETS; i++) {
		for (const struct session *s = bucket[i]; s; s = s->next) {
			sum += overlap_size(address, size, s->host.channel, CHANNEL_SIZE);
			if (s->host.arena_is_separate)
				sum += overlap_size(address, size, s->host.arena,
						    s->host.arena_size);
			if (s->host.offered)
				sum += overlap_size(address, size, s->host.offered,
						    s->host.offered_size);
		}
	}
	return sum;
}
