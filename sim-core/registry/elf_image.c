/*
 * Two rules run through this file. Addresses are resolved through PT_LOAD, as the dynamic linker
 * does it, never through section headers, so what is checked here is what will be used there. And
 * tables lie in segments that are not writable, so that no relocation can change a table between
 * this check and its use.
 */
#include "registry/elf_image.h"

#include "registry/neutral_tags.h"
#include "registry/ta_refusal.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#define PAGE	       UINT64_C(4096)
#define PROPERTIES_MAX 256
#define PROPERTY_SIZE  24
#define TA_HEAD_SIZE   32

/* Tags below DT_NUM have their own slot; these are the others whose value is needed. */
enum {
	SLOT_GNU_HASH = DT_NUM,
	SLOT_VERSYM,
	SLOT_VERNEED,
	SLOT_VERNEEDNUM,
	SLOT_VERDEF,
	SLOT_VERDEFNUM,
	SLOT_FLAGS_1,
	SLOT_TLSDESC_GOT,
	SLOT_RELACOUNT,
	SLOT_COUNT,
};

struct parse {
	struct elf_image *image;
	bool has_tls;
	bool seen[SLOT_COUNT];
	uint64_t value[SLOT_COUNT];
	char *err;
	size_t errlen;
};

#define damaged(p, ...)	      refuse(-EBADMSG, (p)->err, (p)->errlen, __VA_ARGS__)
#define forbidden(p, ...)     refuse(-EPERM, (p)->err, (p)->errlen, __VA_ARGS__)
#define wrong_machine(p, ...) refuse(-ENOEXEC, (p)->err, (p)->errlen, __VA_ARGS__)

static const char *const entry_names[TA_ENTRY_COUNT] = {
	[TA_ENTRY_CREATE] = "TA_CreateEntryPoint",
	[TA_ENTRY_DESTROY] = "TA_DestroyEntryPoint",
	[TA_ENTRY_OPEN_SESSION] = "TA_OpenSessionEntryPoint",
	[TA_ENTRY_CLOSE_SESSION] = "TA_CloseSessionEntryPoint",
	[TA_ENTRY_INVOKE_COMMAND] = "TA_InvokeCommandEntryPoint",
};

const char *ta_entry_point_name(enum ta_entry_point entry)
{
	return entry_names[entry];
}

const char *ta_flag_name(unsigned bit)
{
	static const char *const names[] = {
		[TA_FLAG_BIT_SINGLE_INSTANCE] = "SINGLE_INSTANCE",
		[TA_FLAG_BIT_MULTI_SESSION] = "MULTI_SESSION",
		[TA_FLAG_BIT_INSTANCE_KEEP_ALIVE] = "INSTANCE_KEEP_ALIVE",
		[TA_FLAG_BIT_SECURE_DATA_PATH] = "SECURE_DATA_PATH",
		[TA_FLAG_BIT_CACHE_MAINTENANCE] = "CACHE_MAINTENANCE",
		[TA_FLAG_BIT_CONCURRENT] = "CONCURRENT",
		[TA_FLAG_BIT_DEVICE_ENUM] = "DEVICE_ENUM",
		[TA_FLAG_BIT_DEVICE_ENUM_SUPP] = "DEVICE_ENUM_SUPP",
		[TA_FLAG_BIT_DONT_CLOSE_HANDLE_ON_CORRUPT_OBJECT] =
			"DONT_CLOSE_HANDLE_ON_CORRUPT_OBJECT",
		[TA_FLAG_BIT_DEVICE_ENUM_TEE_STORAGE_PRIVATE] = "DEVICE_ENUM_TEE_STORAGE_PRIVATE",
		[TA_FLAG_BIT_INSTANCE_KEEP_CRASHED] = "INSTANCE_KEEP_CRASHED",
	};

	return bit < sizeof(names) / sizeof(names[0]) ? names[bit] : NULL;
}

static uint64_t page_end(uint64_t vaddr)
{
	return (vaddr + PAGE - 1) & ~(PAGE - 1);
}

static bool range_within(uint64_t start, uint64_t length, uint64_t base, uint64_t size)
{
	return start >= base && start - base <= size && length <= size - (start - base);
}

/* The segment that holds [vaddr, vaddr + length) in memory, NULL when no single one does. */
static const struct elf_segment *segment_of(const struct elf_image *image, uint64_t vaddr,
					    uint64_t length)
{
	for (unsigned i = 0; i < image->segment_count; i++) {
		const struct elf_segment *s = &image->segments[i];

		if (range_within(vaddr, length, s->vaddr, s->memsz))
			return s;
	}
	return NULL;
}

/* The file's bytes for [vaddr, vaddr + length), NULL unless all of them come from the file. */
static const uint8_t *bytes_at(const struct elf_image *image, uint64_t vaddr, uint64_t length)
{
	const struct elf_segment *s = segment_of(image, vaddr, length);

	if (!s || !range_within(vaddr, length, s->vaddr, s->filesz))
		return NULL;
	return image->bytes + s->offset + (vaddr - s->vaddr);
}

/* As bytes_at(), for tables: the segment must not be writable. */
static const uint8_t *table_at(const struct elf_image *image, uint64_t vaddr, uint64_t length)
{
	const struct elf_segment *s = segment_of(image, vaddr, length);

	return s && !(s->flags & PF_W) ? bytes_at(image, vaddr, length) : NULL;
}

static bool overlaps(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length)
{
	return a < b + b_length && b < a + a_length;
}

/* Whether the dynamic linker may write there: the image's own data, the dynamic section excepted.
 */
static bool is_relocatable(const struct elf_image *image, uint64_t vaddr, uint64_t length)
{
	const struct elf_segment *s = segment_of(image, vaddr, length);

	return s && (s->flags & PF_W) &&
	       !overlaps(vaddr, length, image->dynamic_vaddr,
			 (image->dynamic.count + 1) * sizeof(Elf64_Dyn));
}

static const char *string_at(const struct elf_image *image, uint64_t offset)
{
	return offset < image->strings_size ? image->strings + offset : NULL;
}

