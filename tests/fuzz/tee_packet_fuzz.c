/* A packet on the TEE's socket: its first octet is how many descriptors came along. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "otrp/tee_socket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tee_image_packet packet;
	struct tee_ta_request request;

	if (tee_ta_request_parse(data, size, &request) == 0 &&
	    (strlen(request.taid) != TEE_TAID_SIZE || strlen(request.name) > TEE_TA_NAME_SIZE))
		abort();
	if (!size || tee_packet_parse(data + 1, size - 1, data[0], &packet))
		return 0;
	if (packet.head.size > TEE_OCTETS_MAX || memcmp(&packet.head, data + 1, 16) != 0 ||
	    data[0] > 1 || !memchr(packet.record.signer, 0, TEE_SIGNER_SIZE))
		abort();
	if (data[0] == 0 && packet.head.size && packet.head.kind != TEE_CONNECTIONS &&
	    packet.head.kind != TEE_LOST && packet.head.kind != TEE_BELOW)
		abort();
	return 0;
}
