/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pseudo TA with tests of the trusted OS itself, which the simulator does not have.
 */
#ifndef __PTA_INVOKE_TESTS_H
#define __PTA_INVOKE_TESTS_H

/* clang-format off */
#define PTA_INVOKE_TESTS_UUID \
	{ 0xd96a5b40, 0xc3e5, 0x21e3, \
	  { 0x87, 0x94, 0x10, 0x02, 0xa5, 0xd5, 0xc6, 0x1b } }
/* clang-format on */

/* A line in the log; echoes of parameters; tests of the OS. */
#define PTA_INVOKE_TESTS_CMD_TRACE	0
#define PTA_INVOKE_TESTS_CMD_PARAMS	1
#define PTA_INVOKE_TESTS_CMD_SELF_TESTS 2
/* The secure data path: memref[0] (in), memref[1] (out); for the second one memref[0] (inout). */
#define PTA_INVOKE_TESTS_CMD_COPY_NSEC_TO_SEC 3
#define PTA_INVOKE_TESTS_CMD_READ_MODIFY_SEC  4
#define PTA_INVOKE_TESTS_CMD_COPY_SEC_TO_NSEC 5
/* The hash tree of the REE's file system. */
#define PTA_INVOKE_TESTS_CMD_FS_HTREE 6

#endif /* __PTA_INVOKE_TESTS_H */
