/*
 * Opening shared libraries for TAs at run time: dlopen() and its relatives as TAs know them, and
 * what the system pseudo TA offers of the same. Runs in ta-host, on the TA's thread.
 *
 * Nothing is mapped here, since nothing can be any more: the loader has brought in every library
 * that the TA could ask for (loader/loader.h), and opening one is to call its constructors. None is
 * ever taken out again.
 */
#ifndef TEESIM_TA_HOST_API_DYNAMIC_LIBRARY_H
#define TEESIM_TA_HOST_API_DYNAMIC_LIBRARY_H

#include <tee_api_types.h>

/* TEE_SUCCESS; TEE_ERROR_ITEM_NOT_FOUND when there is none; TEE_ERROR_GENERIC when there is one
 * that could not be loaded. `why` (may be NULL) is then a text that lives as long as the process.
 */
TEE_Result dynamic_library_open(const TEE_UUID *uuid, const char **why);

/* The address of `symbol` in the library and those that it needs, which must be open; with NULL for
 * `uuid`, in the TA and then in every library that is open. NULL when there is none. */
void *dynamic_library_symbol(const TEE_UUID *uuid, const char *symbol);

#endif