static Elf64_Sym symbol_at(const struct elf_image *image, size_t index)
{
	Elf64_Sym symbol;

	memcpy(&symbol, image->symbols.bytes + index * sizeof(symbol), sizeof(symbol));
	return symbol;
}

static const char *machine_name(uint16_t machine)
{
	switch (machine) {
	case EM_AARCH64:
		return "an AArch64";
	case EM_ARM:
		return "a 32-bit Arm";
	case EM_386:
		return "a 32-bit x86";
	case EM_RISCV:
		return "a RISC-V";
	default:
		return NULL;
	}
}

static int check_machine(struct parse *p)
{
	const uint8_t *ident = p->image->bytes;
	const char *name;
	uint16_t machine;

	if (p->image->size < EI_NIDENT + 4 || memcmp(ident, ELFMAG, SELFMAG) != 0)
		return damaged(p, "not an ELF file");
	memcpy(&machine, ident + offsetof(Elf64_Ehdr, e_machine), sizeof(machine));
	if (ident[EI_DATA] == ELFDATA2MSB)
		return wrong_machine(p,
				     "wrong architecture: this is a big-endian image; build it for "
				     "x86-64");
	name = machine_name(machine);
	if (name)
		return wrong_machine(
			p,
			"wrong architecture: this is %s image; build with CROSS_COMPILE= "
			"empty and this kit's TA_DEV_KIT_DIR for x86-64",
			name);
	if (machine != EM_X86_64)
		return wrong_machine(p, "wrong architecture: ELF machine %u; build it for x86-64",
				     machine);
	if (ident[EI_CLASS] == ELFCLASS32)
		return wrong_machine(
			p, "wrong architecture: this is an x32 image; build without -mx32");
	if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB ||
	    ident[EI_VERSION] != EV_CURRENT)
		return damaged(p, "the ELF header is damaged");
	if (ident[EI_OSABI] != ELFOSABI_SYSV && ident[EI_OSABI] != ELFOSABI_GNU)
		return wrong_machine(p, "made for another operating system (ELF OS/ABI %u)",
				     ident[EI_OSABI]);
	return 0;
}

static int check_type(struct parse *p, uint16_t type)
{
	switch (type) {
	case ET_DYN:
		return 0;
	case ET_EXEC:
		return forbidden(p, "this is an executable; link the TA with -shared");
	case ET_REL:
		return forbidden(p, "this is an object file (.o); link the TA with -shared");
	case ET_CORE:
		return forbidden(p, "this is a core dump");
	default:
		return damaged(p, "unknown ELF file type %u", type);
	}
}

static int add_segment(struct parse *p, const Elf64_Phdr *ph)
{
	struct elf_image *image = p->image;
	struct elf_segment *s = &image->segments[image->segment_count];

	if (ph->p_memsz == 0 && ph->p_filesz == 0)
		return 0;
	if (image->segment_count == ELF_IMAGE_SEGMENTS_MAX)
		return forbidden(p, "more than %d segments", ELF_IMAGE_SEGMENTS_MAX);
	if (ph->p_filesz > ph->p_memsz || !range_within(ph->p_offset, ph->p_filesz, 0, image->size))
		return damaged(p, "a segment lies outside the file: truncated?");
	if (ph->p_vaddr >= UINT64_C(1) << 46 || ph->p_memsz > ELF_IMAGE_SPAN_MAX)
		return forbidden(p, "a segment of %llu bytes at %#llx: a TA has at most %llu MiB",
				 (unsigned long long)ph->p_memsz, (unsigned long long)ph->p_vaddr,
				 (unsigned long long)(ELF_IMAGE_SPAN_MAX >> 20));
	if (ph->p_align < PAGE || (ph->p_align & (ph->p_align - 1)) ||
	    ((ph->p_vaddr - ph->p_offset) & (ph->p_align - 1)))
		return damaged(p, "a segment is not aligned to pages");
	if (!(ph->p_flags & PF_R))
		return damaged(p, "a segment cannot be read");
	if ((ph->p_flags & PF_W) && (ph->p_flags & PF_X))
		return forbidden(p,
				 "a segment is writable and executable: link without -N, -omagic "
				 "or a custom linker script");
	/* Pages that two segments share would be mapped over one another. */
	if (image->segment_count > 0) {
		const struct elf_segment *last = s - 1;

		if ((ph->p_vaddr & ~(PAGE - 1)) < page_end(last->vaddr + last->memsz))
			return damaged(p, "the segments overlap or are out of order");
		if (ph->p_vaddr + ph->p_memsz - image->segments[0].vaddr > ELF_IMAGE_SPAN_MAX)
			return forbidden(p, "the image spans more than %llu MiB of memory",
					 (unsigned long long)(ELF_IMAGE_SPAN_MAX >> 20));
	}
	*s = (struct elf_segment) { ph->p_vaddr, ph->p_offset, ph->p_filesz, ph->p_memsz,
				    ph->p_flags };
	image->segment_count++;
	return 0;
}

/* What the linker takes at a virtual address must be what the file has at the offset. */
static int check_placed(struct parse *p, const Elf64_Phdr *ph)
{
	const uint8_t *at = bytes_at(p->image, ph->p_vaddr, ph->p_filesz);

	if (!at || (uint64_t)(at - p->image->bytes) != ph->p_offset)
		return damaged(p, "program header of type %#x lies outside the loaded segments",
			       ph->p_type);
	return 0;
}

