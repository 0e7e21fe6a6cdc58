/* One build for each of several UUIDs. */
#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

#include <tee_api_types.h>

#define TA_UUID                                                                   \
	{                                                                         \
		0xc4a50000, 0x7e57, 0x4b1d,                                       \
		{                                                                 \
			0x9a, 0x3e, 0x5e, 0x0c, 0x8d, 0x21, 0x00, CRASH_TA_NUMBER \
		}                                                                 \
	}
#define TA_FLAGS       0
#define TA_STACK_SIZE  (64 * 1024)
#define TA_DATA_SIZE   (64 * 1024)
#define TA_DESCRIPTION "crash"
#define TA_VERSION     "1"

#endif
