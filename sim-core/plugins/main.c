/*
 * tee-plugins: the process in the normal world that runs plugins for TAs, as a supplicant does on a
 * board. Started by teesimd alone, when a TA first calls a plugin, with its control socket as
 * descriptor 3, the log as descriptors 1 and 2, and teesimd's environment; ends with teesimd.
 *
 * It is served sessions as tee-services is, and serves TAs alone. What a TA sends is handed to the
 * plugin as a copy that nobody else can change; what it means is the plugin's business.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api_defines.h>
#include <tee_api_types.h>
#include <unistd.h>

#include "plugins/plugin_service.h"
#include "plugins/plugin_table.h"
#include "serving/control.h"
#include "serving/serve.h"
#include "wire/result.h"

static char plugin_path[PATH_MAX];

static const struct plugin_method *plugin_find(const TEE_Param *uuid)
{
	const struct plugin_method *method;
	TEEC_UUID wanted;

	if (uuid->memref.size != sizeof(wanted) || !uuid->memref.buffer)
		return NULL;
	memcpy(&wanted, uuid->memref.buffer, sizeof(wanted));
	method = plugin_table_find(&wanted);
	if (method)
		return method;
	/* It may have been put there in the meantime. */
	plugin_table_load(plugin_path);
	return plugin_table_find(&wanted);
}

static uint32_t plugin_invoke(TEE_Param params[CHANNEL_PARAMS])
{
	const struct plugin_method *method = plugin_find(&params[0]);
	const size_t size = params[2].memref.size;
	size_t filled = 0;
	uint32_t result;
	void *data;

	if (!method)
		return TEE_ERROR_ITEM_NOT_FOUND;
	data = malloc(size ? size : 1);
	if (!data)
		return TEE_ERROR_OUT_OF_MEMORY;
	if (size)
		memcpy(data, params[2].memref.buffer, size);
	result = method->invoke(params[1].value.a, params[1].value.b, size ? data : NULL, size,
				&filled);
	if (size)
		memcpy(params[2].memref.buffer, data, size);
	free(data);
	params[3].value.a = (uint32_t)filled;
	params[3].value.b = (uint32_t)((uint64_t)filled >> 32);
	(void)fflush(stdout);
	return result;
}

static uint32_t operate(struct session *session, const struct channel_call *call,
			TEE_Param params[CHANNEL_PARAMS])
{
	const uint32_t types =
		TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_VALUE_INPUT,
				TEE_PARAM_TYPE_MEMREF_INOUT, TEE_PARAM_TYPE_VALUE_OUTPUT);

	switch (call->op) {
	case CHANNEL_OPEN:
		return session->client.login == TEE_LOGIN_TRUSTED_APP ? TEE_SUCCESS
								      : TEE_ERROR_ACCESS_DENIED;
	case CHANNEL_INVOKE:
		if (call->cmd != PLUGIN_SERVICE_INVOKE || call->types != types)
			return TEE_ERROR_BAD_PARAMETERS;
		if (params[2].memref.size && !params[2].memref.buffer)
			return TEE_ERROR_BAD_PARAMETERS;
		return plugin_invoke(params);
	default:
		return TEE_SUCCESS;
	}
}

static void destroy(void)
{
	(void)fflush(NULL);
	_exit(EXIT_SUCCESS);
}

static const struct serving serving = {
	.operate = operate,
	.destroy = destroy,
	.may_reopen = true,
};

int main(int argc, char **argv)
{
	static struct control_packet packet;
	int err;

	(void)argv;
	if (argc != 1) {
		fputs("tee-plugins: this program is started by teesimd; see 'teesim --help'\n",
		      stderr);
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	control_receive_start(&packet, plugin_path, sizeof(plugin_path));
	err = serve_listen(packet.fds.fd[1], packet.start.spin_us);
	packet_fds_close(&packet.fds);
	if (err < 0) {
		control_send_started(RESULT_GENERIC, ORIGIN_TEE, 0, strerror(-err));
		_exit(EXIT_FAILURE);
	}
	plugin_table_load(plugin_path);
	control_send_started(RESULT_SUCCESS, ORIGIN_TEE, 0, NULL);
	serve(&serving);
}
