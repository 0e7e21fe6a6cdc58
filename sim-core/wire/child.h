/*
 * Starting a program that serves whoever started it over one socket, and ends with that.
 *
 * Runs in processes of the trusted OS. The child has nothing of its parent's but the socket and
 * stderr: no other descriptor, no environment.
 */
#ifndef TEESIM_WIRE_CHILD_H
#define TEESIM_WIRE_CHILD_H

#include <sys/types.h>

/* Runs `argv[0]`, which finds the socket as descriptor `number`, above those that have a name.
 * Returns this end of a SOCK_SEQPACKET pair, close-on-exec and the caller's, with
 * the child, which is to be waited for, in *pid; or -errno. */
int child_start(char *const argv[], int number, pid_t *pid);

#endif
