/*
 * The properties of this trusted application; the dev kit's own source makes its header of them.
 */
#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

#include <teller_ta.h>

#define TA_UUID TELLER_TA_UUID

/* No flag: every client has a teller of its own. */
#define TA_FLAGS       0

#define TA_STACK_SIZE  (4 * 1024)
#define TA_DATA_SIZE   (32 * 1024)

#define TA_VERSION     "1.0"
#define TA_DESCRIPTION "Teller of the bank example"

#endif
