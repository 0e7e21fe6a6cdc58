/*
 * Faults on demand: what a TA is to meet at its nth operation of some kind, so that the paths that
 * it takes then can be tested. `teesim run --fault storage.write=ENOSPC@3,random.generate=zeros`.
 *
 * A plan is text until it reaches the TA's process, where it is armed. Operations are counted for
 * each TA instance by itself. Linked into teesim and teesimd, which check plans, and into ta-host,
 * which follows one.
 */
#ifndef TEESIM_WIRE_FAULT_H
#define TEESIM_WIRE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum fault_point {
	FAULT_STORAGE_OPEN,
	FAULT_STORAGE_CREATE,
	FAULT_STORAGE_READ,
	FAULT_STORAGE_WRITE,
	FAULT_STORAGE_TRUNCATE,
	FAULT_STORAGE_SEEK,
	FAULT_STORAGE_RENAME,
	FAULT_STORAGE_DELETE,
	FAULT_STORAGE_ENUMERATE,
	FAULT_STORAGE_INFO,
	FAULT_MEMORY_ALLOCATE,
	FAULT_RANDOM_GENERATE,
	FAULT_TA_OPEN,
	FAULT_TA_INVOKE,
	FAULT_CHANNEL_OPEN,
	FAULT_CHANNEL_INVOKE,
	FAULT_POINTS,
};

#define FAULTS_MAX     64U
#define FAULT_TEXT_MAX 2048U

/* Results that are none, for what has no result. */
#define FAULT_PANIC 0x00000001U
#define FAULT_ZEROS 0x00000002U

struct fault {
	enum fault_point point;
	/* TEE_Result, or one of the above. */
	uint32_t result;
	/* The first operation that meets it, and the last; they count from 1. */
	uint64_t first;
	uint64_t last;
};

struct fault_plan {
	struct fault fault[FAULTS_MAX];
	unsigned int count;
	/* How many operations there were. */
	uint64_t operations[FAULT_POINTS];
};

/* POINT=ERROR[@N|@N+|@N-M], separated by commas. Returns 0, or -EINVAL with one line about what is
 * wrong in `err`. */
int fault_plan_parse(const char *text, size_t size, struct fault_plan *out, char *err,
		     size_t errlen);

/* The list of points and of what can be injected there, for people. */
void fault_print_help(FILE *to);

/* From now on the calling process follows the plan. */
void fault_arm(const struct fault_plan *plan);

/* Bit n: something is planned for point n. */
extern uint32_t fault_armed;

/* Counts one more operation; returns what it is to meet, or 0. */
uint32_t fault_count(enum fault_point point);

/* Where that result would come from: ORIGIN_COMMS, or ORIGIN_TEE. */
uint32_t fault_origin(uint32_t result);

static inline uint32_t fault_next(enum fault_point point)
{
	return __builtin_expect(fault_armed >> point & 1, 0) ? fault_count(point) : 0;
}

#endif
