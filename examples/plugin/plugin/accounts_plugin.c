/*
 * A plugin: a part of the client's side that a trusted application can call. This one knows who has
 * which account. It might as well ask a database, a file or the network: none of which a trusted
 * application can reach itself.
 */
#include <string.h>

#include <tee_plugin_method.h>

#include <accounts_plugin.h>

static const char *const owners[] = { "Ada", "Grace", "Katherine" };

static TEEC_Result accounts_init(void)
{
	return TEEC_SUCCESS;
}

static TEEC_Result accounts_invoke(unsigned int cmd, unsigned int sub_cmd, void *data,
				   size_t data_len, size_t *out_len)
{
	if (cmd != ACCOUNTS_CMD_OWNER)
		return TEEC_ERROR_NOT_SUPPORTED;
	if (sub_cmd >= sizeof(owners) / sizeof(owners[0]))
		return TEEC_ERROR_ITEM_NOT_FOUND;
	*out_len = strlen(owners[sub_cmd]);
	if (data_len < *out_len)
		return TEEC_ERROR_SHORT_BUFFER;
	memcpy(data, owners[sub_cmd], *out_len);
	return TEEC_SUCCESS;
}

/* The one name that a plugin exports. */
extern const struct plugin_method plugin_method;
__attribute__((visibility("default"))) const struct plugin_method plugin_method = {
	.name = "accounts",
	.uuid = ACCOUNTS_PLUGIN_UUID,
	.init = accounts_init,
	.invoke = accounts_invoke,
};
