/*
 * libcrypto, loaded for those TAs alone that want it. Runs in ta-host.
 *
 * All of ta-host calls the library by its own names; the functions of those names
 * (lazy_library.cmake makes them from libcrypto.functions) lead into it once it is open, and panic
 * before.
 */
#ifndef TEESIM_TA_HOST_API_LAZY_LIBRARY_H
#define TEESIM_TA_HOST_API_LAZY_LIBRARY_H

#include <stdbool.h>

/* Opens the library; needs files, so the sandbox must still be in its loading phase. Returns NULL,
 * or one line on what is wrong. A second call does nothing. */
const char *lazy_library_open(void);

/* From here on lazy_library_open() is refused: files can't be opened any more. */
void lazy_library_seal(void);

#endif