static int check_program_headers(struct parse *p, const Elf64_Ehdr *eh)
{
	const struct elf_image *image = p->image;
	bool has_dynamic = false, has_stack = false;
	const struct elf_segment *s;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < eh->e_phnum; i++) {
		Elf64_Phdr ph;

		memcpy(&ph, image->bytes + eh->e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_LOAD)
			rc = add_segment(p, &ph);
	}
	if (rc)
		return rc;
	if (image->segment_count == 0)
		return damaged(p, "no loadable segment");

	for (unsigned i = 0; rc == 0 && i < eh->e_phnum; i++) {
		Elf64_Phdr ph;

		memcpy(&ph, image->bytes + eh->e_phoff + i * sizeof(ph), sizeof(ph));
		switch (ph.p_type) {
		case PT_DYNAMIC:
			if (has_dynamic)
				return damaged(p, "more than one dynamic section");
			has_dynamic = true;
			rc = check_placed(p, &ph);
			if (rc)
				break;
			if (ph.p_filesz < sizeof(Elf64_Dyn) || ph.p_filesz != ph.p_memsz ||
			    ph.p_vaddr % sizeof(uint64_t))
				return damaged(p, "the dynamic section is damaged");
			p->image->dynamic_vaddr = ph.p_vaddr;
			p->image->dynamic.bytes = image->bytes + ph.p_offset;
			p->image->dynamic.count = ph.p_filesz / sizeof(Elf64_Dyn);
			break;
		case PT_GNU_STACK:
			has_stack = true;
			if (ph.p_flags & PF_X)
				return forbidden(p, "asks for an executable stack: link with "
						    "-z noexecstack");
			break;
		case PT_TLS:
			if (p->has_tls)
				return damaged(p, "more than one thread-local segment");
			p->has_tls = true;
			if (ph.p_filesz > ph.p_memsz || ph.p_memsz == 0 ||
			    ph.p_memsz > ELF_IMAGE_SPAN_MAX || ph.p_align == 0 ||
			    (ph.p_align & (ph.p_align - 1)) || ph.p_align > PAGE)
				return damaged(p, "the thread-local segment is damaged");
			if (ph.p_filesz)
				rc = check_placed(p, &ph);
			break;
		case PT_GNU_RELRO:
			s = segment_of(image, ph.p_vaddr, 1);
			if (!s || ph.p_memsz > ELF_IMAGE_SPAN_MAX ||
			    ph.p_vaddr + ph.p_memsz > page_end(s->vaddr + s->memsz))
				return damaged(p,
					       "the read-only-after-relocation range lies outside "
					       "the loaded segments");
			break;
		case PT_PHDR:
			rc = check_placed(p, &ph);
			if (rc == 0 && ph.p_offset != eh->e_phoff)
				return damaged(p, "the program headers are not where they say");
			break;
		case PT_NOTE:
		case PT_GNU_PROPERTY:
		case PT_GNU_EH_FRAME:
			if (ph.p_filesz)
				rc = check_placed(p, &ph);
			break;
		default:
			break;
		}
	}
	if (rc)
		return rc;
	if (!has_dynamic)
		return wrong_machine(
			p, "no dynamic section: link the TA with -shared (debug-only files "
			   "and static objects cannot be loaded)");
	if (!has_stack)
		return forbidden(p, "no PT_GNU_STACK, which means an executable stack: link with "
				    "-z noexecstack");
	return 0;
}

static int dynamic_slot(int64_t tag)
{
	switch (tag) {
	case DT_GNU_HASH:
		return SLOT_GNU_HASH;
	case DT_VERSYM:
		return SLOT_VERSYM;
	case DT_VERNEED:
		return SLOT_VERNEED;
	case DT_VERNEEDNUM:
		return SLOT_VERNEEDNUM;
	case DT_VERDEF:
		return SLOT_VERDEF;
	case DT_VERDEFNUM:
		return SLOT_VERDEFNUM;
	case DT_FLAGS_1:
		return SLOT_FLAGS_1;
	case DT_TLSDESC_GOT:
		return SLOT_TLSDESC_GOT;
	case DT_RELACOUNT:
		return SLOT_RELACOUNT;
	default:
		return tag >= 0 && tag < DT_NUM ? (int)tag : -1;
	}
}

static int check_allowed_tag(struct parse *p, int64_t tag)
{
	switch (tag) {
	case DT_RPATH:
	case DT_RUNPATH:
		return forbidden(p, "has %s: link without -rpath",
				 tag == DT_RPATH ? "DT_RPATH" : "DT_RUNPATH");
	case DT_TEXTREL:
		return forbidden(p, "has text relocations: compile every file with -fPIC");
	case DT_FILTER:
	case DT_AUXILIARY:
		return forbidden(p, "is a filter library: link without -F and -f");
	case DT_AUDIT:
	case DT_DEPAUDIT:
		return forbidden(p, "names an audit library: link without --audit and --depaudit");
	case DT_PREINIT_ARRAY:
	case DT_PREINIT_ARRAYSZ:
		return forbidden(p, "has a .preinit_array, which only a program may have");
	case DT_REL:
		return damaged(p, "has relocations of a kind that x86-64 does not use (DT_REL)");
	case TEESIM_DT_INIT:
	case TEESIM_DT_FINI:
	case TEESIM_DT_INIT_ARRAY:
	case TEESIM_DT_INIT_ARRAYSZ:
	case TEESIM_DT_FINI_ARRAY:
	case TEESIM_DT_FINI_ARRAYSZ:
		return forbidden(p,
				 "has dynamic tag %#llx, which is reserved: give the file as the "
				 "linker made it",
				 (unsigned long long)tag);
	default:
		break;
	}
	/* The dynamic linker looks at some tags modulo 2^31, where others could hide. */
	if (tag < 0 || tag > INT32_MAX)
		return damaged(p, "dynamic tag %#llx out of range", (unsigned long long)tag);
	return 0;
}

