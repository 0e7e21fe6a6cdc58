#ifndef TA_HELLO_H
#define TA_HELLO_H

#define TA_HELLO_UUID                                                  \
	{                                                              \
		0x6a4dd3f1, 0x2fcb, 0x4b0c,                            \
		{                                                      \
			0x8a, 0x35, 0x21, 0xf7, 0xf0, 0xd4, 0xa1, 0x40 \
		}                                                      \
	}

#define TA_HELLO_CMD_INC 0

#endif
