/*
 * A backtrace in words: function, file and line of each frame, with what was inlined there. Runs in
 * teesim-symbolize.
 */
#ifndef TEESIM_SYMBOLIZE_FRAMES_H
#define TEESIM_SYMBOLIZE_FRAMES_H

#include <stdio.h>

#include "wire/message.h"

/* Writes a line for each frame, and a line for what is missing. `host` is the file of that module,
 * `files` those of the TA and then of its libraries, up to a NULL. Returns 0, or -ENOMEM with
 * nothing written. */
int frames_print(const struct message_death *death, const char *host, char *const *files, FILE *to);

#endif
