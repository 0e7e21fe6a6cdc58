/*
 * The service that derives keys of the device for a TA: what the system pseudo TA in ta-host and
 * the pseudo TA in tee-services agree on. A key is a function of the device's key, of the TA that
 * opened the session, of the extra data, and of its size.
 */
#ifndef TEESIM_SERVICES_TA_KEY_H
#define TEESIM_SERVICES_TA_KEY_H

/* clang-format off */
#define TA_KEY_UUID \
	{ 0x44303cb8, 0xf336, 0x45ad, { 0x84, 0x97, 0x72, 0x83, 0xff, 0xb6, 0x8c, 0xd4 } }
/* clang-format on */

enum {
	/* Reference 0, in: extra data, up to TA_DERIVED_EXTRA_DATA_MAX_SIZE octets; reference 1,
	 * out: receives a key of exactly its size, TA_DERIVED_KEY_MIN_SIZE to
	 * TA_DERIVED_KEY_MAX_SIZE octets (<pta_system.h>). */
	TA_KEY_DERIVE = 1,
};

#endif
