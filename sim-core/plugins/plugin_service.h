/*
 * How a TA reaches the plugins of the client's side: what tee_invoke_supp_plugin() in ta-host and
 * tee-plugins agree on. The service's UUID is that of its process, too.
 */
#ifndef TEESIM_PLUGINS_PLUGIN_SERVICE_H
#define TEESIM_PLUGINS_PLUGIN_SERVICE_H

/* clang-format off */
#define PLUGIN_SERVICE_UUID \
	{ 0x3d73bc2d, 0x5f2a, 0x486a, { 0x95, 0xee, 0xfc, 0x82, 0xa2, 0x68, 0x9c, 0x75 } }
/* clang-format on */

enum {
	/* Reference 0, in: the plugin's UUID, as TEE_UUID; value 1, in: command and subcommand;
	 * reference 2, inout: data; value 3, out: how much of it the plugin says to have filled,
	 * lower half in a. The result is the plugin's; TEE_ERROR_ITEM_NOT_FOUND: there is none of
	 * that UUID. */
	PLUGIN_SERVICE_INVOKE = 1,
};

#endif
