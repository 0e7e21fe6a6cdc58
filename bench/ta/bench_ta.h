/*
 * What the measurements and their trusted applications agree upon. One source makes them all; they
 * differ in their last UUID octet and their flags.
 */
#ifndef BENCH_TA_H
#define BENCH_TA_H

#define BENCH_TA_PLAIN	 1 /* every session an instance of its own */
#define BENCH_TA_SHARED	 2 /* one instance, many sessions */
#define BENCH_TA_KEPT	 3 /* one instance, many sessions, and it stays */
#define BENCH_TA_CRYPTO	 4 /* of a source of its own: see crypto_commands.h */
#define BENCH_TA_STORAGE 5 /* of a source of its own: see storage_commands.h */

#define BENCH_TA_UUID(number)                                              \
	{                                                                  \
		0x5d0a6bd1, 0x3c5e, 0x4b52,                                \
		{                                                          \
			0x9e, 0x1f, 0x6e, 0x1c, 0x0b, 0x8f, 0x27, (number) \
		}                                                          \
	}

/* Succeeds, whatever the parameters, and touches none of them. */
#define BENCH_CMD_NOTHING 0

/* Invokes BENCH_CMD_NOTHING of BENCH_TA_KEPT, as often as value 0 says. */
#define BENCH_CMD_CALL_ANOTHER 1

#endif
