/*
 * All figures, in the order in which they are told. Each is in the file of its name.
 */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include "harness.h"

/* Without the tests in the tree there is no TAM to measure with. */
#ifdef BENCH_OTRP
#define OTRP_FIGURES(X)  \
	X(otrp_commands) \
	X(otrp_many)     \
	X(otrp_one_tam)
#else
#define OTRP_FIGURES(X)
#endif

/* Without a TAM in the tree there is none to measure. */
#ifdef BENCH_TEEP
#define TEEP_FIGURES(X)   \
	X(teep_sessions)  \
	X(teep_known)     \
	X(teep_connected) \
	X(teep_fleet)
#else
#define TEEP_FIGURES(X)
#endif

#define FIGURES(X)           \
	X(floor_pingpong)    \
	X(empty_invoke)      \
	X(four_values)       \
	X(shared_block)      \
	X(temporary_small)   \
	X(temporary_large)   \
	X(one_cpu)           \
	X(cold_open)         \
	X(warm_open_close)   \
	X(parallel)          \
	X(busy_among_many)   \
	X(ta_to_ta)          \
	X(system_calls)      \
	X(idle)              \
	X(crypto_bulk)       \
	X(crypto_signatures) \
	X(crypto_short)      \
	X(storage_small)     \
	X(storage_durable)   \
	X(storage_read)      \
	X(storage_write_all) \
	X(storage_read_all)  \
	X(storage_random)    \
	X(javascript)        \
	OTRP_FIGURES(X)      \
	TEEP_FIGURES(X)

#define FIGURE_DECLARE(name) void name##_run(struct bench *bench);
FIGURES(FIGURE_DECLARE)
#undef FIGURE_DECLARE

#endif
