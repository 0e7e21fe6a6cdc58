/* How far TAs may go in starting TAs by opening sessions. For teesimd, and for the command line
 * that sets the last of these. */
#ifndef TEESIM_SESSION_NESTING_H
#define TEESIM_SESSION_NESTING_H

/* A TA that opens a session with itself has a new instance of it do the same, and so on. */
#define INSTANCE_DEPTH_MAX 32
/* So many instances at a time are there because TAs opened sessions, where nothing else is said,
 * and so many at most. */
#define INSTANCES_BY_TAS_DEFAULT 128
#define INSTANCES_BY_TAS_MAX	 4096

#endif
