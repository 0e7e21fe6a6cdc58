/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trace levels, for C and for makefiles alike: nothing but numbers. TRACE_LEVEL at compile time
 * decides which messages exist at all, `trace_level` at run time which of them are printed.
 */
#ifndef TRACE_LEVELS_H
#define TRACE_LEVELS_H

#define TRACE_MIN   0
#define TRACE_ERROR 1
#define TRACE_INFO  2
#define TRACE_DEBUG 3
#define TRACE_FLOW  4
#define TRACE_MAX   TRACE_FLOW

/* The level that printf() of a TA counts as. */
#define TRACE_PRINTF_LEVEL TRACE_ERROR

#endif /* TRACE_LEVELS_H */
