/* Whatever stands in the agent's configuration: no crash, and a URI that is one. */
#include "teep/agent/daemon/config.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_config config;
	char err[256];

	if (agent_config_parse((const char *)data, size, "8aaaf200-2450-11e4-abe2-0002a5d5c51b",
			       &config, err, sizeof(err)) == 0 &&
	    config.uri[0] && !agent_uri_valid(config.uri))
		abort();
	return 0;
}
