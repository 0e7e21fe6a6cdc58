/*
 * Who has the CPU first, where one of several processes that work on the same thing is waited for.
 *
 * Called by a process for itself, before a filter holds. Of a process whose user has chosen another
 * policy than the usual one nothing changes; failing does no harm, so nobody is told.
 */
#ifndef TEESIM_WIRE_TURN_H
#define TEESIM_WIRE_TURN_H

/* When this process wakes up it interrupts nobody, and who wakes up where it runs interrupts it:
 * what it computes takes long. Over time it has as much of the CPU as others. Children that it
 * starts later are like it. */
void turn_wait(void);

#endif
