#include "fixture_file.h"
#include "registry/elf_image.h"
#include "registry/neutral_tags.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void check_accepted(const char *name)
{
	struct fixture_file file = fixture_read(name);
	struct elf_image image;
	char err[256] = "", text[UUID_TEXT_SIZE];
	bool probe = false, weak;
	const char *symbol;
	size_t cursor = 0;

	cr_assert_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)), 0, "%s: %s",
		     name, err);
	cr_expect(image.is_ta);
	cr_expect_str_eq(uuid_format(&image.ta.uuid, text), "8aaaf200-2450-11e4-abe2-0002a5d5c501");
	cr_expect_eq(image.ta.flags,
		     1U << TA_FLAG_BIT_SINGLE_INSTANCE | 1U << TA_FLAG_BIT_MULTI_SESSION);
	cr_expect_eq(image.ta.stack_size, 4096);
	cr_expect_eq(image.ta.data_size, 32 * 1024);
	cr_expect_str_eq(image.ta.version, "1.2.3");
	cr_expect_str_eq(image.ta.description, "a TA?[31m for the registry's tests");
	cr_expect_eq(image.ta.property_count, 3);
	cr_expect_eq(image.ta.entry_points, (1U << TA_ENTRY_COUNT) - 1);
	cr_expect_eq(image.ta.entry_points_missing, 0);
	while ((symbol = elf_image_next_undefined(&image, &cursor, &weak)))
		if (strcmp(symbol, "TEE_Probe") == 0 && !weak)
			probe = true;
	cr_expect(probe, "%s: TEE_Probe is not among the undefined symbols", name);
	cr_assert_geq(image.needed_count, 1);
	cr_expect_str_eq(image.needed[0], "libc.so.6");
	free(file.bytes);
}

Test(elf_image, what_the_linkers_usual_options_make_is_accepted)
{
	check_accepted("plain.ta");
	check_accepted("gnu_hash.ta");
	check_accepted("sysv_hash.ta");
	check_accepted("bound_now.ta");
	check_accepted("relr.ta");
	check_accepted("tls.ta");
}

Test(elf_image, stripped_image_is_accepted)
{
	check_accepted("stripped.ta");
}

static void check_refused(const char *name, int code, const char *words)
{
	struct fixture_file file = fixture_read(name);
	struct elf_image image;
	char err[256] = "";

	cr_expect_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)), code,
		     "%s: not refused with %d", name, code);
	cr_expect(strstr(err, words), "%s: \"%s\" does not say \"%s\"", name, err, words);
	free(file.bytes);
}

Test(elf_image, indirect_functions_are_refused)
{
	check_refused("ifunc.ta", -EPERM, "ifunc");
}

Test(elf_image, text_relocations_are_refused)
{
	check_refused("textrel.ta", -EPERM, "-fPIC");
}

Test(elf_image, executable_stack_is_refused)
{
	check_refused("exec_stack.ta", -EPERM, "-z noexecstack");
}

Test(elf_image, library_search_paths_are_refused)
{
	check_refused("runpath.ta", -EPERM, "DT_RUNPATH");
	check_refused("rpath.ta", -EPERM, "DT_RPATH");
}

Test(elf_image, filter_and_audit_libraries_are_refused)
{
	check_refused("filter.ta", -EPERM, "filter");
	check_refused("auxiliary.ta", -EPERM, "filter");
	check_refused("audit.ta", -EPERM, "audit");
}

Test(elf_image, executables_are_refused_with_the_way_out)
{
	check_refused("pie.ta", -EPERM, "-shared");
	check_refused("program.ta", -EPERM, "-shared");
}

Test(elf_image, image_without_head_is_a_library_and_no_ta)
{
	struct fixture_file file = fixture_read("no_head.ta");
	struct elf_image image;
	char err[256];

	cr_assert_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)), 0);
	cr_expect_not(image.is_ta);
	free(file.bytes);
}

Test(elf_image, entry_point_that_nobody_defines_is_reported)
{
	struct fixture_file file = fixture_read("without_close.ta");
	struct elf_image image;
	char err[256];

	cr_assert_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)), 0);
	cr_expect_eq(image.ta.entry_points_missing, 1U << TA_ENTRY_CLOSE_SESSION);
	free(file.bytes);
}

