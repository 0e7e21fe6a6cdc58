#include "teep/tam/server/connection_watch.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

/* How late a connection may be ended. */
#define TICK_MS 500

struct watched {
	struct watched *previous, *next;
	int64_t deadline;
	int fd;
};

struct connection_watch {
	pthread_mutex_t mutex;
	pthread_cond_t stop;
	pthread_t thread;
	bool stopping;
	struct watched all; /* a ring */
};

int64_t watch_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void expired_end(struct connection_watch *watch)
{
	const int64_t now = watch_now();

	for (struct watched *one = watch->all.next; one != &watch->all; one = one->next)
		if (one->deadline <= now) {
			(void)shutdown(one->fd, SHUT_RDWR);
			one->deadline = INT64_MAX;
		}
}

static void *watch_run(void *argument)
{
	struct connection_watch *watch = argument;
	struct timespec until;

	(void)pthread_mutex_lock(&watch->mutex);
	while (!watch->stopping) {
		expired_end(watch);
		(void)clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += TICK_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		(void)pthread_cond_timedwait(&watch->stop, &watch->mutex, &until);
	}
	(void)pthread_mutex_unlock(&watch->mutex);
	return NULL;
}

struct connection_watch *connection_watch_open(void)
{
	struct connection_watch *watch = calloc(1, sizeof(*watch));
	pthread_condattr_t monotonic;

	if (!watch)
		return NULL;
	watch->all.previous = watch->all.next = &watch->all;
	(void)pthread_mutex_init(&watch->mutex, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&watch->stop, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	if (pthread_create(&watch->thread, NULL, watch_run, watch) != 0) {
		(void)pthread_cond_destroy(&watch->stop);
		(void)pthread_mutex_destroy(&watch->mutex);
		free(watch);
		return NULL;
	}
	return watch;
}

void connection_watch_close(struct connection_watch *watch)
{
	if (!watch)
		return;
	(void)pthread_mutex_lock(&watch->mutex);
	watch->stopping = true;
	(void)pthread_cond_signal(&watch->stop);
	(void)pthread_mutex_unlock(&watch->mutex);
	(void)pthread_join(watch->thread, NULL);
	(void)pthread_cond_destroy(&watch->stop);
	(void)pthread_mutex_destroy(&watch->mutex);
	free(watch);
}

struct watched *watch_add(struct connection_watch *watch, int fd, int64_t deadline)
{
	struct watched *watched = malloc(sizeof(*watched));

	if (!watched)
		return NULL;
	watched->fd = fd;
	watched->deadline = deadline;
	(void)pthread_mutex_lock(&watch->mutex);
	watched->previous = watch->all.previous;
	watched->next = &watch->all;
	watched->previous->next = watched;
	watched->next->previous = watched;
	(void)pthread_mutex_unlock(&watch->mutex);
	return watched;
}

void watch_deadline(struct connection_watch *watch, struct watched *watched, int64_t deadline)
{
	(void)pthread_mutex_lock(&watch->mutex);
	watched->deadline = deadline;
	(void)pthread_mutex_unlock(&watch->mutex);
}

void watch_remove(struct connection_watch *watch, struct watched *watched)
{
	(void)pthread_mutex_lock(&watch->mutex);
	watched->previous->next = watched->next;
	watched->next->previous = watched->previous;
	(void)pthread_mutex_unlock(&watch->mutex);
	free(watched);
}
