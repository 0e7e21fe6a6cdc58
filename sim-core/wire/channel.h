/*
 * The command channel: what a client and a TA host share for one session. One memfd, made and
 * sealed by teesimd, mapped by all three; a header page, then the arena for copied memory
 * references.
 *
 * Every party can write every octet of it at any time, so no party believes what it reads: each
 * field is read once into private memory (channel_client.c, channel_host.c) and checked there.
 *
 * One operation is under way at a time. The client fills `request` and then advances
 * `request.seq`; the host answers by filling `reply` and setting `reply.seq` to the same number.
 * The command, its types and all four values stand in the cache line of the request word, result
 * and outputs in that of the reply word, so a call without memory moves two lines and no more.
 */
#ifndef TEESIM_WIRE_CHANNEL_H
#define TEESIM_WIRE_CHANNEL_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNEL_HEADER_SIZE 4096U
/* The arena that comes with the channel; channels that need more get a larger one from teesimd. */
#define CHANNEL_ARENA_SIZE (64U * 1024U)
#define CHANNEL_SIZE	   (CHANNEL_HEADER_SIZE + CHANNEL_ARENA_SIZE)
/* No operation copies more than this. */
#define CHANNEL_ARENA_MAX (1ULL << 30)
/* Each reference starts on such a boundary of the arena. */
#define CHANNEL_ARENA_ALIGN 64U

#define CHANNEL_PARAMS	    4

enum channel_op {
	CHANNEL_OPEN = 1,
	CHANNEL_INVOKE = 2,
	CHANNEL_CLOSE = 3,
};

/* What teesimd knows of a session's end. */
enum channel_end {
	CHANNEL_END_DEATH = 1, /* the host is gone: nothing is answered any more */
	CHANNEL_END_SAID = 2,  /* the host said that it ended; its last answer may be on its way */
};

/* Parameter types, four bits each: the values that TEE_PARAM_TYPES uses. */
enum channel_type {
	CHANNEL_TYPE_NONE = 0,
	CHANNEL_TYPE_VALUE_INPUT = 1,
	CHANNEL_TYPE_VALUE_OUTPUT = 2,
	CHANNEL_TYPE_VALUE_INOUT = 3,
	CHANNEL_TYPE_MEMREF_INPUT = 5,
	CHANNEL_TYPE_MEMREF_OUTPUT = 6,
	CHANNEL_TYPE_MEMREF_INOUT = 7,
};

static inline uint32_t channel_type_of(uint32_t types, unsigned int i)
{
	return types >> (4 * i) & 0xF;
}

/* Set in the type of each parameter that is memory. */
#define CHANNEL_TYPES_MEMREF 0x4444U
/* The same of those whose memory is not in the request word's line. */
#define CHANNEL_TYPES_MEMREF_FAR 0x4440U

/* Is there a parameter at `i` or behind it? */
static inline bool channel_types_remain(uint32_t types, unsigned int i)
{
	return i < CHANNEL_PARAMS && types >> (4 * i) != 0;
}

/* Types are bit sets in which 1 reads, 2 writes, 4 is memory. */
static inline int channel_type_is_memref(uint32_t type)
{
	return (type & 4) != 0;
}

static inline int channel_type_is_output(uint32_t type)
{
	return (type & 2) != 0;
}

static inline int channel_type_is_input(uint32_t type)
{
	return (type & 1) != 0;
}

/* Where a memory reference lies. */
enum channel_place {
	CHANNEL_PLACE_NULL = 0,	 /* a NULL pointer of whatever size the client named */
	CHANNEL_PLACE_ARENA = 1, /* `offset` counts from the arena's start; `block` is its size,
				  * which tells which arena the client has */
	CHANNEL_PLACE_BLOCK = 2, /* `offset` counts from the start of shared block `block` */
};

union channel_slot {
	struct {
		uint32_t a;
		uint32_t b;
	} value;
	uint64_t size;
};

struct channel_memref {
	uint32_t place;
	uint32_t block;
	uint64_t offset;
};

struct channel_request {
	_Atomic uint32_t seq;
	uint32_t op;
	uint32_t cmd;
	uint32_t types;
	union channel_slot slot[CHANNEL_PARAMS];
	/* Read only for the parameters that `types` says are memory. The first one's is in the line
	 * of the request word still. */
	struct channel_memref memref[CHANNEL_PARAMS];
	uint8_t unused[16];
};

struct channel_reply {
	_Atomic uint32_t seq;
	uint32_t result;
	uint32_t origin;
	uint32_t unused_word;
	union channel_slot slot[CHANNEL_PARAMS];
	uint8_t unused[16];
};

/* Each party's words stand 128 octets from another's, since processors fetch lines in pairs. */
struct channel {
	struct channel_request request; /* the client writes */
	struct channel_reply reply;	/* the host writes */
	uint8_t unused_reply[64];
	struct {
		/* The client sleeps on reply.seq. */
		_Atomic uint32_t parked;
		/* The operation with this number is to be cancelled; the host may sleep on it. */
		_Atomic uint32_t cancel;
		/* Where the client runs, as wait_cpu() gives it. */
		_Atomic uint32_t cpu;
		uint8_t unused[116];
	} client;
	struct {
		/* The host will look at request.seq by itself: no need to ring. */
		_Atomic uint32_t watching;
		uint8_t unused[124];
	} host;
	struct {
		/* The last request that the host took up. Apart from the host's other words,
		 * because it changes with every call and clients read it only to cancel. */
		_Atomic uint32_t taken;
		uint8_t unused[124];
	} progress;
	struct {
		/* Not 0 once the session takes no further operation: enum channel_end. */
		_Atomic uint32_t dead;
		uint8_t unused[124];
	} keeper;
	uint8_t unused[CHANNEL_HEADER_SIZE - 6 * 128];
};

/* Fetches a line for writing ahead of time, while there is something else to do. Harmless for any
 * address. */
static inline void channel_line_claim(const void *line)
{
#if defined(__x86_64__)
	/* The compiler's own makes this a fetch for reading on processors of the first years. */
	__asm__ volatile("prefetchw %0" : : "m"(*(const char *)line));
#else
	__builtin_prefetch(line, 1);
#endif
}

/* Before a call with such parameters. A line that the host does not look at between two calls can
 * be claimed however long the rest takes; the other one only if little is left to do. */
static inline void channel_request_claim(const struct channel *channel, uint32_t types)
{
	if (types & CHANNEL_TYPES_MEMREF_FAR)
		channel_line_claim(&channel->request.memref[1]);
	if (!(types & CHANNEL_TYPES_MEMREF))
		channel_line_claim(&channel->request);
}

static_assert(sizeof(struct channel_request) == 128, "one line for the call, one for its memory");
static_assert(offsetof(struct channel_request, memref[1]) == 64,
	      "all memory but the first parameter's is the second line");
static_assert(sizeof(struct channel_reply) == 64, "the reply is one line");
static_assert(offsetof(struct channel, reply) == 128, "no pair of lines has two writers");
static_assert(offsetof(struct channel, client) == 256, "no pair of lines has two writers");
static_assert(offsetof(struct channel, host) == 384, "no pair of lines has two writers");
static_assert(offsetof(struct channel, progress) == 512, "no pair of lines has two writers");
static_assert(offsetof(struct channel, keeper) == 640, "no pair of lines has two writers");
static_assert(sizeof(struct channel) == CHANNEL_HEADER_SIZE, "the header is one page");

#endif
