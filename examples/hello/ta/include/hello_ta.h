/*
 * What the client and the trusted application of the hello pair agree on.
 */
#ifndef HELLO_TA_H
#define HELLO_TA_H

/* 93a9f9ae-bf04-45de-b535-ca4563542003 */
#define HELLO_TA_UUID                                                  \
	{                                                              \
		0x93a9f9ae, 0xbf04, 0x45de,                            \
		{                                                      \
			0xb5, 0x35, 0xca, 0x45, 0x63, 0x54, 0x20, 0x03 \
		}                                                      \
	}

/* No parameters: does nothing, which is what the way there and back alone costs. */
#define HELLO_CMD_NOTHING 0

/* [0] value inout: a, which comes back greater by one. */
#define HELLO_CMD_INCREMENT 1

/*
 * [0] memory reference in: a name, not terminated.
 * [1] memory reference out: the greeting, not terminated. SHORT_BUFFER, with the size that it
 *     takes, if there is too little room.
 */
#define HELLO_CMD_GREET 2

#endif