static int read_dynamic(struct parse *p)
{
	struct elf_image *image = p->image;
	uint64_t needed[ELF_IMAGE_NEEDED_MAX];
	const struct elf_segment *s;
	size_t i;

	for (i = 0; i < image->dynamic.count; i++) {
		Elf64_Dyn dyn;
		int slot, rc;

		memcpy(&dyn, image->dynamic.bytes + i * sizeof(dyn), sizeof(dyn));
		if (dyn.d_tag == DT_NULL)
			break;
		rc = check_allowed_tag(p, dyn.d_tag);
		if (rc)
			return rc;
		if (dyn.d_tag == DT_NEEDED) {
			if (image->needed_count == ELF_IMAGE_NEEDED_MAX)
				return forbidden(p, "needs more than %d libraries",
						 ELF_IMAGE_NEEDED_MAX);
			needed[image->needed_count++] = dyn.d_un.d_val;
			continue;
		}
		slot = dynamic_slot(dyn.d_tag);
		if (slot < 0)
			continue;
		if (p->seen[slot])
			return damaged(p, "dynamic tag %#llx stands twice",
				       (unsigned long long)dyn.d_tag);
		p->seen[slot] = true;
		p->value[slot] = dyn.d_un.d_val;
	}
	if (i == image->dynamic.count)
		return damaged(p, "the dynamic section has no end");
	image->dynamic.count = i;

	if (p->value[DT_FLAGS] & DF_TEXTREL)
		return forbidden(p, "has text relocations: compile every file with -fPIC");
	if (p->value[SLOT_FLAGS_1] & DF_1_PIE)
		return forbidden(p, "this is a -pie executable; link the TA with -shared instead");
	if (p->value[SLOT_FLAGS_1] & DF_1_NOOPEN)
		return forbidden(p, "is marked as not loadable: link without -z nodlopen");

	if (!p->seen[DT_STRTAB] || !p->seen[DT_STRSZ] || !p->seen[DT_SYMTAB])
		return damaged(p, "no dynamic symbols");
	s = segment_of(image, p->value[DT_STRTAB], 1);
	if (s && (s->flags & PF_W))
		return forbidden(
			p, "its tables can be written to, as after patchelf: give the file as "
			   "the linker made it");
	image->strings_size = p->value[DT_STRSZ];
	image->strings = (const char *)table_at(image, p->value[DT_STRTAB], p->value[DT_STRSZ]);
	if (!image->strings || image->strings_size == 0 ||
	    image->strings[image->strings_size - 1] != '\0')
		return damaged(p, "the dynamic string table is damaged");
	for (i = 0; i < image->needed_count; i++) {
		image->needed[i] = string_at(image, needed[i]);
		if (!image->needed[i] || !image->needed[i][0])
			return damaged(p, "the name of a needed library is damaged");
		if (strpbrk(image->needed[i], "/$"))
			return forbidden(p, "needs the library %.200s by its path: link it with -l",
					 image->needed[i]);
	}
	if (p->seen[DT_SONAME]) {
		image->soname = string_at(image, p->value[DT_SONAME]);
		if (!image->soname)
			return damaged(p, "the SONAME is damaged");
	}
	return 0;
}

/* Every symbol that look-up by DT_HASH can reach, as a count; the chains end. */
static int count_sysv_hash(struct parse *p, size_t *count)
{
	const uint8_t *head = table_at(p->image, p->value[DT_HASH], 8);
	uint32_t buckets, chains, steps = 0;
	const uint8_t *words;

	if (!head)
		return damaged(p, "the hash table is damaged");
	memcpy(&buckets, head, 4);
	memcpy(&chains, head + 4, 4);
	words = table_at(p->image, p->value[DT_HASH], 8 + 4 * ((uint64_t)buckets + chains));
	if (!words || buckets == 0)
		return damaged(p, "the hash table is damaged");
	words += 8;
	for (uint32_t b = 0; b < buckets; b++) {
		uint32_t index;

		memcpy(&index, words + 4 * (size_t)b, 4);
		while (index != STN_UNDEF) {
			if (index >= chains || ++steps > chains)
				return damaged(p, "the hash table is damaged");
			memcpy(&index, words + 4 * ((size_t)buckets + index), 4);
		}
	}
	*count = chains;
	return 0;
}

/* The same for DT_GNU_HASH. Chains lie one after another, so the last one's end is the end of all.
 */
static int count_gnu_hash(struct parse *p, size_t *count)
{
	const uint64_t start = p->value[SLOT_GNU_HASH];
	const uint8_t *words = table_at(p->image, start, 16);
	uint32_t head[4], last = 0;
	uint64_t chains;

	if (!words)
		return damaged(p, "the hash table is damaged");
	memcpy(head, words, sizeof(head));
	if (head[0] == 0 || head[2] == 0 || (head[2] & (head[2] - 1)) || head[3] > 31)
		return damaged(p, "the hash table is damaged");
	chains = 16 + 8 * (uint64_t)head[2] + 4 * (uint64_t)head[0];
	words = table_at(p->image, start, chains);
	if (!words)
		return damaged(p, "the hash table is damaged");
	words += 16 + 8 * (size_t)head[2];
	for (uint32_t b = 0; b < head[0]; b++) {
		uint32_t index;

		memcpy(&index, words + 4 * (size_t)b, 4);
		if (index && index < head[1])
			return damaged(p, "the hash table is damaged");
		if (index > last)
			last = index;
	}
	*count = head[1];
	while (last) {
		const uint8_t *link =
			table_at(p->image, start + chains + 4 * (uint64_t)(last - head[1]), 4);
		uint32_t hash;

		if (!link)
			return damaged(p, "the hash table is damaged");
		memcpy(&hash, link, 4);
		*count = (size_t)last + 1;
		last = hash & 1 ? 0 : last + 1;
	}
	return 0;
}

static int find_rela(struct parse *p, int at, int size, struct elf_table *out)
{
	if (p->seen[at] != p->seen[size])
		return damaged(p, "a relocation table is damaged");
	if (!p->seen[at] || p->value[size] == 0)
		return 0;
	out->bytes = table_at(p->image, p->value[at], p->value[size]);
	if (!out->bytes || p->value[size] % sizeof(Elf64_Rela))
		return damaged(p, "a relocation table is damaged");
	out->count = p->value[size] / sizeof(Elf64_Rela);
	return 0;
}

