/* The properties of the trusted applications that are measured; BENCH_TA_NUMBER says which. */
#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

#include <bench_ta.h>

#define TA_UUID BENCH_TA_UUID(BENCH_TA_NUMBER)

#if BENCH_TA_NUMBER == BENCH_TA_PLAIN || BENCH_TA_NUMBER == BENCH_TA_CRYPTO || \
	BENCH_TA_NUMBER == BENCH_TA_STORAGE
#define TA_FLAGS 0
#elif BENCH_TA_NUMBER == BENCH_TA_SHARED
#define TA_FLAGS (TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION)
#else
#define TA_FLAGS (TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION | TA_FLAG_INSTANCE_KEEP_ALIVE)
#endif

#define TA_STACK_SIZE (8 * 1024)
#if BENCH_TA_NUMBER == BENCH_TA_CRYPTO
#define TA_DATA_SIZE (4 * 1024 * 1024)
#else
#define TA_DATA_SIZE (32 * 1024)
#endif

#define TA_VERSION     "1.0"
#define TA_DESCRIPTION "Does nothing, as fast as it can be asked to"

#endif
