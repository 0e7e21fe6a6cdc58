/*
 * What clients and TA hosts send to teesimd: the first octet says who sent it and with how many
 * descriptors, the rest is the packet.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "session/message_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A text lies within the packet, and is readable to its end. */
static void text_check(struct message_text text, const char *packet, size_t size)
{
	volatile char last;

	if (!text.size)
		return;
	if (text.octets < packet || text.octets + text.size > packet + size)
		abort();
	last = text.octets[text.size - 1];
	(void)last;
}

/* Counts lie within their arrays, and texts end. */
static void death_check(const struct message_death *death)
{
	if (death->frames > MESSAGE_DEATH_FRAMES || death->modules > MESSAGE_DEATH_MODULES ||
	    strnlen(death->reason, sizeof(death->reason)) == sizeof(death->reason))
		abort();
	for (uint32_t i = 0; i < death->modules; i++)
		if (death->module[i].build_id_size > MESSAGE_BUILD_ID_SIZE ||
		    strnlen(death->module[i].name, sizeof(death->module[i].name)) ==
			    sizeof(death->module[i].name))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *packet = (const char *)data + 1;
	enum message_sender sender;
	struct message message;
	const char *why;

	if (!size)
		return 0;
	size--;
	sender = data[0] & 1 ? MESSAGE_FROM_HOST : MESSAGE_FROM_CLIENT;
	if (message_parse(&message, sender, packet, size, data[0] >> 1 & 3, &why) < 0) {
		if (!why)
			abort();
		return 0;
	}
	text_check(message.client_directory, packet, size);
	text_check(message.ta_path, packet, size);
	text_check(message.text, packet, size);
	text_check(message.host, packet, size);
	if (message.header.type == MESSAGE_DEATH)
		death_check(&message.death);
	return 0;
}
