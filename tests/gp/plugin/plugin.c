/*
 * A plugin of the tests. PLUGIN_UUID is its own; INIT_FAILS has its init() fail.
 */
#include <stdlib.h>
#include <string.h>
#include <tee_plugin_method.h>
#include <unistd.h>

#include "plugin/commands.h"

static unsigned char initialised, invoked;

static TEEC_Result init(void)
{
	initialised++;
#ifdef INIT_FAILS
	return TEEC_ERROR_BAD_STATE;
#else
	return TEEC_SUCCESS;
#endif
}

static TEEC_Result invoke(unsigned int cmd, unsigned int sub_cmd, void *data, size_t data_len,
			  size_t *out_len)
{
	unsigned char *octets = data;
	const pid_t pid = getpid();

	invoked++;
	switch (cmd) {
	case PLUGIN_REVERSE:
		for (size_t i = 0; i < data_len / 2; i++) {
			const unsigned char octet = octets[i];

			octets[i] = octets[data_len - 1 - i];
			octets[data_len - 1 - i] = octet;
		}
		*out_len = data_len;
		return TEEC_SUCCESS;
	case PLUGIN_RETURN:
		return sub_cmd;
	case PLUGIN_COUNT:
		octets[0] = initialised;
		octets[1] = invoked;
		*out_len = 2;
		return TEEC_SUCCESS;
	case PLUGIN_PROCESS:
		memcpy(octets, &pid, sizeof(pid));
		*out_len = sizeof(pid);
		return TEEC_SUCCESS;
	case PLUGIN_CRASH:
		_exit(1);
	default:
		return TEEC_ERROR_NOT_IMPLEMENTED;
	}
}

extern const struct plugin_method plugin_method;
const struct plugin_method plugin_method = {
	.name = "a plugin of the tests",
	.uuid = PLUGIN_UUID,
	.init = init,
	.invoke = invoke,
};
