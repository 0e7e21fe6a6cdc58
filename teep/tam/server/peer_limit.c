#include "teep/tam/server/peer_limit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* A peer has its place in one of the sets, by a hash that others can't foresee. */
#define SETS 1024
#define WAYS 8

struct bucket {
	char peer[PEER_NAME_SIZE]; /* "": free */
	double tokens;
	int64_t at; /* when `tokens` was true */
};

struct peer_limit {
	pthread_mutex_t mutex;
	double per_second, burst;
	uint64_t seed;
	struct bucket sets[SETS][WAYS];
};

struct peer_limit *peer_limit_open(double per_second, uint32_t burst)
{
	struct peer_limit *limit = calloc(1, sizeof(*limit));

	if (!limit)
		return NULL;
	if (getrandom(&limit->seed, sizeof(limit->seed), 0) < 0)
		limit->seed = (uintptr_t)limit;
	(void)pthread_mutex_init(&limit->mutex, NULL);
	limit->per_second = per_second;
	limit->burst = burst;
	return limit;
}

void peer_limit_close(struct peer_limit *limit)
{
	if (!limit)
		return;
	(void)pthread_mutex_destroy(&limit->mutex);
	free(limit);
}

static size_t set_of(const struct peer_limit *limit, const char *peer)
{
	uint64_t hash = limit->seed;

	for (; *peer; peer++) {
		hash = (hash ^ (uint8_t)*peer) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	return hash % SETS;
}

/* The peer's bucket, filled up to now; for one that is not known, the quietest of its set. */
static struct bucket *bucket_find(struct peer_limit *limit, const char *peer, int64_t now)
{
	struct bucket *set = limit->sets[set_of(limit, peer)], *bucket = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (strncmp(set[i].peer, peer, PEER_NAME_SIZE - 1) == 0) {
			bucket = &set[i];
			break;
		}
		if (set[i].at < bucket->at)
			bucket = &set[i];
	}
	if (strncmp(bucket->peer, peer, PEER_NAME_SIZE - 1) != 0) {
		(void)snprintf(bucket->peer, sizeof(bucket->peer), "%s", peer);
		bucket->tokens = limit->burst;
	} else if (now > bucket->at) {
		bucket->tokens += (double)(now - bucket->at) / 1000 * limit->per_second;
		if (bucket->tokens > limit->burst)
			bucket->tokens = limit->burst;
	}
	bucket->at = now;
	return bucket;
}

bool peer_limit_take(struct peer_limit *limit, const char *peer, int64_t now,
		     uint32_t *retry_seconds)
{
	struct bucket *bucket;
	bool allowed;

	(void)pthread_mutex_lock(&limit->mutex);
	bucket = bucket_find(limit, peer, now);
	allowed = bucket->tokens >= 1;
	if (allowed)
		bucket->tokens -= 1;
	else
		*retry_seconds = 1 + (uint32_t)((1 - bucket->tokens) / limit->per_second);
	(void)pthread_mutex_unlock(&limit->mutex);
	return allowed;
}

void peer_limit_name(const char *address, char out[PEER_NAME_SIZE])
{
	struct in6_addr six;

	if (inet_pton(AF_INET6, address, &six) == 1) {
		if (IN6_IS_ADDR_V4MAPPED(&six)) {
			(void)inet_ntop(AF_INET, &six.s6_addr[12], out, PEER_NAME_SIZE);
			return;
		}
		memset(&six.s6_addr[8], 0, 8);
		(void)inet_ntop(AF_INET6, &six, out, PEER_NAME_SIZE);
		return;
	}
	(void)snprintf(out, PEER_NAME_SIZE, "%s", address);
}
