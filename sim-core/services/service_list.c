#include "services/service_list.h"

#include <stddef.h>

const struct uuid service_process_uuid = { { 0x6b, 0x1f, 0x0a, 0x52, 0x93, 0x5e, 0x4d, 0x0b, 0x8e,
					     0x27, 0x50, 0xd4, 0xe1, 0x7c, 0x39, 0xaa } };

const struct uuid service_plugins_uuid = { { 0x3d, 0x73, 0xbc, 0x2d, 0x5f, 0x2a, 0x48, 0x6a, 0x95,
					     0xee, 0xfc, 0x82, 0xa2, 0x68, 0x9c, 0x75 } };

bool service_known(const struct uuid *uuid)
{
#define PSEUDO_TA(name, low, mid, high, ...) { low, mid, high, { __VA_ARGS__ } },
	static const struct {
		uint32_t time_low;
		uint16_t time_mid;
		uint16_t time_hi_and_version;
		uint8_t clock_seq_and_node[8];
	} known[] = {
#include "services/services.def"
	};
#undef PSEUDO_TA

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct uuid one =
			uuid_from_fields(known[i].time_low, known[i].time_mid,
					 known[i].time_hi_and_version, known[i].clock_seq_and_node);

		if (uuid_equal(&one, uuid))
			return true;
	}
	return false;
}
