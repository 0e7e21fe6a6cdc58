/* Whatever comes in place of an OTrP message, a TEE's list of names, a packet on the agent's
 * socket, or a request for a TA: no crash, and what comes out ends with a zero octet. */
#include "teep/agent/protocol.h"
#include "teep/agent/route.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_ta_request request;
	struct agent_message message;
	struct route_names names;
	struct route route;

	require(route_parse(data, size, &route) == 0);
	require(strlen(route.tee) <= ROUTE_NAME_MAX);
	if (route_names_parse(data, size, &names) == 0)
		require(names.count >= 1 && names.count <= ROUTE_TEE_NAMES_MAX);
	if (agent_packet_parse(data, size, -1, &message) == 0) {
		require(message.octets[message.size] == '\0');
		agent_message_clear(&message);
	}
	if (agent_ta_request_parse((const char *)data, size, &request) == 0)
		require(strlen(request.taid) == AGENT_TAID_LENGTH &&
			(!request.uri[0] || agent_uri_valid(request.uri)));
	return 0;
}
