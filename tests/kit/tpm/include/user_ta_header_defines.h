#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

#define TA_UUID                                                        \
	{                                                              \
		0x6a4dd3f1, 0x2fcb, 0x4b0c,                            \
		{                                                      \
			0x8a, 0x35, 0x21, 0xf7, 0xf0, 0xd4, 0xa1, 0x30 \
		}                                                      \
	}
#define TA_FLAGS       (TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION)
#define TA_STACK_SIZE  (2 * 1024)
#define TA_DATA_SIZE   (32 * 1024)
#define TA_DESCRIPTION "A TA of foreign sources"

#endif