Test(elf_image, other_architectures_are_named)
{
	static const struct {
		uint16_t machine;
		uint8_t class;
		const char *words;
	} others[] = {
		{ EM_AARCH64, ELFCLASS64, "AArch64" }, { EM_ARM, ELFCLASS32, "32-bit Arm" },
		{ EM_386, ELFCLASS32, "32-bit x86" },  { EM_X86_64, ELFCLASS32, "x32" },
		{ EM_S390, ELFCLASS64, "x86-64" },
	};
	struct fixture_file file = fixture_read("plain.ta");
	struct elf_image image;
	char err[256];

	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		memcpy(file.bytes + offsetof(Elf64_Ehdr, e_machine), &others[i].machine, 2);
		file.bytes[EI_CLASS] = others[i].class;
		cr_expect_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)),
			     -ENOEXEC);
		cr_expect(strstr(err, others[i].words), "%s", err);
		cr_expect(strstr(err, "wrong architecture"), "%s", err);
	}
	free(file.bytes);
}

/* Of a copy with nothing behind its end, so that the sanitizers and Valgrind see each overrun. */
static int parse_exact(const uint8_t *bytes, size_t size, char *err, size_t errlen)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct elf_image image;
	size_t cursor = 0;
	int rc;

	memcpy(copy, bytes, size);
	rc = elf_image_parse(copy, size, &image, err, errlen);
	if (rc == 0) {
		while (elf_image_next_undefined(&image, &cursor, NULL))
			;
		elf_image_neutralise(&image, copy);
	}
	free(copy);
	return rc;
}

Test(elf_image, every_cut_is_refused_with_a_reason)
{
	struct fixture_file file = fixture_read("stripped.ta");
	struct elf_image image;
	size_t loaded = 0;
	char err[256];

	cr_assert_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)), 0);
	for (unsigned i = 0; i < image.segment_count; i++)
		if (image.segments[i].offset + image.segments[i].filesz > loaded)
			loaded = image.segments[i].offset + image.segments[i].filesz;
	for (size_t size = 0; size < loaded; size++) {
		err[0] = '\0';
		cr_assert_lt(parse_exact(file.bytes, size, err, sizeof(err)), 0, "%zu bytes", size);
		cr_assert_neq(err[0], '\0', "%zu bytes", size);
	}
	/* Section headers are for debuggers; the loader never looks at them. */
	cr_expect_eq(parse_exact(file.bytes, loaded, err, sizeof(err)), 0);
	free(file.bytes);
}

Test(elf_image, no_damaged_byte_is_followed)
{
	static const uint8_t patterns[] = { 0xff, 0x80, 0x01 };
	struct fixture_file file = fixture_read("stripped.ta");
	unsigned refused = 0;
	char err[256];

	for (size_t at = 0; at < file.size; at++) {
		const uint8_t right = file.bytes[at];

		file.bytes[at] ^= patterns[at % 3];
		err[0] = '\0';
		if (parse_exact(file.bytes, file.size, err, sizeof(err)) < 0) {
			refused++;
			cr_assert_neq(err[0], '\0', "byte %zu", at);
		}
		file.bytes[at] = right;
	}
	cr_expect_gt(refused, 200);
	free(file.bytes);
}

static unsigned count_tags(const struct fixture_file *file, const int64_t *tags, unsigned tag_count)
{
	struct elf_image image;
	unsigned found = 0;
	char err[256];

	memset(&image, 0, sizeof(image));
	elf_image_parse(file->bytes, file->size, &image, err, sizeof(err));
	for (size_t i = 0; image.dynamic.bytes && i < image.dynamic.count; i++) {
		int64_t tag;

		memcpy(&tag, image.dynamic.bytes + i * sizeof(Elf64_Dyn), sizeof(tag));
		if (tag == DT_NULL)
			break;
		for (unsigned n = 0; n < tag_count; n++)
			found += tag == tags[n];
	}
	return found;
}

