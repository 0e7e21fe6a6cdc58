/*
 * The properties of this trusted application; the dev kit's own source makes its header of them.
 */
#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

#include <treasury_ta.h>

#define TA_UUID TREASURY_TA_UUID

/* One treasury for all tellers, and it stays when they have gone. */
#define TA_FLAGS       (TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION | TA_FLAG_INSTANCE_KEEP_ALIVE)

#define TA_STACK_SIZE  (4 * 1024)
#define TA_DATA_SIZE   (32 * 1024)

#define TA_VERSION     "1.0"
#define TA_DESCRIPTION "Treasury of the bank example"

#endif
