/*
 * Makes a loaded TA call other functions than the ones that the dynamic linker found for it,
 * without changing anything for the rest of the process.
 *
 * Runs in ta-host, in the loading phase, after loader_open() and before any code of the TA: the
 * addresses are in tables that the TA's images bring along and that are read-only afterwards.
 */
#ifndef TEESIM_LOADER_REDIRECT_H
#define TEESIM_LOADER_REDIRECT_H

#include <stddef.h>

struct loaded_ta;

struct redirection {
	const char *symbol;
	void (*function)(void);
};

/* From now on, the TA and its own libraries, and the C++ library on their behalf, call `function`
 * wherever they name `symbol`. Returns 0 or -errno, with part of it done. */
int redirect_calls(const struct loaded_ta *ta, const struct redirection *redirections,
		   size_t count);

#endif
