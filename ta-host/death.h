/*
 * How an instance ends before its time: a panic, a fault, a system call that the sandbox refuses.
 * The last thing the process does is to tell teesimd what happened, in one message.
 */
#ifndef TEESIM_TA_HOST_DEATH_H
#define TEESIM_TA_HOST_DEATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is under way, for the report. Kept up to date by instance.c. */
struct death_context {
	uint32_t op;
	uint32_t cmd;
	uint32_t session;
};

extern struct death_context death_context;

struct stack_thread;

/* Installs the handlers; they run on the calling thread's signal stack (loader/stack.h). To be
 * called on the TA's thread, `thread`, before the sandbox forbids it. Returns 0 or -errno. */
int death_watch(const struct stack_thread *thread);

/* Notes what is loaded where, so that a report can turn addresses into lines of source. To be
 * called when everything is loaded. */
struct loaded_ta;
void death_note_modules(const struct loaded_ta *ta);

/* Ends the process as a panic with `code`. `reason` may be NULL; `caller` is where the call of the
 * function returns to that found the TA at fault: the report's backtrace starts there. */
__attribute__((noreturn)) void death_by_panic(uint32_t code, const char *reason,
					      const void *caller);

/* Does every page of [address, address + size) bear being read, or being written? Touches one octet
 * of each page; writing leaves it as it was. */
bool death_probe(const void *address, size_t size, bool write);

#endif
