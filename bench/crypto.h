/*
 * What the figures of cryptography share: a loop in a trusted application against the same loop
 * over the same library in this process.
 */
#ifndef BENCH_CRYPTO_H
#define BENCH_CRYPTO_H

/* As fast as 0.9 times the library alone. */
#define CRYPTO_TARGET (1 / 0.9)

#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "harness.h"

struct crypto_figure {
	const char *name;
	const char *title;
	/* Of ta/crypto_commands.h. */
	uint32_t command;
	/* Octets each time. */
	uint32_t size;
	/* How many times make a call: found out. */
	uint32_t times;
	/* At most so much longer than the library. */
	double target;
	/* What the library does `times` times; 0 or -EIO. */
	int (*library)(void *figure);
	const char *library_name;
	/* The library's side of it. */
	void *context;
};

/* Opens a session with the TA and measures each figure. */
void crypto_measure(struct bench *bench, struct crypto_figure *figures, size_t count);

/* The library's data, as the TA has its own. */
extern uint8_t crypto_in[], crypto_out[];

#endif
