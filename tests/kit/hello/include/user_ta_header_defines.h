#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

#include <hello_ta.h>

#define TA_UUID	       HELLO_TA_UUID
#define TA_FLAGS       (TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION)
#define TA_STACK_SIZE  (2 * 1024)
#define TA_DATA_SIZE   (32 * 1024)
#define TA_VERSION     "1.0"
#define TA_DESCRIPTION "Adds one"
#define TA_CURRENT_TA_EXT_PROPERTIES                                \
	{ "test.kit.text", USER_TA_PROP_TYPE_STRING, "some text" }, \
		{ "test.kit.number", USER_TA_PROP_TYPE_U32, &(const uint32_t) { 0x0010 } },

#endif /* USER_TA_HEADER_DEFINES_H */
