/* The properties of the fleet's trusted application. */
#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

/* 1f3a7c80-5b0e-4d6c-9a41-0c2be7d9f316 */
#define TA_UUID                                                        \
	{                                                              \
		0x1f3a7c80, 0x5b0e, 0x4d6c,                            \
		{                                                      \
			0x9a, 0x41, 0x0c, 0x2b, 0xe7, 0xd9, 0xf3, 0x16 \
		}                                                      \
	}
#define TA_FLAGS       0
#define TA_STACK_SIZE  (4 * 1024)
#define TA_DATA_SIZE   (16 * 1024)
#define TA_VERSION     "1.0"
#define TA_DESCRIPTION "fleet"

#endif
