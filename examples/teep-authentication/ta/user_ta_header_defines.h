/*
 * The properties of this trusted application; the dev kit's own source makes its header of them.
 */
#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

#include <authentication_ta.h>

#define TA_UUID AUTHENTICATION_TA_UUID

/* One instance, in which a key's count is read and written by one at a time. */
#define TA_FLAGS       (TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION)

#define TA_STACK_SIZE  (8 * 1024)
#define TA_DATA_SIZE   (32 * 1024)

#define TA_VERSION     "1.0"
#define TA_DESCRIPTION "Authentication example"

#endif
