/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pseudo TA by which TAs profile themselves. In the simulator, `perf` does it
 * (teesim run --ta-wrapper).
 */
#ifndef __PTA_GPROF_H
#define __PTA_GPROF_H

/* clang-format off */
#define PTA_GPROF_UUID \
	{ 0x2f6e0d48, 0xc574, 0x426d, \
	  { 0x82, 0x4e, 0x40, 0x19, 0x8c, 0xde, 0x5c, 0xac } }
/* clang-format on */

/* value[0].a (inout): 0 first, then the number given; memref[1] (in): a piece of gmon.out. */
#define PTA_GPROF_SEND 0
/* memref[0] (inout): samples; value[1] (in): a: lowest address, b: scale. */
#define PTA_GPROF_START_PC_SAMPLING 1
/* value[0].a (out): samples a second. */
#define PTA_GPROF_STOP_PC_SAMPLING 2

#endif /* __PTA_GPROF_H */
