#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

/* To get the TA UUID definition */
#include <hello_ta.h>

#define TA_UUID	       TA_HELLO_UUID
#define TA_FLAGS       (TA_FLAG_EXEC_DDR)
#define TA_STACK_SIZE  (2 * 1024)
#define TA_DATA_SIZE   (32 * 1024)
#define TA_DESCRIPTION "Adds one"

#endif