static int find_relocations(struct parse *p)
{
	struct elf_image *image = p->image;
	int rc = find_rela(p, DT_RELA, DT_RELASZ, &image->rela);

	if (rc == 0)
		rc = find_rela(p, DT_JMPREL, DT_PLTRELSZ, &image->plt_rela);
	if (rc)
		return rc;
	if ((p->seen[DT_RELAENT] && p->value[DT_RELAENT] != sizeof(Elf64_Rela)) ||
	    (p->seen[DT_RELA] && !p->seen[DT_RELAENT]) ||
	    (p->seen[DT_JMPREL] && p->value[DT_PLTREL] != DT_RELA) ||
	    p->seen[DT_RELR] != p->seen[DT_RELRSZ] ||
	    (p->seen[DT_RELR] && p->value[DT_RELRENT] != sizeof(Elf64_Relr)))
		return damaged(p, "a relocation table is damaged");
	if (p->seen[DT_RELR] && p->value[DT_RELRSZ]) {
		image->relr.bytes = table_at(image, p->value[DT_RELR], p->value[DT_RELRSZ]);
		if (!image->relr.bytes || p->value[DT_RELRSZ] % sizeof(Elf64_Relr))
			return damaged(p, "a relocation table is damaged");
		image->relr.count = p->value[DT_RELRSZ] / sizeof(Elf64_Relr);
	}
	return 0;
}

static Elf64_Rela rela_at(const struct elf_image *image, size_t index)
{
	Elf64_Rela rela;
	const uint8_t *bytes =
		index < image->rela.count
			? image->rela.bytes + index * sizeof(rela)
			: image->plt_rela.bytes + (index - image->rela.count) * sizeof(rela);

	memcpy(&rela, bytes, sizeof(rela));
	return rela;
}

static size_t rela_count(const struct elf_image *image)
{
	return image->rela.count + image->plt_rela.count;
}

/*
 * Call `visit` with each address that the packed relative relocations add the load address to; stop
 * when it returns false.
 */
static bool relr_walk(const struct elf_image *image, bool (*visit)(void *arg, uint64_t vaddr),
		      void *arg)
{
	uint64_t next = 0;

	for (size_t i = 0; i < image->relr.count; i++) {
		uint64_t word;

		memcpy(&word, image->relr.bytes + i * sizeof(word), sizeof(word));
		if (!(word & 1)) {
			if (!visit(arg, word))
				return false;
			next = word + 8;
			continue;
		}
		for (unsigned bit = 1; bit < 64; bit++)
			if ((word >> bit & 1) && !visit(arg, next + 8 * (uint64_t)(bit - 1)))
				return false;
		next += 8 * UINT64_C(63);
	}
	return true;
}

static bool relr_is_relocatable(void *arg, uint64_t vaddr)
{
	return is_relocatable(arg, vaddr, 8);
}

/* Whether a thread-local relocation is about a thread-local variable. */
static bool is_thread_local(const struct parse *p, const Elf64_Rela *rela)
{
	const size_t index = ELF64_R_SYM(rela->r_info);
	Elf64_Sym symbol;

	if (index == STN_UNDEF)
		return p->has_tls;
	symbol = symbol_at(p->image, index);
	return ELF64_ST_TYPE(symbol.st_info) == STT_TLS &&
	       (symbol.st_shndx == SHN_UNDEF || p->has_tls);
}

static int check_relocations(struct parse *p)
{
	const struct elf_image *image = p->image;

	for (size_t i = 0; i < rela_count(image); i++) {
		const Elf64_Rela rela = rela_at(image, i);
		uint64_t width = 8;

		switch (ELF64_R_TYPE(rela.r_info)) {
		case R_X86_64_NONE:
			continue;
		case R_X86_64_64:
		case R_X86_64_GLOB_DAT:
		case R_X86_64_JUMP_SLOT:
		case R_X86_64_RELATIVE:
			break;
		case R_X86_64_TLSDESC:
			width = 16;
			/* fall through */
		case R_X86_64_DTPMOD64:
		case R_X86_64_DTPOFF64:
		case R_X86_64_TPOFF64:
			if (!is_thread_local(p, &rela))
				return damaged(p, "a thread-local relocation of something else");
			break;
		case R_X86_64_IRELATIVE:
			return forbidden(
				p, "has an indirect function (ifunc), which would run while the "
				   "image is loaded: build without target_clones and "
				   "__attribute__((ifunc))");
		default:
			return forbidden(p,
					 "has a relocation of type %u, which a TA may not have: "
					 "compile every file with -fPIC and link with -shared",
					 (unsigned)ELF64_R_TYPE(rela.r_info));
		}
		if (!is_relocatable(image, rela.r_offset, width))
			return damaged(p, "a relocation writes outside the image's own data");
	}
	/* The dynamic linker takes the type of so many for granted. */
	if (p->value[SLOT_RELACOUNT] > image->rela.count)
		return damaged(p, "a relocation table is damaged");
	for (size_t i = 0; i < p->value[SLOT_RELACOUNT]; i++)
		if (ELF64_R_TYPE(rela_at(image, i).r_info) != R_X86_64_RELATIVE)
			return damaged(p, "a relocation table is damaged");
	if (!relr_walk(image, relr_is_relocatable, (void *)image))
		return damaged(p, "a relocation writes outside the image's own data");

	/* The dynamic linker itself writes the words 1 and 2 of the PLT's table. */
	if (p->seen[DT_PLTGOT] && !is_relocatable(image, p->value[DT_PLTGOT], 24))
		return damaged(p, "the global offset table is damaged");
	if (p->seen[SLOT_TLSDESC_GOT] && !is_relocatable(image, p->value[SLOT_TLSDESC_GOT], 8))
		return damaged(p, "the global offset table is damaged");
	return 0;
}

