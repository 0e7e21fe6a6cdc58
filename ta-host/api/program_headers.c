/*
 * dl_iterate_phdr() as trusted applications know it; the kit's <link.h> leads there. Two things
 * differ from the C library's, which stays as it is, because unwinding relies on it: a callback's
 * result does not end the walk, and what is walked is the TA with
 * the libraries that are open, each under its UUID, not the process around it.
 */
#include <link.h>

#include "api/uuid_text.h"
#include "loader/loader.h"
#include "runtime.h"

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

/* Of which image of the TA is it, in text? False when of none that the TA knows of. */
static bool image_name(const struct dl_phdr_info *info, char name[UUID_TEXT_SIZE])
{
	const struct loaded_ta *images = runtime.images;

	if (images ? info->dlpi_addr == images->image.map->l_addr
		   : runtime.property && holds_address(info, runtime.property)) {
		uuid_text_format(&runtime.uuid, name);
		return true;
	}
	for (int i = 0; images && i < LOADER_LIBRARIES_MAX; i++) {
		const struct loaded_image *library = &images->library[i];

		if (library->handle && info->dlpi_addr == library->map->l_addr) {
			uuid_format(&library->uuid, name);
			return loader_library_is_constructed(images, i);
		}
	}
	return false;
}

static int phdr_visit(struct dl_phdr_info *info, size_t size, void *data)
{
	struct phdr_walk *walk = data;
	struct dl_phdr_info seen = *info;
	char name[UUID_TEXT_SIZE];

	if (image_name(info, name)) {
		seen.dlpi_name = name;
		walk->result = walk->callback(&seen, size, walk->data);
	}
	return 0;
}

int __tee_dl_iterate_phdr(phdr_callback callback, void *data)
{
	struct phdr_walk walk = { .callback = callback, .data = data };

	dl_iterate_phdr(phdr_visit, &walk);
	return walk.result;
}
