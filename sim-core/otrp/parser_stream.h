/*
 * Jobs and answers on their socket: a length of 32 bits, and so many octets.
 *
 * Runs at both ends.
 */
#ifndef TEESIM_OTRP_PARSER_STREAM_H
#define TEESIM_OTRP_PARSER_STREAM_H

#include <sys/types.h>

#include "teep/otrp/arena.h"

/* A child's first word, and by whom the kernel says that it was said, which the receiving end must
 * have asked for before (SO_PASSCRED): the child's number, 0 where it said nothing, and with
 * MSG_DONTWAIT in `flags` -1 where it has not said anything yet. */
void parser_stream_greet(int sock);
pid_t parser_stream_greeted(int sock, int flags);

/* Returns when something can be read, the other end is gone, or after `patience_ms` (-1: never)
 * with -EAGAIN. Whoever waits in read() is woken as well whenever the other end reads what it was
 * sent, which costs both of them a turn of the CPU. */
int parser_stream_wait(int sock, int patience_ms);

/* Returns when the other end is gone. */
void parser_stream_wait_end(int sock);

/* How long the TEE waits for a child, which may have been taken over. */
#define PARSER_PATIENCE_SECONDS 15

/* 0, -EPIPE when the other end is gone, or another -errno. Never raises SIGPIPE. */
int parser_stream_write(int sock, struct span octets);

/* 0, -EPIPE, -EBADMSG for more than `most` octets, or another -errno. */
int parser_stream_read(int sock, uint32_t most, struct arena *arena, struct span *out);

#endif
