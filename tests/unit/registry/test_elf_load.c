/*
 * The claim of elf_image.h, put to the real dynamic linker: whatever image is accepted, loading it
 * neither crashes nor runs any byte of it. Images are damaged at random where the linker looks, the
 * same way in every run; those that are still accepted are loaded, with every byte of their code
 * made a breakpoint.
 */
#include "fixture_file.h"
#include "registry/elf_image.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <elf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each is loaded in a process of its own, which takes the sanitizers long to make. */
#ifdef TEESIM_SANITIZE
#define MUTANTS 400
#else
#define MUTANTS 2000
#endif
#define BREAKPOINT 0xcc

__attribute__((visibility("default"))) uint32_t TEE_Probe(uint32_t value);

uint32_t TEE_Probe(uint32_t value)
{
	return value;
}

static uint64_t random_state;

static uint32_t random_below(size_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 32) % limit);
}

struct range {
	size_t start, length;
};

/* One to three edits, each in one of the tables. */
static void damage(uint8_t *bytes, const struct range *ranges, unsigned range_count)
{
	static const uint32_t edges[] = { 0,
					  1,
					  DT_INIT_ARRAY,
					  R_X86_64_IRELATIVE,
					  R_X86_64_GLOB_DAT,
					  R_X86_64_JUMP_SLOT,
					  R_X86_64_RELATIVE,
					  INT32_MAX,
					  UINT32_MAX };

	for (unsigned edits = 1 + random_below(3); edits > 0; edits--) {
		const struct range *range = &ranges[random_below(range_count)];
		size_t at = range->start + random_below(range->length);
		uint64_t address = random_below(0x5000);

		switch (random_below(5)) {
		case 0:
			bytes[at] ^= (uint8_t)(1U << random_below(8));
			break;
		case 1:
			bytes[at] = (uint8_t)random_below(256);
			break;
		case 2:
			memcpy(bytes + (at & ~(size_t)7), &address, 8);
			break;
		case 3:
			memmove(bytes + (at & ~(size_t)7),
				bytes + ((range->start + random_below(range->length)) & ~(size_t)7),
				8);
			break;
		default:
			memcpy(bytes + (at & ~(size_t)3),
			       &edges[random_below(sizeof(edges) / sizeof(edges[0]))], 4);
			break;
		}
	}
}

/* Load it in a process of its own; returns the signal that ended the process, 0 for none. */
static int load(const uint8_t *bytes, size_t size)
{
	char path[64];
	int fd, status;
	pid_t pid;

	fd = memfd_create("mutant", MFD_CLOEXEC);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, bytes, size), (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		/* The sanitizers would turn a crash into an exit. */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		signal(SIGFPE, SIG_DFL);
		signal(SIGTRAP, SIG_DFL);
		alarm(10);
		/* 127 is how the dynamic linker ends a process whose tables make no sense to it. */
		_exit(dlopen(path, RTLD_NOW | RTLD_LOCAL) ? 0 : 1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	close(fd);
	if (WIFSIGNALED(status))
		return WTERMSIG(status);
	return WEXITSTATUS(status) == 127 ? SIGABRT : 0;
}

static void check_mutants_of(const char *name)
{
	struct fixture_file file = fixture_read(name);
	uint8_t *mutant = malloc(file.size);
	struct elf_image image;
	struct range ranges[6];
	unsigned accepted = 0, count = 0;
	char err[256];

	random_state = UINT64_C(88172645463325252);
	cr_assert_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)), 0, "%s",
		     err);
	ranges[count++] = (struct range) { 0, 0x700 };
	ranges[count++] = (struct range) { 0, sizeof(Elf64_Ehdr) + 9 * sizeof(Elf64_Phdr) };
	ranges[count++] = (struct range) { (size_t)(image.dynamic.bytes - image.bytes),
					   image.dynamic.count * sizeof(Elf64_Dyn) };
	ranges[count++] = (struct range) { (size_t)(image.symbols.bytes - image.bytes),
					   image.symbols.count * sizeof(Elf64_Sym) };
	ranges[count++] = (struct range) { (size_t)(image.rela.bytes - image.bytes),
					   image.rela.count * sizeof(Elf64_Rela) };
	ranges[count++] = (struct range) { (size_t)((const uint8_t *)image.strings - image.bytes),
					   image.strings_size };

	for (unsigned i = 0; i < MUTANTS; i++) {
		int ended_by;

		memcpy(mutant, file.bytes, file.size);
		damage(mutant, ranges, count);
		if (elf_image_parse(mutant, file.size, &image, err, sizeof(err)))
			continue;
		accepted++;
		elf_image_neutralise(&image, mutant);
		for (unsigned s = 0; s < image.segment_count; s++)
			if (image.segments[s].flags & PF_X)
				memset(mutant + image.segments[s].offset, BREAKPOINT,
				       image.segments[s].filesz);
		ended_by = load(mutant, file.size);
		cr_assert_neq(ended_by, SIGTRAP, "%s: mutant %u ran code while it was loaded", name,
			      i);
		cr_assert_eq(ended_by, 0, "%s: mutant %u ended its process by signal %d", name, i,
			     ended_by);
	}
	/* Were all refused, or none, this would show nothing. */
	cr_expect(accepted > MUTANTS / 10 && accepted < MUTANTS * 9 / 10, "%s: %u of %d accepted",
		  name, accepted, MUTANTS);
	free(mutant);
	free(file.bytes);
}

Test(elf_load, accepted_images_load_and_run_nothing)
{
	check_mutants_of("plain.ta");
}

Test(elf_load, accepted_images_with_packed_relocations_load_and_run_nothing)
{
	check_mutants_of("relr.ta");
}

Test(elf_load, accepted_images_with_thread_local_data_load_and_run_nothing)
{
	check_mutants_of("tls.ta");
}

Test(elf_load, breakpoints_would_be_noticed)
{
	struct fixture_file file = fixture_read("plain.ta");
	struct elf_image image;
	char err[256];

	/* The same image with its constructors left as they are. */
	cr_assert_eq(elf_image_parse(file.bytes, file.size, &image, err, sizeof(err)), 0);
	for (unsigned s = 0; s < image.segment_count; s++)
		if (image.segments[s].flags & PF_X)
			memset(file.bytes + image.segments[s].offset, BREAKPOINT,
			       image.segments[s].filesz);
	cr_expect_eq(load(file.bytes, file.size), SIGTRAP);
	free(file.bytes);
}
