#include "api/uuid_text.h"

#include <stdio.h>
#include <string.h>

void uuid_text_format(const TEE_UUID *uuid, char text[UUID_TEXT_SIZE])
{
	const uint8_t *tail = uuid->clockSeqAndNode;

	snprintf(text, UUID_TEXT_SIZE, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 uuid->timeLow, uuid->timeMid, uuid->timeHiAndVersion, tail[0], tail[1], tail[2],
		 tail[3], tail[4], tail[5], tail[6], tail[7]);
}

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

bool uuid_text_parse(const char *text, TEE_UUID *uuid)
{
	uint8_t octets[16];
	size_t digits = 0;
	size_t i;

	for (i = 0; i < UUID_TEXT_LENGTH; i++) {
		int value;

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i] != '-')
				return false;
			continue;
		}
		value = digit_value(text[i]);
		if (value < 0)
			return false;
		octets[digits / 2] =
			(uint8_t)(digits % 2 ? octets[digits / 2] | value : value << 4);
		digits++;
	}
	if (text[i])
		return false;
	uuid->timeLow = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 |
			(uint32_t)octets[2] << 8 | octets[3];
	uuid->timeMid = (uint16_t)(octets[4] << 8 | octets[5]);
	uuid->timeHiAndVersion = (uint16_t)(octets[6] << 8 | octets[7]);
	memcpy(uuid->clockSeqAndNode, octets + 8, sizeof(uuid->clockSeqAndNode));
	return true;
}
