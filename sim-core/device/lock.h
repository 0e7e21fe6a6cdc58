/*
 * The lock of a device's directory, and who has it.
 *
 * A file `lock` that is locked as a whole. The daemon notes itself in it, so that it can be found
 * when it takes no connection any more; whoever else works on the directory only locks it. Runs in
 * teesimd and in `teesim`. The note is believed of a process of that number that began when the
 * note says, and of nobody else.
 */
#ifndef TEESIM_DEVICE_LOCK_H
#define TEESIM_DEVICE_LOCK_H

#include <sys/types.h>

/* Returns the descriptor, which has the lock until it is closed; -EBUSY where somebody else has
 * it, or another -errno. */
int lock_take(const char *directory);

/* Who has the lock is process `pid`, this one. */
void lock_note(int fd, pid_t pid);

/* The process that has noted itself and lives: fills `pid`, and returns a descriptor of it
 * (pidfd_open(2)), the caller's to close; -ESRCH where there is none, or another -errno. */
int lock_owner(const char *directory, pid_t *pid);

#endif
