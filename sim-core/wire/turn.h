/*
 * Who has the CPU first, where one of several processes that work on the same thing is waited for.
 *
 * Called by a process for itself, before a filter holds. Of a process whose user has chosen another
 * policy than the usual one nothing changes; failing does no harm, so nobody is told.
 */
#ifndef TEESIM_WIRE_TURN_H
#define TEESIM_WIRE_TURN_H

#include <sys/types.h>

/* When this process wakes up it interrupts nobody, and who wakes up where it runs interrupts it:
 * what it computes takes long. Over time it has as much of the CPU as others. Children that it
 * starts later are like it. */
void turn_wait(void);

enum turn_place {
	TURN_ANYWHERE,
	TURN_ELSEWHERE,
	TURN_HERE,
};

/* Where there are two CPUs for the caller, another process or thread of its user, by its number,
 * runs on the caller's from now on, or on the other, or on any again: a scheduler that does not
 * know who waits for whom puts who is woken before or behind whoever woke it, while the other CPU
 * is free before long. Where there are more, or one, nothing changes, and neither for a number
 * below 1. To be called while the other sleeps: whoever runs would have to be moved. */
void turn_place(pid_t task, enum turn_place place);

#endif
