/* Whatever the bytes are: no crash, a reason with each refusal, and an image inside the input. */
#include "registry/ta_package.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ta_package package;
	char err[256] = "";

	if (ta_package_parse(data, size, &package, err, sizeof(err)) < 0) {
		if (err[0] == '\0')
			abort();
		return 0;
	}
	if (package.image < data || package.image_size > size ||
	    (size_t)(package.image - data) > size - package.image_size)
		abort();
	return 0;
}
