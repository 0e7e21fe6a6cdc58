/*
 * What a plug-in for the normal world looks like: a shared library that exports one
 * `struct plugin_method` named `plugin_method`, by which trusted applications reach functions of
 * the client's side.
 */
#ifndef TEE_PLUGIN_METHOD_H
#define TEE_PLUGIN_METHOD_H

#include <stddef.h>

#include <tee_client_api.h>

struct plugin_method {
	const char *name;
	TEEC_UUID uuid;
	/* Called once, before the first invoke. */
	TEEC_Result (*init)(void);
	/*
	 * @cmd, @sub_cmd  defined by the plug-in
	 * @data           in and out, of at most `data_len` octets; not to be kept
	 * @out_len        how many octets of `data` the plug-in filled
	 */
	TEEC_Result (*invoke)(unsigned int cmd, unsigned int sub_cmd, void *data, size_t data_len,
			      size_t *out_len);
};

#endif
