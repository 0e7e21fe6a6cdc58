/*
 * What tee-otrp may do once its TEE has started: its sockets, the files that it has open, memory.
 * It opens nothing any more, has no network and makes no process; nobody reads its memory.
 *
 * Runs in tee-otrp.
 */
#ifndef TEESIM_OTRP_TEE_CONFINE_H
#define TEESIM_OTRP_TEE_CONFINE_H

/* Before any key is read: no core files, no tracing by other processes. 0 or -errno. */
int tee_confine_memory(void);

/* For good, for this thread and those that it starts; what the kernel lacks of Landlock is left
 * out. The directory is NULL where there is none to work in. 0 or -errno. */
int tee_confine_files(const char *device_directory);

/* After that, all threads. 0 or -errno. */
int tee_confine(void);

#endif
