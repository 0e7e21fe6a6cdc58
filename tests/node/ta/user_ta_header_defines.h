/* Three trusted applications of one source: TEST_TA_NUMBER tells them apart. */
#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

#define TA_UUID                                                                    \
	{                                                                          \
		0x7e57c0de, 0x4e0d, 0x4a11,                                        \
		{                                                                  \
			0x9b, 0x2c, 0x5e, 0x0c, 0x8d, 0x21, 0x00, (TEST_TA_NUMBER) \
		}                                                                  \
	}

/* Number 2 takes one session at a time, in one instance. */
#define TA_FLAGS       (TEST_TA_NUMBER == 2 ? TA_FLAG_SINGLE_INSTANCE : 0)
#define TA_STACK_SIZE  (16 * 1024)
#define TA_DATA_SIZE   (32 * 1024)
#define TA_DESCRIPTION "tizen.teec tests"

#endif
