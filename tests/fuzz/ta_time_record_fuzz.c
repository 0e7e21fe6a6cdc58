/* A TA's persistent time as its file holds it: first as it is, then with the code that makes it
 * good. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "services/ta_time_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[TA_TIME_KEY_SIZE] = { 1 };
	static const struct uuid ta = { { 2 } };
	struct ta_time_record record, sealed, again;

	/* Nobody but the device can make one. */
	if (ta_time_record_parse(data, size, &ta, key, &record) == 0)
		abort();
	if (size < sizeof(sealed))
		return 0;
	memcpy(&sealed, data, sizeof(sealed));
	ta_time_record_seal(&sealed, &ta, key);
	if (ta_time_record_parse((uint8_t *)&sealed, sizeof(sealed), &ta, key, &again) == 0 &&
	    (memcmp(&again, &sealed, sizeof(again)) || again.noted_ms < again.clock_ms))
		abort();
	return 0;
}
