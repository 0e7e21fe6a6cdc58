/* What client and TA agree on: command 0 adds one to value 0. */
#ifndef HELLO_TA_H
#define HELLO_TA_H

#define HELLO_TA_UUID                                                  \
	{                                                              \
		0x6a4dd3f1, 0x2fcb, 0x4b0c,                            \
		{                                                      \
			0x8a, 0x35, 0x21, 0xf7, 0xf0, 0xd4, 0xa1, 0x01 \
		}                                                      \
	}

#endif /* HELLO_TA_H */
