/*
 * Threads that wait for the TEE in the place of others: each job has one to itself for as long as
 * it runs, and none of them is of libuv's pool, which file and name look-ups need.
 *
 * Runs in the Node.js process; any thread may call it. A thread whose job is done is kept for a few
 * seconds for the next one. All threads are detached: at the end of the process there is nothing to
 * wait for.
 */
#ifndef TEEC_NODE_WORKER_H
#define TEEC_NODE_WORKER_H

/* Runs job(arg) on a thread of its own. Returns 0, or -errno when there can't be one more. */
int worker_run(void (*job)(void *arg), void *arg);

#endif
