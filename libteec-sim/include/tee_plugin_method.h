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
	const char *name; /* for people; may be NULL */
	TEEC_UUID uuid;	  /* what trusted applications call it by */
	/* Called once, before the first invoke; may be NULL. With anything but TEEC_SUCCESS the
	 * plug-in is not used. */
	TEEC_Result (*init)(void);
	/*
	 * @cmd, @sub_cmd  defined by the plug-in
	 * @data           in and out, `data_len` octets, or NULL for none; not to be kept
	 * @out_len        is 0; how many octets of `data` the plug-in filled
	 *
	 * The trusted application gets the result as it is.
	 */
	TEEC_Result (*invoke)(unsigned int cmd, unsigned int sub_cmd, void *data, size_t data_len,
			      size_t *out_len);
};

#endif
