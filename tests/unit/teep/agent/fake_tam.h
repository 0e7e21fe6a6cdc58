/*
 * A TAM that is none: an HTTP server in a thread, which answers what a test has written down, octet
 * by octet, and keeps what it was asked.
 */
#ifndef TEESIM_TESTS_AGENT_FAKE_TAM_H
#define TEESIM_TESTS_AGENT_FAKE_TAM_H

#include <pthread.h>
#include <stddef.h>

#define FAKE_TAM_ANSWERS_MAX 8

struct fake_tam {
	char uri[64];
	/* One for each request, in their order; NULL: the connection is closed without one, and
	 * every later one as well. */
	const char *answers[FAKE_TAM_ANSWERS_MAX];
	char *requests[FAKE_TAM_ANSWERS_MAX]; /* the whole of each, as it came */
	unsigned int count;
	int listener;
	pthread_t thread;
};

void fake_tam_start(struct fake_tam *fake);
void fake_tam_stop(struct fake_tam *fake);

#endif