static int check_symbols(struct parse *p)
{
	struct elf_image *image = p->image;
	size_t count = 0, more = 0;
	int rc = 0;

	if (p->seen[DT_SYMENT] && p->value[DT_SYMENT] != sizeof(Elf64_Sym))
		return damaged(p, "the symbol table is damaged");
	if (!p->seen[DT_HASH] && !p->seen[SLOT_GNU_HASH])
		return damaged(p, "no hash table for the dynamic symbols");
	if (p->seen[DT_HASH])
		rc = count_sysv_hash(p, &count);
	if (rc == 0 && p->seen[SLOT_GNU_HASH])
		rc = count_gnu_hash(p, &more);
	if (rc)
		return rc;
	if (more > count)
		count = more;
	/* DT_GNU_HASH leaves out the undefined symbols; the relocations name those that matter. */
	for (size_t i = 0; i < rela_count(image); i++) {
		const size_t index = ELF64_R_SYM(rela_at(image, i).r_info);

		if (index >= count)
			count = index + 1;
	}
	image->symbols.bytes = table_at(image, p->value[DT_SYMTAB], count * sizeof(Elf64_Sym));
	if (!image->symbols.bytes)
		return damaged(p, "the symbol table is damaged");
	image->symbols.count = count;
	for (size_t i = 0; i < count; i++) {
		const Elf64_Sym symbol = symbol_at(image, i);

		if (!string_at(image, symbol.st_name))
			return damaged(p, "the name of symbol %zu is damaged", i);
		if (symbol.st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol.st_info) == STT_GNU_IFUNC)
			return forbidden(
				p,
				"%.200s is an indirect function (ifunc), which would run "
				"while the image is loaded: build without target_clones and "
				"__attribute__((ifunc))",
				string_at(image, symbol.st_name));
	}
	return 0;
}

/* Version indexes have 15 bits, so no sound image has more records than that. */
#define VERSION_RECORDS_MAX 0x8000U

/* Version records are lists of lists; an outer record may point back into another's inner list. */
static int check_version_needs(struct parse *p, unsigned *highest)
{
	const struct elf_image *image = p->image;
	uint64_t at = p->value[SLOT_VERNEED];
	unsigned records = 0;
	Elf64_Verneed need;

	do {
		const uint8_t *bytes = table_at(image, at, sizeof(need));
		const char *file;
		uint64_t aux_at;
		Elf64_Vernaux aux;
		bool known = false;

		if (!bytes)
			return damaged(p, "the version requirements are damaged");
		memcpy(&need, bytes, sizeof(need));
		file = string_at(image, need.vn_file);
		for (unsigned i = 0; file && i < image->needed_count; i++)
			known |= strcmp(file, image->needed[i]) == 0;
		if (need.vn_version != VER_NEED_CURRENT || !known)
			return damaged(p, "the version requirements are damaged");
		aux_at = at + need.vn_aux;
		do {
			bytes = table_at(image, aux_at, sizeof(aux));
			if (!bytes || ++records > VERSION_RECORDS_MAX)
				return damaged(p, "the version requirements are damaged");
			memcpy(&aux, bytes, sizeof(aux));
			if (!string_at(image, aux.vna_name))
				return damaged(p, "the version requirements are damaged");
			if ((aux.vna_other & 0x7fffU) > *highest)
				*highest = aux.vna_other & 0x7fffU;
			aux_at += aux.vna_next;
		} while (aux.vna_next);
		at += need.vn_next;
	} while (need.vn_next);
	return 0;
}

static int check_version_definitions(struct parse *p, unsigned *highest)
{
	const struct elf_image *image = p->image;
	uint64_t at = p->value[SLOT_VERDEF];
	Elf64_Verdef def;

	do {
		const uint8_t *bytes = table_at(image, at, sizeof(def));
		Elf64_Verdaux aux;

		if (!bytes)
			return damaged(p, "the version definitions are damaged");
		memcpy(&def, bytes, sizeof(def));
		bytes = table_at(image, at + def.vd_aux, sizeof(aux));
		if (!bytes || def.vd_version != VER_DEF_CURRENT)
			return damaged(p, "the version definitions are damaged");
		memcpy(&aux, bytes, sizeof(aux));
		if (!string_at(image, aux.vda_name))
			return damaged(p, "the version definitions are damaged");
		if ((def.vd_ndx & 0x7fffU) > *highest)
			*highest = def.vd_ndx & 0x7fffU;
		at += def.vd_next;
	} while (def.vd_next);
	return 0;
}

static int check_versions(struct parse *p)
{
	const struct elf_image *image = p->image;
	const uint8_t *indexes;
	unsigned highest = 0;
	int rc = 0;

	if (p->seen[SLOT_VERNEED])
		rc = check_version_needs(p, &highest);
	if (rc == 0 && p->seen[SLOT_VERDEF])
		rc = check_version_definitions(p, &highest);
	if (rc)
		return rc;
	if (!p->seen[SLOT_VERNEED] && !p->seen[SLOT_VERDEF] && !p->seen[SLOT_VERSYM])
		return 0;
	/* Without a single record, the dynamic linker has no table for the indexes to point into.
	 */
	indexes = p->seen[SLOT_VERSYM] && highest > 0
			  ? table_at(image, p->value[SLOT_VERSYM], image->symbols.count * 2)
			  : NULL;
	if (!indexes)
		return damaged(p, "the symbol versions are damaged");
	for (size_t i = 0; i < image->symbols.count; i++) {
		uint16_t index;

		memcpy(&index, indexes + 2 * i, 2);
		if ((index & 0x7fffU) > highest)
			return damaged(p, "the symbol versions are damaged");
	}
	return 0;
}

static int check_constructors(struct parse *p)
{
	static const struct {
		int array, size;
	} arrays[] = { { DT_INIT_ARRAY, DT_INIT_ARRAYSZ }, { DT_FINI_ARRAY, DT_FINI_ARRAYSZ } };
	static const int functions[] = { DT_INIT, DT_FINI };

	for (unsigned i = 0; i < 2; i++) {
		const struct elf_segment *code = segment_of(p->image, p->value[functions[i]], 1);

		if (p->seen[functions[i]] && (!code || !(code->flags & PF_X)))
			return damaged(p, "the constructors or destructors lie outside the code");
		if (p->seen[arrays[i].array] != p->seen[arrays[i].size])
			return damaged(p, "the constructor or destructor table is damaged");
		if (p->seen[arrays[i].array] &&
		    (p->value[arrays[i].size] % 8 || p->value[arrays[i].array] % 8 ||
		     !bytes_at(p->image, p->value[arrays[i].array], p->value[arrays[i].size])))
			return damaged(p, "the constructor or destructor table is damaged");
	}
	return 0;
}

