/*
 * The process in which outsiders' octets are parsed: one that forks children ahead of time, each of
 * which does one job and ends, so that what took over one parse is gone with it.
 *
 * Runs in the TEE's OTrP process, which starts it (parser_process.c), and is the program
 * teesim-otrp-parser (parser_main.c). Both have one socket, on which the program hands out the
 * sockets of children that wait, and is told how many more there should be; a job is a length and a
 * record on a child's socket, and so is the answer. The program can reach nothing else: no files,
 * no network, no other process.
 */
#ifndef TEESIM_OTRP_PARSER_PROCESS_H
#define TEESIM_OTRP_PARSER_PROCESS_H

#include "otrp/parser_job.h"

struct parser_process;

/* 0 or -errno. */
int parser_process_start(struct parser_process **out, const char *program);
void parser_process_stop(struct parser_process *process);

/* Gives the job to a child, which then works while the TEE does something else; several may. 0;
 * -EBADMSG when the child died over the job; -EIO when there is no parser any more; -ENOMEM. */
int parser_process_begin(struct parser_process *process, const struct parser_job *job,
			 struct arena *arena, int *sock);

/* Children that are given a job from now on do it where the caller runs, which has nothing to do
 * but wait for them; or elsewhere, as at first, since it has (turn_place()). */
void parser_process_here(struct parser_process *process, bool here);

/* Waits for its answer. 0; -EBADMSG when the child died, or answered out of bounds; -ENOMEM. One
 * that nobody waits for is forgotten at the next refill; until then `sock` is the process's. */
int parser_process_end(struct parser_process *process, int sock, struct arena *arena,
		       struct parser_answer *out);

/* Has its end been noticed? */
bool parser_process_is_gone(const struct parser_process *process);

/* Makes up for the children that were used. To be called when there is time for it. */
void parser_process_refill(struct parser_process *process);

/* How many children wait; and how many of them a message may want, from a TAM that is known. */
#define PARSER_READY	  12
#define PARSER_OF_MESSAGE 4

/* How many are left. */
unsigned int parser_process_left(const struct parser_process *process);

/* The descriptor of the socket in the program. */
#define PARSER_SOCKET 3

/* No job and no answer is longer: a message of the largest size, twice decoded. */
#define PARSER_SIZE_MAX (128U << 20)

#endif