Test(elf_image, constructors_change_their_names_and_nothing_else)
{
	static const int64_t before[] = { DT_INIT,	   DT_FINI,	  DT_INIT_ARRAY,
					  DT_INIT_ARRAYSZ, DT_FINI_ARRAY, DT_FINI_ARRAYSZ };
	static const int64_t after[] = { TEESIM_DT_INIT,       TEESIM_DT_FINI,
					 TEESIM_DT_INIT_ARRAY, TEESIM_DT_INIT_ARRAYSZ,
					 TEESIM_DT_FINI_ARRAY, TEESIM_DT_FINI_ARRAYSZ };
	struct fixture_file file = fixture_read("plain.ta"), same = fixture_read("plain.ta");
	struct elf_image image;
	size_t changed = 0;
	char err[256];

	cr_assert_eq(count_tags(&file, before, 6), 6);
	cr_assert_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)), 0);
	elf_image_neutralise(&image, file.bytes);
	cr_expect_eq(count_tags(&file, before, 6), 0);
	cr_expect_eq(count_tags(&file, after, 6), 6);
	for (size_t i = 0; i < file.size; i++)
		changed += file.bytes[i] != same.bytes[i];
	cr_expect_leq(changed, 6 * 8);
	/* The renamed form is ours alone: nobody may bring it along. */
	cr_expect_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)), -EPERM);
	free(file.bytes);
	free(same.bytes);
}

/* The offset in the file of the first relocation of the data. */
static size_t first_relocation(const struct fixture_file *file)
{
	struct elf_image image;
	char err[256];

	cr_assert_eq(elf_image_parse(file->bytes, file->size, &image, err, sizeof(err)), 0);
	cr_assert_gt(image.rela.count, 0);
	return (size_t)(image.rela.bytes - image.bytes);
}

Test(elf_image, relocation_outside_the_images_data_is_refused)
{
	struct fixture_file file = fixture_read("plain.ta");
	const size_t at = first_relocation(&file);
	const uint64_t targets[] = { 0, 0x1000, 0x100000, UINT64_MAX - 4, UINT64_C(1) << 63 };
	struct elf_image image;
	char err[256];

	for (unsigned i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		memcpy(file.bytes + at, &targets[i], 8);
		cr_expect_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)),
			     -EBADMSG, "target %#llx", (unsigned long long)targets[i]);
		cr_expect(strstr(err, "relocation"), "%s", err);
	}
	free(file.bytes);
}

Test(elf_image, relocation_of_the_dynamic_section_is_refused)
{
	struct fixture_file file = fixture_read("plain.ta");
	const size_t at = first_relocation(&file);
	struct elf_image image;
	char err[256];

	cr_assert_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)), 0);
	memcpy(file.bytes + at, &image.dynamic_vaddr, 8);
	cr_expect_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)), -EBADMSG);
	free(file.bytes);
}

Test(elf_image, irelative_relocation_is_refused)
{
	struct fixture_file file = fixture_read("plain.ta");
	const uint64_t info = R_X86_64_IRELATIVE;
	struct elf_image image;
	char err[256];

	memcpy(file.bytes + first_relocation(&file) + 8, &info, 8);
	cr_expect_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)), -EPERM);
	cr_expect(strstr(err, "ifunc"), "%s", err);
	free(file.bytes);
}

Test(elf_image, fewer_relative_relocations_than_counted_are_refused)
{
	struct fixture_file file = fixture_read("plain.ta");
	const uint64_t info = R_X86_64_NONE;
	struct elf_image image;
	char err[256];

	memcpy(file.bytes + first_relocation(&file) + 8, &info, 8);
	cr_expect_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)), -EBADMSG);
	free(file.bytes);
}

Test(elf_image, thread_local_relocation_without_thread_local_data_is_refused)
{
	struct fixture_file file = fixture_read("plain.ta");
	const uint64_t info = R_X86_64_TPOFF64;
	struct elf_image image;
	char err[256];

	memcpy(file.bytes + first_relocation(&file) + 8, &info, 8);
	cr_expect_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)), -EBADMSG);
	cr_expect(strstr(err, "thread-local"), "%s", err);
	free(file.bytes);
}

Test(elf_image, second_dynamic_section_at_another_address_is_refused)
{
	struct fixture_file file = fixture_read("plain.ta");
	struct elf_image image;
	Elf64_Ehdr eh;
	char err[256];

	memcpy(&eh, file.bytes, sizeof(eh));
	for (unsigned i = 0; i < eh.e_phnum; i++) {
		uint8_t *header = file.bytes + eh.e_phoff + i * sizeof(Elf64_Phdr);
		Elf64_Phdr ph;

		memcpy(&ph, header, sizeof(ph));
		if (ph.p_type != PT_DYNAMIC)
			continue;
		/* The file's table and the one that the linker would follow come apart. */
		ph.p_offset -= 16;
		memcpy(header, &ph, sizeof(ph));
	}
	cr_expect_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)), -EBADMSG);
	free(file.bytes);
}
