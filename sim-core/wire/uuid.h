/*
 * UUIDs as 16 octets in RFC 4122 (network) order: the form that every message carries. The API's
 * structs (time_low, time_mid, … in host order) are converted at the API's edge only.
 */
#ifndef TEESIM_WIRE_UUID_H
#define TEESIM_WIRE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#define UUID_TEXT_SIZE 37

struct uuid {
	uint8_t octet[16];
};

/* From the members of TEE_UUID / TEEC_UUID. */
struct uuid uuid_from_fields(uint32_t time_low, uint16_t time_mid, uint16_t time_hi_and_version,
			     const uint8_t clock_seq_and_node[8]);

/* The opposite direction. */
void uuid_to_fields(const struct uuid *uuid, uint32_t *time_low, uint16_t *time_mid,
		    uint16_t *time_hi_and_version, uint8_t clock_seq_and_node[8]);

/* Lower-case text with hyphens and a terminating zero; returns `text`. */
char *uuid_format(const struct uuid *uuid, char text[UUID_TEXT_SIZE]);

/* Accepts exactly the 36-character form, in either case. Returns 0 or -EINVAL. */
int uuid_parse(const char *text, struct uuid *out);

bool uuid_equal(const struct uuid *a, const struct uuid *b);

#endif