int elf_image_symbol(const struct elf_image *image, const char *name, uint64_t *vaddr,
		     uint64_t *size)
{
	for (size_t i = 1; i < image->symbols.count; i++) {
		const Elf64_Sym symbol = symbol_at(image, i);

		if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL ||
		    strcmp(string_at(image, symbol.st_name), name) != 0)
			continue;
		*vaddr = symbol.st_value;
		if (size)
			*size = symbol.st_size;
		return 0;
	}
	return -ENOENT;
}

const char *elf_image_next_undefined(const struct elf_image *image, size_t *cursor, bool *weak)
{
	for (size_t i = *cursor + 1; i < image->symbols.count; i++) {
		const Elf64_Sym symbol = symbol_at(image, i);

		if (symbol.st_shndx != SHN_UNDEF || symbol.st_name == 0 ||
		    ELF64_ST_BIND(symbol.st_info) == STB_LOCAL)
			continue;
		*cursor = i;
		if (weak)
			*weak = ELF64_ST_BIND(symbol.st_info) == STB_WEAK;
		return string_at(image, symbol.st_name);
	}
	*cursor = image->symbols.count;
	return NULL;
}

/* The words of the property table, as they will be once relocated; 0 for one that is no address. */
struct property_words {
	const struct elf_image *image;
	uint64_t base;
	size_t count;
	uint64_t target[PROPERTIES_MAX * PROPERTY_SIZE / 8];
};

static uint64_t *property_word(struct property_words *words, uint64_t vaddr)
{
	const uint64_t index = (vaddr - words->base) / 8;

	return vaddr >= words->base && (vaddr - words->base) % 8 == 0 && index < words->count
		       ? &words->target[index]
		       : NULL;
}

static bool relr_property_word(void *arg, uint64_t vaddr)
{
	struct property_words *words = arg;
	uint64_t *word = property_word(words, vaddr);

	if (word)
		memcpy(word, bytes_at(words->image, vaddr, 8), 8);
	return true;
}

static void property_words_read(struct property_words *words)
{
	const struct elf_image *image = words->image;

	memset(words->target, 0, words->count * 8);
	relr_walk(image, relr_property_word, words);
	for (size_t i = 0; i < rela_count(image); i++) {
		const Elf64_Rela rela = rela_at(image, i);
		uint64_t *word = property_word(words, rela.r_offset);
		Elf64_Sym symbol;

		if (!word)
			continue;
		if (ELF64_R_TYPE(rela.r_info) == R_X86_64_RELATIVE) {
			*word = (uint64_t)rela.r_addend;
		} else if (ELF64_R_TYPE(rela.r_info) == R_X86_64_64) {
			symbol = symbol_at(image, ELF64_R_SYM(rela.r_info));
			*word = symbol.st_shndx == SHN_UNDEF
					? 0
					: symbol.st_value + (uint64_t)rela.r_addend;
		}
	}
}

/* A NUL-terminated string of the image, NULL when it has no end. `length` gets its length. */
static const char *text_at(const struct elf_image *image, uint64_t vaddr, size_t *length)
{
	const struct elf_segment *s = segment_of(image, vaddr, 1);
	const uint8_t *bytes = bytes_at(image, vaddr, 1);
	const uint8_t *end;
	uint64_t left;

	if (!bytes)
		return NULL;
	left = s->filesz - (vaddr - s->vaddr);
	end = memchr(bytes, '\0', left);
	if (!end)
		return NULL;
	*length = (size_t)(end - bytes);
	return (const char *)bytes;
}

/* Properties are only shown to people here, so one that does not resolve is left out. */
static void read_properties(struct elf_image *image)
{
	enum {
		PROPERTY_U32 = 1,
		PROPERTY_STRING = 4
	};
	struct property_words words = { .image = image };
	uint64_t count_at, count;
	const uint8_t *table, *bytes;

	if (elf_image_symbol(image, "ta_props", &words.base, NULL) ||
	    elf_image_symbol(image, "ta_num_props", &count_at, NULL))
		return;
	bytes = bytes_at(image, count_at, 8);
	if (!bytes)
		return;
	memcpy(&count, bytes, 8);
	if (count > PROPERTIES_MAX)
		return;
	table = bytes_at(image, words.base, count * PROPERTY_SIZE);
	if (!table)
		return;
	words.count = count * PROPERTY_SIZE / 8;
	property_words_read(&words);
	image->ta.property_count = (unsigned)count;

	for (size_t i = 0; i < count; i++) {
		size_t name_length = 0, length = 0;
		const char *name = text_at(image, words.target[3 * i], &name_length);
		const uint64_t value_at = words.target[3 * i + 2];
		const char *text;
		uint32_t type, number;

		memcpy(&type, table + i * PROPERTY_SIZE + 8, 4);
		if (!name)
			continue;
		if (type == PROPERTY_STRING) {
			text = text_at(image, value_at, &length);
			if (text && strcmp(name, "gpd.ta.version") == 0)
				text_printable(image->ta.version, sizeof(image->ta.version), text,
					       length);
			if (text && strcmp(name, "gpd.ta.description") == 0)
				text_printable(image->ta.description, sizeof(image->ta.description),
					       text, length);
		} else if (type == PROPERTY_U32) {
			bytes = bytes_at(image, value_at, 4);
			if (bytes && image->ta.data_size == 0 &&
			    strcmp(name, "gpd.ta.dataSize") == 0) {
				memcpy(&number, bytes, 4);
				image->ta.data_size = number;
			}
		}
	}
}

static struct uuid read_uuid(const uint8_t *tee_uuid)
{
	uint32_t low;
	uint16_t mid, high;

