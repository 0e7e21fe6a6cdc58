/*
 * What the trusted application and the plugin agree on.
 */
#ifndef ACCOUNTS_PLUGIN_H
#define ACCOUNTS_PLUGIN_H

/* 0ac4b1d5-4a3e-4e0d-9d11-9f1a6a2cf5b8 */
#define ACCOUNTS_PLUGIN_UUID                                           \
	{                                                              \
		0x0ac4b1d5, 0x4a3e, 0x4e0d,                            \
		{                                                      \
			0x9d, 0x11, 0x9f, 0x1a, 0x6a, 0x2c, 0xf5, 0xb8 \
		}                                                      \
	}

/* The subcommand is an account; the data is overwritten with its owner's name. */
#define ACCOUNTS_CMD_OWNER 1

/* Longest name. */
#define ACCOUNTS_NAME_SIZE 32

#endif
