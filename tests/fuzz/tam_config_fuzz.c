/* Whatever the text is: no crash, and what is said to be parsed is whole. */
#include "teep/tam/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[TAM_CONFIG_ERROR_SIZE];
	struct tam_config config;

	if (tam_config_parse("/tam", data, size, &config, error) < 0)
		return 0;
	if (!config.listen_address || !config.database || !config.tee_roots ||
	    !config.firmware_roots || config.key_count == 0 || !config.keys[0].key ||
	    !config.keys[0].chain || !config.tls_certificate != !config.tls_key)
		__builtin_trap();
	tam_config_clear(&config);
	return 0;
}
