/*
 * How much trusted storage may hold, as command lines have it. Runs in teesim and teesimd.
 */
#ifndef TEESIM_STORAGE_QUOTA_H
#define TEESIM_STORAGE_QUOTA_H

#include <stdint.h>

#define STORAGE_QUOTA_TA     (UINT64_C(1024) << 20)
#define STORAGE_QUOTA_DEVICE (UINT64_C(4096) << 20)

/* "TA" or "TA:DEVICE" in mebibytes, 0 for no limit; `*device` stays where it is not named. Returns
 * 0 or -EINVAL. */
int storage_quota_parse(const char *text, uint64_t *ta, uint64_t *device);

#endif
