#include "loader/redirect.h"

#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loader/loader.h"

/* Relocations that put a symbol's address, and nothing else, into a word. */
static bool is_address(ElfW(Xword) info)
{
	switch (ELF64_R_TYPE(info)) {
#if defined(__x86_64__)
	case R_X86_64_64:
	case R_X86_64_GLOB_DAT:
	case R_X86_64_JUMP_SLOT:
		return true;
#elif defined(__aarch64__)
	case R_AARCH64_ABS64:
	case R_AARCH64_GLOB_DAT:
	case R_AARCH64_JUMP_SLOT:
		return true;
#endif
	default:
		return false;
	}
}

/* What stands in an object's dynamic section; the dynamic linker has made addresses of it. */
struct dynamic_tables {
	const ElfW(Sym) * symbols;
	const char *strings;
	/* DT_RELA and DT_JMPREL. */
	const ElfW(Rela) * relocations[2];
	size_t count[2];
};

static struct dynamic_tables tables_find(const ElfW(Dyn) * dyn)
{
	struct dynamic_tables tables = { 0 };

	for (; dyn->d_tag != DT_NULL; dyn++) {
		switch (dyn->d_tag) {
		case DT_SYMTAB:
			tables.symbols = (const ElfW(Sym) *)dyn->d_un.d_ptr;
			break;
		case DT_STRTAB:
			tables.strings = (const char *)dyn->d_un.d_ptr;
			break;
		case DT_RELA:
			tables.relocations[0] = (const ElfW(Rela) *)dyn->d_un.d_ptr;
			break;
		case DT_RELASZ:
			tables.count[0] = dyn->d_un.d_val / sizeof(ElfW(Rela));
			break;
		case DT_JMPREL:
			tables.relocations[1] = (const ElfW(Rela) *)dyn->d_un.d_ptr;
			break;
		case DT_PLTRELSZ:
			tables.count[1] = dyn->d_un.d_val / sizeof(ElfW(Rela));
			break;
		default:
			break;
		}
	}
	for (int i = 0; i < 2; i++)
		if (!tables.relocations[i])
			tables.count[i] = 0;
	return tables;
}

struct walk {
	const struct loaded_ta *ta;
	const struct redirection *redirections;
	size_t count;
	int err;
};

static void (*function_for(const struct walk *walk, const char *symbol))(void)
{
	for (size_t i = 0; i < walk->count; i++)
		if (!strcmp(walk->redirections[i].symbol, symbol))
			return walk->redirections[i].function;
	return NULL;
}

/* Is the object the TA's own, or there on its behalf? The libraries of the process itself have
 * calls of their own to make. */
static bool concerns(const struct walk *walk, const struct dl_phdr_info *object)
{
	if (walk->ta->image.map->l_addr == object->dlpi_addr)
		return true;
	for (size_t i = 0; i < LOADER_LIBRARIES_MAX; i++)
		if (walk->ta->library[i].handle &&
		    walk->ta->library[i].map->l_addr == object->dlpi_addr)
			return true;
	return strstr(object->dlpi_name, "/libstdc++.so") != NULL;
}

static const ElfW(Phdr) * header_find(const struct dl_phdr_info *object, ElfW(Word) type)
{
	for (ElfW(Half) i = 0; i < object->dlpi_phnum; i++)
		if (object->dlpi_phdr[i].p_type == type)
			return &object->dlpi_phdr[i];
	return NULL;
}

/* What the dynamic linker has made read-only, or is to be so again. */
static int relro_protect(const struct dl_phdr_info *object, int protection)
{
	const ElfW(Phdr) *relro = header_find(object, PT_GNU_RELRO);
	const ElfW(Addr) page = (ElfW(Addr))sysconf(_SC_PAGESIZE);
	ElfW(Addr) start, end;

	if (!relro)
		return 0;
	start = (object->dlpi_addr + relro->p_vaddr) & ~(page - 1);
	end = (object->dlpi_addr + relro->p_vaddr + relro->p_memsz) & ~(page - 1);
	return end > start && mprotect((void *)start, end - start, protection) < 0 ? -errno : 0;
}

static int object_redirect(struct dl_phdr_info *object, size_t size, void *data)
{
	const ElfW(Phdr) *dynamic = header_find(object, PT_DYNAMIC);
	struct walk *walk = data;
	struct dynamic_tables tables;

	(void)size;
	if (!dynamic || !concerns(walk, object))
		return 0;
	tables = tables_find((const ElfW(Dyn) *)(object->dlpi_addr + dynamic->p_vaddr));
	walk->err = relro_protect(object, PROT_READ | PROT_WRITE);
	for (int table = 0; table < 2 && !walk->err; table++) {
		for (size_t i = 0; i < tables.count[table]; i++) {
			const ElfW(Rela) *at = &tables.relocations[table][i];
			const ElfW(Sym) *symbol = &tables.symbols[ELF64_R_SYM(at->r_info)];
			void (*function)(void);

			if (!is_address(at->r_info) || !ELF64_R_SYM(at->r_info) ||
			    symbol->st_shndx != SHN_UNDEF)
				continue;
			function = function_for(walk, tables.strings + symbol->st_name);
			if (function)
				memcpy((void *)(object->dlpi_addr + at->r_offset), &function,
				       sizeof(function));
		}
	}
	if (!walk->err)
		walk->err = relro_protect(object, PROT_READ);
	return walk->err;
}

int redirect_calls(const struct loaded_ta *ta, const struct redirection *redirections, size_t count)
{
	struct walk walk = { .ta = ta, .redirections = redirections, .count = count };

	dl_iterate_phdr(object_redirect, &walk);
	return walk.err;
}
