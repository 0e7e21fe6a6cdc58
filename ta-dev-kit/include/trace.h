/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trace messages of a TA: EMSG, IMSG, DMSG and FMSG go to the simulator's log with level, function
 * and line; the *_RAW forms without. A message above TRACE_LEVEL compiles to nothing, one above the
 * run-time level is dropped by trace_printf().
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <compiler.h>
#include <trace_levels.h>

#ifndef TRACE_LEVEL
#ifdef CFG_TEE_TA_LOG_LEVEL
#define TRACE_LEVEL CFG_TEE_TA_LOG_LEVEL
#else
#define TRACE_LEVEL TRACE_MAX
#endif
#endif

/* A longer message is cut at this many bytes, terminator included. */
#define MAX_PRINT_SIZE	    256
#define MAX_FUNC_PRINT_SIZE 32

#ifdef __cplusplus
extern "C" {
#endif

/* Defined in each TA by user_ta_header.c: its level at run time, and the tag of its lines. */
extern int trace_level;
extern const char trace_ext_prefix[];

/* trace_ext_puts() - write @str, a finished line, to the log, whatever the level. */
void trace_ext_puts(const char *str);

/* trace_ext_get_thread_id() - number of the thread that runs the TA, -1 when there is none. */
int trace_ext_get_thread_id(void);

/* trace_ext_get_core_id() - number of the CPU to show in a line, -1 to show none. */
int trace_ext_get_core_id(void);

/* trace_set_level() - print messages up to @level; a @level out of range selects the highest. */
void trace_set_level(int level);

/* trace_get_level() - the level up to which messages are printed. */
int trace_get_level(void);

/*
 * trace_printf() - format one message and log it if its level is enabled
 *
 * @func: name of the function to show, NULL to print the message alone
 * @line: its line, 0 to show none
 * @level: TRACE_ERROR to TRACE_FLOW
 * @level_ok: @level is meaningful; false means the message is printed at every level
 * @fmt: as printf(); a missing newline is added
 */
void trace_printf(const char *func, int line, int level, bool level_ok, const char *fmt, ...)
	__printf(5, 6);

/*
 * dhex_dump() - log @len bytes at @buf in hexadecimal with their characters, sixteen a line
 *
 * @function, @line and @level are those of trace_printf().
 */
void dhex_dump(const char *function, int line, int level, const void *buf, int len);

#ifdef __cplusplus
}
#endif

#define trace_printf_helper(level, level_ok, ...) \
	trace_printf(__func__, __LINE__, (level), (level_ok), __VA_ARGS__)
#define trace_printf_helper_raw(level, level_ok, ...) \
	trace_printf(NULL, 0, (level), (level_ok), __VA_ARGS__)

/*
 * A message that is compiled out still has its format and arguments checked, so that it builds at
 * every level or at none.
 */
#define __trace_none(...)                                             \
	do {                                                          \
		if (0)                                                \
			trace_printf(NULL, 0, 0, false, __VA_ARGS__); \
	} while (0)

#if TRACE_LEVEL > TRACE_MIN
#define MSG(...)     trace_printf_helper(0, false, __VA_ARGS__)
#define MSG_RAW(...) trace_printf_helper_raw(0, false, __VA_ARGS__)
#define SMSG(...)    trace_printf_helper(TRACE_ERROR, true, __VA_ARGS__)
#else
#define MSG(...)     __trace_none(__VA_ARGS__)
#define MSG_RAW(...) __trace_none(__VA_ARGS__)
#define SMSG(...)    __trace_none(__VA_ARGS__)
#endif

#if TRACE_LEVEL >= TRACE_ERROR
#define EMSG(...)     trace_printf_helper(TRACE_ERROR, true, __VA_ARGS__)
#define EMSG_RAW(...) trace_printf_helper_raw(TRACE_ERROR, true, __VA_ARGS__)
#else
#define EMSG(...)     __trace_none(__VA_ARGS__)
#define EMSG_RAW(...) __trace_none(__VA_ARGS__)
#endif

#if TRACE_LEVEL >= TRACE_INFO
#define IMSG(...)     trace_printf_helper(TRACE_INFO, true, __VA_ARGS__)
#define IMSG_RAW(...) trace_printf_helper_raw(TRACE_INFO, true, __VA_ARGS__)
#else
#define IMSG(...)     __trace_none(__VA_ARGS__)
#define IMSG_RAW(...) __trace_none(__VA_ARGS__)
#endif

#if TRACE_LEVEL >= TRACE_DEBUG
#define DMSG(...)	   trace_printf_helper(TRACE_DEBUG, true, __VA_ARGS__)
#define DMSG_RAW(...)	   trace_printf_helper_raw(TRACE_DEBUG, true, __VA_ARGS__)
#define DHEXDUMP(buf, len) dhex_dump(__func__, __LINE__, TRACE_DEBUG, (buf), (len))
#else
#define DMSG(...)	   __trace_none(__VA_ARGS__)
#define DMSG_RAW(...)	   __trace_none(__VA_ARGS__)
#define DHEXDUMP(buf, len) ((void)sizeof((buf)), (void)sizeof((len)))
#endif

#if TRACE_LEVEL >= TRACE_FLOW
#define FMSG(...)     trace_printf_helper(TRACE_FLOW, true, __VA_ARGS__)
#define FMSG_RAW(...) trace_printf_helper_raw(TRACE_FLOW, true, __VA_ARGS__)
#else
#define FMSG(...)     __trace_none(__VA_ARGS__)
#define FMSG_RAW(...) __trace_none(__VA_ARGS__)
#endif

/* Entry to and exit from a function. */
#define INMSG(...)  FMSG("> " __VA_ARGS__)
#define OUTMSG(...) FMSG("< " __VA_ARGS__)
#define OUTRMSG(r)                   \
	do {                         \
		OUTMSG("r=[%x]", r); \
		return r;            \
	} while (0)

/* Call stacks come from the debugger here; the names exist so that sources which use them build. */
#define EPRINT_STACK() ((void)0)
#define IPRINT_STACK() ((void)0)
#define DPRINT_STACK() ((void)0)
#define FPRINT_STACK() ((void)0)

#endif /* TRACE_H */
