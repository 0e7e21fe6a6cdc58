/*
 * The file that holds a TA's persistent time: a record of fixed size, made good for one device and
 * one TA by a code that takes the device's key.
 *
 * Runs in tee-services. Believes nothing of a file but what its code says.
 */
#ifndef TEESIM_SERVICES_TA_TIME_RECORD_H
#define TEESIM_SERVICES_TA_TIME_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "wire/uuid.h"

#define TA_TIME_KEY_SIZE  32
#define TA_TIME_CODE_SIZE 32

struct ta_time_record {
	uint64_t magic;
	/* The TA's time and the device's clock when it was set, and the clock when it was last
	 * noted, all in milliseconds. */
	uint64_t time_ms;
	uint64_t clock_ms;
	uint64_t noted_ms;
	uint8_t code[TA_TIME_CODE_SIZE];
};

/* Makes the record good. */
void ta_time_record_seal(struct ta_time_record *record, const struct uuid *ta,
			 const uint8_t key[TA_TIME_KEY_SIZE]);

/* Checks a file's content, all of it. Returns 0, or -EBADMSG with nothing in `record`. */
int ta_time_record_parse(const uint8_t *octets, size_t size, const struct uuid *ta,
			 const uint8_t key[TA_TIME_KEY_SIZE], struct ta_time_record *record);

#endif
