/*
 * A directory for one test, in memory, where a flush costs nothing: what is durable is a test of
 * its own. Its name says which process made it; what a test that was killed left behind goes when
 * the next one of that name begins. By a name that the fixture of other tests does not take for
 * something left behind.
 */
#ifndef TEESIM_TESTS_TEEP_SCRATCH_DIRECTORY_H
#define TEESIM_TESTS_TEEP_SCRATCH_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

/* false: it could not be made. `name` has no '-' at its end. */
bool scratch_directory_make(const char *name, char *out, size_t size);
/* With all that is in it. */
bool scratch_directory_remove(const char *path);

#endif
