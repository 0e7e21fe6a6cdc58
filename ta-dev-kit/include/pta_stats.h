/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pseudo TA that tells what state the trusted OS and its TAs are in.
 */
#ifndef __PTA_STATS_H
#define __PTA_STATS_H

/* clang-format off */
#define STATS_UUID \
	{ 0xd96a5b40, 0xe2c7, 0xb1af, \
	  { 0x87, 0x94, 0x10, 0x02, 0xa5, 0xd5, 0xc6, 0x1b } }
/* clang-format on */

#define STATS_CMD_PAGER_STATS	0
#define STATS_CMD_ALLOC_STATS	1
#define STATS_CMD_MEMLEAK_STATS 2
/*
 * memref[0] (out): for each TA that is loaded its UUID, then as numbers of 32 bits: has it
 * panicked, its sessions, bytes of its heap in use, the most that were, the heap's size,
 * allocations that failed, the largest that failed and the largest that did not.
 */
#define STATS_CMD_TA_STATS 3
/* value[0], value[1] (out): the REE's time and the system time; a: seconds, b: milliseconds. */
#define STATS_CMD_GET_TIME 4

#define STATS_NB_POOLS	   4

#endif /* __PTA_STATS_H */
