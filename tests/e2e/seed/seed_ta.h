#ifndef SEED_TA_H
#define SEED_TA_H

#define SEED_TA_UUID                                                             \
	{                                                                        \
		0x5eed0000, 0x7e57, 0x4b1d,                                      \
		{                                                                \
			0x9a, 0x3e, 0x5e, 0x0c, 0x8d, 0x21, 0x00, SEED_TA_NUMBER \
		}                                                                \
	}

/* Output memory 0: something of all that can be drawn, one behind the other. */
#define SEED_CMD_DRAW 0

#endif
