/*
 * dl_iterate_phdr() as trusted applications know it; the kit's <link.h> leads there. Two things
 * differ from the C library's, which stays as it is, because unwinding relies on it: a callback's
 * result does not end the walk, and what is walked is the TA, under its UUID, with its own
 * libraries, not the process around it.
 */
#include <link.h>
#include <string.h>

#include "api/uuid_text.h"
#include "runtime.h"

/* How the loader hands images to the dynamic linker: by descriptor. */
#define IMAGE_PATH "/proc/self/fd/"

typedef int (*phdr_callback)(struct dl_phdr_info *info, size_t size, void *data);

struct phdr_walk {
	phdr_callback callback;
	void *data;
	int result;
};

int __tee_dl_iterate_phdr(phdr_callback callback, void *data);

static bool holds_address(const struct dl_phdr_info *info, const void *address)
{
	const uintptr_t at = (uintptr_t)address;

	for (ElfW(Half) i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		const uintptr_t start = info->dlpi_addr + header->p_vaddr;

		if (header->p_type == PT_LOAD && at >= start && at - start < header->p_memsz)
			return true;
	}
	return false;
}

static int phdr_visit(struct dl_phdr_info *info, size_t size, void *data)
{
	struct phdr_walk *walk = data;
	struct dl_phdr_info seen = *info;
	char uuid[UUID_TEXT_SIZE];

	if (runtime.property && holds_address(info, runtime.property)) {
		uuid_text_format(&runtime.uuid, uuid);
		seen.dlpi_name = uuid;
	} else if (strncmp(info->dlpi_name, IMAGE_PATH, strlen(IMAGE_PATH)) != 0) {
		return 0;
	}
	walk->result = walk->callback(&seen, size, walk->data);
	return 0;
}

int __tee_dl_iterate_phdr(phdr_callback callback, void *data)
{
	struct phdr_walk walk = { .callback = callback, .data = data };

	dl_iterate_phdr(phdr_visit, &walk);
	return walk.result;
}
