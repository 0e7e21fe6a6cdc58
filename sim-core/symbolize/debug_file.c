#include "debug_file.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "registry/ta_package.h"
#include "sandbox/library_dirs.h"

#define DEBUG_DIRECTORY "/usr/lib/debug"

/* How a file and a module belong together. */
enum match {
	MATCH_NO_FILE,
	MATCH_OTHER_BUILD,
	MATCH_NAMES,
	MATCH_LINES,
};

static int regular_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -1;
}

static bool has_section(Elf *elf, const char *wanted)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return false;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (name && !strcmp(name, wanted))
			return true;
	}
	return false;
}

static enum match file_match(int fd, const struct message_module *module)
{
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	enum match match = MATCH_NO_FILE;
	const void *id;
	ssize_t size;

	if (!elf || elf_kind(elf) != ELF_K_ELF)
		goto out;
	size = dwelf_elf_gnu_build_id(elf, &id);
	/* A module without one can't be told from another build of it. */
	if (module->build_id_size && ((size_t)(size > 0 ? size : 0) != module->build_id_size ||
				      memcmp(id, module->build_id, module->build_id_size) != 0))
		match = MATCH_OTHER_BUILD;
	else
		match = has_section(elf, ".debug_info") ? MATCH_LINES : MATCH_NAMES;
out:
	elf_end(elf);
	return match;
}

/* Takes `fd` when it is better than what there is, else closes it. Returns whether it is as good as
 * can be. */
static bool candidate_take(struct debug_file *out, int fd, const char *path,
			   const struct message_module *module)
{
	enum match match = fd < 0 ? MATCH_NO_FILE : file_match(fd, module);

	if (match == MATCH_OTHER_BUILD && !out->stale[0])
		snprintf(out->stale, sizeof(out->stale), "%s", path);
	if (match < MATCH_NAMES || (match == MATCH_NAMES && out->fd >= 0)) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (out->fd >= 0)
		close(out->fd);
	out->fd = fd;
	out->has_lines = match == MATCH_LINES;
	snprintf(out->path, sizeof(out->path), "%s", path);
	return out->has_lines;
}

static bool candidate_open(struct debug_file *out, const char *path,
			   const struct message_module *module)
{
	return candidate_take(out, regular_open(path), path, module);
}

/* DIRECTORY/.build-id/ab/cdef….debug */
static bool candidate_by_build_id(struct debug_file *out, const char *directory,
				  const struct message_module *module)
{
	char name[2 * MESSAGE_BUILD_ID_SIZE + 2], path[PATH_MAX + 80];
	size_t at = 0;

	if (module->build_id_size < 2)
		return false;
	for (uint32_t i = 0; i < module->build_id_size; i++)
		at += (size_t)snprintf(name + at, sizeof(name) - at, "%02x%s", module->build_id[i],
				       i ? "" : "/");
	snprintf(path, sizeof(path), "%s/.build-id/%s.debug", directory, name);
	return candidate_open(out, path, module);
}

static bool is_library(const char *path)
{
	for (size_t i = 0; i < LIBRARY_DIRS_COUNT; i++) {
		size_t length = strlen(library_dirs[i]);

		if (!strncmp(path, library_dirs[i], length) && path[length] == '/')
			return !strstr(path, "/../");
	}
	return false;
}

void debug_file_of_library(const struct message_module *module, const char *host,
			   struct debug_file *out)
{
	const char *path = module->kind == MESSAGE_MODULE_HOST ? host : module->name;

	memset(out, 0, sizeof(*out));
	out->fd = -1;
	if (module->kind == MESSAGE_MODULE_LIBRARY && !is_library(path))
		return;
	if (!candidate_open(out, path, module))
		(void)candidate_by_build_id(out, DEBUG_DIRECTORY, module);
}

/* The image out of the file that was loaded; without debug information in most cases, but with the
 * names that it exports. */
static void candidate_from_package(struct debug_file *out, const char *ta,
				   const struct message_module *module)
{
	int fd = regular_open(ta), image = -1;
	struct ta_package package;
	void *bytes = MAP_FAILED;
	struct stat st = { 0 };
	char why[256];

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > TA_PACKAGE_SIZE_MAX)
		goto out;
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		goto out;
	if (ta_package_parse(bytes, (size_t)st.st_size, &package, why, sizeof(why)) < 0)
		goto out;
	image = memfd_create("image", MFD_CLOEXEC);
	if (image >= 0 &&
	    write(image, package.image, package.image_size) == (ssize_t)package.image_size)
		(void)candidate_take(out, image, ta, module);
	else if (image >= 0)
		close(image);
out:
	if (bytes != MAP_FAILED)
		munmap(bytes, (size_t)st.st_size);
	if (fd >= 0)
		close(fd);
}

void debug_file_of_ta(const struct message_module *module, const char *ta, struct debug_file *out)
{
	static const char *const suffixes[] = { "elf", "debug", "so", "stripped.elf" };
	char directory[PATH_MAX], path[PATH_MAX + 16];
	const char *slash = strrchr(ta, '/');
	const char *dot = strrchr(ta, '.');
	size_t stem = strlen(ta);

	memset(out, 0, sizeof(*out));
	out->fd = -1;
	if (!slash || strlen(ta) >= sizeof(directory))
		return;
	if (dot > slash)
		stem = (size_t)(dot - ta);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(path, sizeof(path), "%.*s.%s", (int)stem, ta, suffixes[i]);
		if (candidate_open(out, path, module))
			return;
	}
	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - ta), ta);
	if (candidate_by_build_id(out, directory, module) ||
	    candidate_by_build_id(out, DEBUG_DIRECTORY, module))
		return;
	if (out->fd < 0)
		candidate_from_package(out, ta, module);
}
