/* Whatever the text is: no crash, and a name that can be printed. */
#include "registry/signing_key.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct public_key key;

	if (public_key_parse((const char *)data, size, &key) < 0)
		return 0;
	for (const char *c = key.name; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			abort();
	return 0;
}
