#include "teep/agent/route.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "teep/agent/json_scan.h"

#define DEVICE_STATE_REQUEST "GetDeviceStateRequest"

static int digit_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* base64url without padding, as far as it goes. Returns the number of octets. */
static size_t payload_decode(const uint8_t *text, size_t size, uint8_t *out)
{
	uint32_t bits = 0;
	unsigned int have = 0;
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		const int value = digit_value(text[i]);

		if (value < 0)
			break;
		bits = bits << 6 | (uint32_t)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[used++] = (uint8_t)(bits >> have);
		}
	}
	return used;
}

/* `tee` of the object that is the payload's first member. */
static void name_find(const uint8_t *payload, size_t size, struct route *out)
{
	struct json_scan scan = json_scan_of(payload, size);
	char ignored[64];
	int length;

	if (!json_scan_take(&scan, '{'))
		return;
	length = json_scan_string(&scan, ignored, sizeof(ignored));
	if (length < 0 || !json_scan_take(&scan, ':') || !json_scan_member(&scan, "tee"))
		return;
	if (json_scan_string(&scan, out->tee, sizeof(out->tee)) < 0)
		out->tee[0] = '\0';
}

int route_parse(const void *message, size_t size, struct route *out)
{
	struct json_scan scan = json_scan_of(message, size);
	const uint8_t *text;
	char envelope[64];
	uint8_t *payload;
	size_t length;

	memset(out, 0, sizeof(*out));
	if (!json_scan_take(&scan, '{') ||
	    json_scan_string(&scan, envelope, sizeof(envelope)) < 0 || !json_scan_take(&scan, ':'))
		return 0;
	out->device_state = strcmp(envelope, DEVICE_STATE_REQUEST) == 0;
	if (!json_scan_member(&scan, "payload") || !json_scan_plain_string(&scan, &text, &length))
		return 0;
	payload = malloc(length / 4 * 3 + 3);
	if (!payload)
		return -ENOMEM;
	name_find(payload, payload_decode(text, length, payload), out);
	free(payload);
	return 0;
}

int route_names_parse(const void *text, size_t size, struct route_names *out)
{
	struct json_scan scan = json_scan_of(text, size);

	memset(out, 0, sizeof(*out));
	if (!json_scan_take(&scan, '['))
		return -EBADMSG;
	do {
		if (out->count == ROUTE_TEE_NAMES_MAX ||
		    json_scan_string(&scan, out->name[out->count], sizeof(out->name[0])) <= 0)
			return -EBADMSG;
		out->count++;
	} while (json_scan_take(&scan, ','));
	return json_scan_take(&scan, ']') && json_scan_ended(&scan) ? 0 : -EBADMSG;
}
