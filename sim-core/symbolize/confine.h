/*
 * What narrows teesim-symbolize: debug information is large, its formats are many, and the parser
 * of them is not ours. Runs in teesim-symbolize, first of all.
 */
#ifndef TEESIM_SYMBOLIZE_CONFINE_H
#define TEESIM_SYMBOLIZE_CONFINE_H

/* Limits memory and time, and leaves only the system calls of symbolize.policy. Returns 0 or -errno
 * where the kernel does not have a part of it. */
int confine(void);

#endif
