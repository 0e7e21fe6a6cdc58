/* What TA and libraries note, each in its constructors; the TA has it. */
#ifndef GP_SHARED_LIBRARY_HISTORY_H
#define GP_SHARED_LIBRARY_HISTORY_H

#include <setjmp.h>
#include <stdint.h>

extern char history[64];
void remember(char letter);

/* Of the TA, called by libraries. */
uint32_t ta_adds(uint32_t n);

/* Of the first library, which needs the second. */
uint32_t outer(uint32_t n);
uint32_t outer_count(void);

/* Of the second. */
uint32_t inner(uint32_t n);
uint32_t inner_count(void);
void inner_die(uint32_t how);
void inner_jump(jmp_buf there, int with);

#endif
