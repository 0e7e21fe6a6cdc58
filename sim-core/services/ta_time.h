/*
 * The service behind TEE_GetTAPersistentTime() and TEE_SetTAPersistentTime(): what a TA's half in
 * ta-host and the pseudo TA in tee-services agree on. A TA has one such time; it is the one of the
 * TA that opened the session.
 */
#ifndef TEESIM_SERVICES_TA_TIME_H
#define TEESIM_SERVICES_TA_TIME_H

/* clang-format off */
#define TA_TIME_UUID \
	{ 0x59c512d2, 0x8706, 0x4da1, { 0x96, 0xbb, 0x85, 0x78, 0xf2, 0x17, 0x61, 0x0c } }
/* clang-format on */

enum {
	/* Value 0, out: seconds and milliseconds. The result is the API function's. */
	TA_TIME_GET = 1,
	/* Value 0, in: seconds and milliseconds below 1000. */
	TA_TIME_SET,
};

#endif
