/*
 * The properties of this trusted application; the dev kit's own source makes its header of them.
 */
#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

#include <formula_ta.h>

#define TA_UUID FORMULA_TA_UUID

/* One instance for all; what a session says stays in it. */
#define TA_FLAGS (TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION)

/* Exceptions take more of both than C does. */
#define TA_STACK_SIZE  (32 * 1024)
#define TA_DATA_SIZE   (256 * 1024)

#define TA_VERSION     "1.0"
#define TA_DESCRIPTION "Formula example, in C++"

#endif
