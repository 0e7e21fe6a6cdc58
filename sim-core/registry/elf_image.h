/*
 * The checked view of the ELF image of a TA, or of a shared library for TAs.
 *
 * Runs in teesimd and in the command line. The image is hostile: elf_image_parse() checks
 * everything that the dynamic linker will later follow without checking it (tables, string and
 * symbol indexes, hash chains, version records, the target of every relocation), so that loading
 * the image can run no code of it: no resolver, no constructor that elf_image_neutralise() has not
 * renamed, no write outside its own writable segments. The view borrows the caller's bytes and owns
 * nothing; it is valid as long as they are.
 */
#ifndef TEESIM_REGISTRY_ELF_IMAGE_H
#define TEESIM_REGISTRY_ELF_IMAGE_H

#include "wire/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_IMAGE_SEGMENTS_MAX 16
#define ELF_IMAGE_NEEDED_MAX   64

/* All of an image's segments together, in memory. */
#define ELF_IMAGE_SPAN_MAX (UINT64_C(1) << 30)

/* The flags of ta_head; the numbers are OP-TEE's. */
enum ta_flag {
	TA_FLAG_BIT_SINGLE_INSTANCE = 2,
	TA_FLAG_BIT_MULTI_SESSION = 3,
	TA_FLAG_BIT_INSTANCE_KEEP_ALIVE = 4,
	TA_FLAG_BIT_SECURE_DATA_PATH = 5,
	TA_FLAG_BIT_CACHE_MAINTENANCE = 7,
	TA_FLAG_BIT_CONCURRENT = 8,
	TA_FLAG_BIT_DEVICE_ENUM = 9,
	TA_FLAG_BIT_DEVICE_ENUM_SUPP = 10,
	TA_FLAG_BIT_DONT_CLOSE_HANDLE_ON_CORRUPT_OBJECT = 11,
	TA_FLAG_BIT_DEVICE_ENUM_TEE_STORAGE_PRIVATE = 12,
	TA_FLAG_BIT_INSTANCE_KEEP_CRASHED = 13,
};

/* The entry points, in the order of the bits of ta_properties.entry_points. */
enum ta_entry_point {
	TA_ENTRY_CREATE,
	TA_ENTRY_DESTROY,
	TA_ENTRY_OPEN_SESSION,
	TA_ENTRY_CLOSE_SESSION,
	TA_ENTRY_INVOKE_COMMAND,
	TA_ENTRY_COUNT,
};

/* What a TA says of itself. Text is printable ASCII, and empty where the TA says nothing. */
struct ta_properties {
	struct uuid uuid;
	uint32_t flags;
	uint32_t stack_size;	       /* bytes, as declared */
	uint64_t data_size;	       /* bytes, as declared; 0 when not stated */
	uint32_t entry_points;	       /* bit n: entry point n is a defined dynamic symbol */
	uint32_t entry_points_missing; /* bit n: it is referred to and not defined */
	unsigned property_count;
	char version[64];
	char description[128];
};

struct elf_segment {
	uint64_t vaddr;
	uint64_t offset;
	uint64_t filesz;
	uint64_t memsz;
	uint32_t flags; /* PF_R, PF_W, PF_X */
};

struct elf_table {
	const uint8_t *bytes;
	size_t count; /* entries */
};

struct elf_image {
	const uint8_t *bytes;
	size_t size;

	struct elf_segment segments[ELF_IMAGE_SEGMENTS_MAX];
	unsigned segment_count;

	uint64_t dynamic_vaddr;
	struct elf_table dynamic; /* Elf64_Dyn, the closing DT_NULL not counted */
	const char *strings;
	size_t strings_size;	   /* the last byte is NUL */
	struct elf_table symbols;  /* Elf64_Sym */
	struct elf_table rela;	   /* Elf64_Rela of data */
	struct elf_table plt_rela; /* Elf64_Rela of the PLT */
	struct elf_table relr;	   /* Elf64_Relr */

	const char *soname; /* NULL when there is none */
	const char *needed[ELF_IMAGE_NEEDED_MAX];
	unsigned needed_count;

	bool is_ta; /* ta_head is there; `ta` is meaningful */
	/* No TA, and its SONAME is a UUID, by which TAs find it: `ta.uuid`. */
	bool is_library;
	struct ta_properties ta;
};

/*
 * Check `size` bytes as an x86-64 shared object that a TA host can load.
 *
 * Returns 0, or with one line in `err`:
 *   -EBADMSG  no ELF file, or a damaged one
 *   -ENOEXEC  for another processor or operating system
 *   -EPERM    sound, but not a shared object, or with something that no TA may have (IFUNC,
 *             text relocations, …)
 */
int elf_image_parse(const void *bytes, size_t size, struct elf_image *out, char *err,
		    size_t errlen);

/*
 * Rename the constructor and destructor tags in `bytes`, a writable copy of (or the same) bytes
 * that `image` was parsed from, to those of neutral_tags.h.
 */
void elf_image_neutralise(const struct elf_image *image, void *bytes);

/*
 * Make the needed library number `index` be called `name`, no longer than its name now, in `bytes`,
 * a writable copy of (or the same) bytes that `image` was parsed from; `image` is stale then.
 * Returns 0, or -EPERM when another name of the image lies within that one.
 */
int elf_image_rename_needed(const struct elf_image *image, void *bytes, unsigned index,
			    const char *name, char *err, size_t errlen);

/*
 * The next symbol that somebody else must define, NULL after the last. Start with *cursor = 0.
 * `weak` (may be NULL) tells whether loading succeeds without it.
 */
const char *elf_image_next_undefined(const struct elf_image *image, size_t *cursor, bool *weak);

/* The value of a defined dynamic symbol; -ENOENT when there is none. `size` may be NULL. */
int elf_image_symbol(const struct elf_image *image, const char *name, uint64_t *vaddr,
		     uint64_t *size);

/* "TA_CreateEntryPoint" and so on. */
const char *ta_entry_point_name(enum ta_entry_point entry);

/* The name of a flag bit, "SINGLE_INSTANCE"; NULL for a bit that has none. */
const char *ta_flag_name(unsigned bit);

#endif
