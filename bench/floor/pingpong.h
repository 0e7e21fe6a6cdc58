/*
 * The floor: two processes that answer each other by one word each in one shared page, waiting as
 * the command channel does (wire/wait.h, then a futex), and nothing else. And the round trip
 * between two processes of which each sleeps in a socket until the other writes.
 */
#ifndef BENCH_PINGPONG_H
#define BENCH_PINGPONG_H

#include <sys/types.h>

#include "wire/wait.h"

struct pingpong_page;

/* How long a line takes from one CPU to another depends on where it lies in physical memory, by as
 * much as a factor of two: a measurement goes through so many places. */
#define PINGPONG_PLACES 64U

struct pingpong {
	struct pingpong_page *place;
	struct pingpong_page *page;
	struct wait_policy wait;
	uint32_t seq;
	pid_t peer;
	unsigned int rounds;
};

/* Starts the peer, on `cpu`, or anywhere for -1. `spin_us` as for wait_policy_init(). Returns 0 or
 * -errno. The peer dies with its parent. */
int pingpong_start(struct pingpong *pingpong, long spin_us, int cpu);
void pingpong_stop(struct pingpong *pingpong);

/* Goes on in the next of its places. Returns 0. */
int pingpong_renew(void *pingpong);

/* One round trip; `pingpong` is a struct pingpong. Returns 0. */
int pingpong_call(void *pingpong);

struct socket_peer {
	int fd;
	pid_t peer;
};

int socket_peer_start(struct socket_peer *peer);
void socket_peer_stop(struct socket_peer *peer);

/* One round trip; `peer` is a struct socket_peer. Returns 0 or -errno. */
int socket_peer_call(void *peer);

#endif
