/*
 * What a run leaves behind: nothing. Everything that is measured runs below one supervising
 * process, in one temporary directory; however the run ends, the supervisor ends those processes
 * and removes the directory.
 */
#ifndef BENCH_SCRATCH_H
#define BENCH_SCRATCH_H

/* The directory of this run. */
const char *scratch_directory(void);

/* Makes the directory, leads the environment of all that follows there, and runs `work` in a
 * process of its own. Returns its exit status, or 128 + the signal that ended the run. */
int scratch_run(int (*work)(void *context), void *context);

#endif
