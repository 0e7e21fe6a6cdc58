/* What the kernel tells of a process, by what /proc shows to an ordinary user. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The processes below `ancestor` whose name is `name` (NULL: any). Returns how many, `max` at most.
 */
unsigned int process_descendants(pid_t ancestor, const char *name, pid_t *pids, unsigned int max);

/* Processor time of all threads so far, in the system's clock ticks, or -errno. */
int64_t process_cpu_ticks(pid_t pid);

/* Context switches of all threads so far, or -errno. */
int64_t process_switches(pid_t pid);

/* Memory in octets that no other process has, or -errno. Where the kernel does not let us look at
 * smaps_rollup (the process is not dumpable, and we are not root), it is what is resident and not
 * of a file, and `*exact` is 0. */
int64_t process_private_memory(pid_t pid, int *exact);

/* Resident memory in octets, or -errno. */
int64_t process_resident_memory(pid_t pid);

#endif
