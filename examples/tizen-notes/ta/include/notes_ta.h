/* What the app and its trusted application agree upon; js/notes.js has the same numbers. */
#ifndef NOTES_TA_H
#define NOTES_TA_H

#define NOTES_TA_UUID                                                  \
	{                                                              \
		0x5b1d7e0c, 0x93a4, 0x4f28,                            \
		{                                                      \
			0x8c, 0x6e, 0x2d, 0x70, 0xa9, 0xf4, 0xe6, 0xb3 \
		}                                                      \
	}

/* What a sealed note begins with, before the ciphertext. */
#define NOTES_NONCE_SIZE 12
#define NOTES_TAG_SIZE	 16

/*
 * [0] memory reference in: a note. [1] memory reference out: the sealed note, NOTES_NONCE_SIZE +
 * NOTES_TAG_SIZE octets longer. SHORT_BUFFER, with the size that it takes, if there is too little
 * room.
 */
#define NOTES_CMD_SEAL 0

/* The reverse. SECURITY for what was not sealed by this trusted application on this device. */
#define NOTES_CMD_OPEN 1

#endif
