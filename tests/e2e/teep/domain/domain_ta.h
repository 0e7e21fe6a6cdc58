/* A TA that shows what belongs to its security domain. */
#ifndef DOMAIN_TA_H
#define DOMAIN_TA_H

#define DOMAIN_TA_UUID                                                 \
	{                                                              \
		0xd03a1000, 0x7e57, 0x4b1d,                            \
		{                                                      \
			0x9a, 0x3e, 0x5e, 0x0c, 0x8d, 0x21, 0x00, 0x01 \
		}                                                      \
	}

enum {
	/* Keeps [I text]. */
	DOMAIN_CMD_PUT,
	/* [O text]: what was kept. */
	DOMAIN_CMD_GET,
	/* [O octets]: what the TAM sent with the TA. */
	DOMAIN_CMD_PERSONAL,
	/* [O 32 octets]: a key of the TA's own. */
	DOMAIN_CMD_KEY,
	/* [O text]: how often the instance was asked this. */
	DOMAIN_CMD_COUNT,
	/* Sets the TA's persistent time; reads it: TEE_ERROR_TIME_NOT_SET. */
	DOMAIN_CMD_SET_TIME,
	DOMAIN_CMD_GET_TIME,
};

#endif