	memcpy(&low, tee_uuid, 4);
	memcpy(&mid, tee_uuid + 4, 2);
	memcpy(&high, tee_uuid + 6, 2);
	return uuid_from_fields(low, mid, high, tee_uuid + 8);
}

static unsigned entry_point_bit(const char *name)
{
	for (unsigned i = 0; i < TA_ENTRY_COUNT; i++)
		if (strcmp(name, entry_names[i]) == 0)
			return 1U << i;
	return 0;
}

static int read_ta_head(struct parse *p)
{
	struct elf_image *image = p->image;
	const uint8_t *head;
	uint64_t at;

	for (size_t i = 1, heads = 0; i < image->symbols.count; i++) {
		const Elf64_Sym symbol = symbol_at(image, i);
		const char *name = string_at(image, symbol.st_name);

		if (symbol.st_shndx == SHN_UNDEF) {
			image->ta.entry_points_missing |= entry_point_bit(name);
			continue;
		}
		image->ta.entry_points |= entry_point_bit(name);
		if (strcmp(name, "ta_head") == 0 && ++heads > 1)
			return damaged(p, "ta_head is defined twice");
	}
	image->ta.entry_points_missing &= ~image->ta.entry_points;
	if (elf_image_symbol(image, "ta_head", &at, NULL)) {
		image->is_library = image->soname && !uuid_parse(image->soname, &image->ta.uuid);
		return 0;
	}
	head = bytes_at(image, at, TA_HEAD_SIZE);
	if (!head)
		return damaged(p, "ta_head lies outside the file");
	if (at == 0)
		return forbidden(
			p, "ta_head lies at address 0, where it cannot be found: link without "
			   "a custom linker script");
	image->is_ta = true;
	image->ta.uuid = read_uuid(head);
	memcpy(&image->ta.stack_size, head + 16, 4);
	memcpy(&image->ta.flags, head + 20, 4);
	if (elf_image_symbol(image, "ta_heap_size", &at, NULL) == 0) {
		const uint8_t *bytes = bytes_at(image, at, 8);

		if (bytes)
			memcpy(&image->ta.data_size, bytes, 8);
	}
	read_properties(image);
	return 0;
}

int elf_image_parse(const void *bytes, size_t size, struct elf_image *out, char *err, size_t errlen)
{
	struct parse p = { .image = out, .err = err, .errlen = errlen };
	Elf64_Ehdr eh;
	int rc;

	memset(out, 0, sizeof(*out));
	out->bytes = bytes;
	out->size = size;
	rc = check_machine(&p);
	if (rc)
		return rc;
	if (size < sizeof(eh))
		return damaged(&p, "the ELF header is cut off");
	memcpy(&eh, bytes, sizeof(eh));
	rc = check_type(&p, eh.e_type);
	if (rc)
		return rc;
	if (eh.e_phentsize != sizeof(Elf64_Phdr) || eh.e_phnum == 0 || eh.e_phnum > 64 ||
	    !range_within(eh.e_phoff, (uint64_t)eh.e_phnum * sizeof(Elf64_Phdr), 0, size))
		return damaged(&p, "the program headers are damaged or cut off");

	rc = check_program_headers(&p, &eh);
	if (rc == 0)
		rc = read_dynamic(&p);
	if (rc == 0)
		rc = find_relocations(&p);
	if (rc == 0)
		rc = check_symbols(&p);
	if (rc == 0)
		rc = check_relocations(&p);
	if (rc == 0)
		rc = check_versions(&p);
	if (rc == 0)
		rc = check_constructors(&p);
	if (rc == 0)
		rc = read_ta_head(&p);
	return rc;
}

/* Does a string of the image start inside [first, first + length), but not with it? */
static bool starts_within(const struct elf_image *image, const char *string, size_t first,
			  size_t length)
{
	const size_t at = string ? (size_t)(string - image->strings) : 0;

	return string && at > first && at - first < length;
}

int elf_image_rename_needed(const struct elf_image *image, void *bytes, unsigned index,
			    const char *name, char *err, size_t errlen)
{
	const char *old = image->needed[index];
	const size_t first = (size_t)(old - image->strings), length = strlen(old);
	bool shared = starts_within(image, image->soname, first, length);

	/* Linkers let a name lie in the end of another. */
	for (unsigned i = 0; i < image->needed_count; i++)
		shared |= starts_within(image, image->needed[i], first, length);
	for (size_t i = 0; !shared && i < image->symbols.count; i++)
		shared = starts_within(image, string_at(image, symbol_at(image, i).st_name), first,
				       length);
	if (shared || strlen(name) > length)
		return refuse(-EPERM, err, errlen,
			      "needs library %.200s, and has a symbol that is named like the end "
			      "of that: give the symbol another name",
			      old);
	memcpy((uint8_t *)bytes + ((const uint8_t *)old - image->bytes), name, strlen(name) + 1);
	return 0;
}

void elf_image_neutralise(const struct elf_image *image, void *bytes)
{
	static const struct {
		int64_t from, to;
	} names[] = {
		{ DT_INIT, TEESIM_DT_INIT },
		{ DT_FINI, TEESIM_DT_FINI },
		{ DT_INIT_ARRAY, TEESIM_DT_INIT_ARRAY },
		{ DT_INIT_ARRAYSZ, TEESIM_DT_INIT_ARRAYSZ },
		{ DT_FINI_ARRAY, TEESIM_DT_FINI_ARRAY },
		{ DT_FINI_ARRAYSZ, TEESIM_DT_FINI_ARRAYSZ },
	};
	uint8_t *dynamic = (uint8_t *)bytes + (image->dynamic.bytes - image->bytes);

	for (size_t i = 0; i < image->dynamic.count; i++) {
		uint8_t *entry = dynamic + i * sizeof(Elf64_Dyn);
		int64_t tag;

		memcpy(&tag, entry, sizeof(tag));
		for (unsigned n = 0; n < sizeof(names) / sizeof(names[0]); n++)
			if (tag == names[n].from)
				memcpy(entry, &names[n].to, sizeof(tag));
	}
}
