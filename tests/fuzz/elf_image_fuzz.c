/* Whatever the bytes are: no crash, a reason with each refusal, and a view that can be walked. */
#include "registry/elf_image.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_image image;
	char err[256] = "";
	size_t cursor = 0;
	uint64_t vaddr;
	uint8_t *copy;

	if (elf_image_parse(data, size, &image, err, sizeof(err)) < 0) {
		if (err[0] == '\0')
			abort();
		return 0;
	}
	while (elf_image_next_undefined(&image, &cursor, NULL))
		;
	elf_image_symbol(&image, "TA_InvokeCommandEntryPoint", &vaddr, NULL);
	copy = malloc(size);
	if (!copy)
		abort();
	memcpy(copy, data, size);
	elf_image_neutralise(&image, copy);
	for (unsigned int i = 0; i < image.needed_count; i++) {
		err[0] = '\0';
		if (elf_image_rename_needed(&image, copy, i, "/proc/self/fd/32", err, sizeof(err)) <
			    0 &&
		    err[0] == '\0')
			abort();
	}
	free(copy);
	return 0;
}
