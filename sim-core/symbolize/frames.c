#include "frames.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debug_file.h"

struct frames {
	const struct message_death *death;
	Dwfl *dwfl;
	FILE *to;
	unsigned int number;
	/* The TA's file, then those of its libraries. */
	char *const *files;
	/* Of the TA's own module. */
	struct debug_file ta;
	bool ta_is_seen;
};

/* One line of the backtrace: a function, and where in it. */
struct place {
	const char *function;
	const char *file;
	int line;
};

static const struct message_module *module_at(const struct message_death *death, uint64_t address)
{
	for (uint32_t i = 0; i < death->modules; i++)
		if (address - death->module[i].base < death->module[i].size)
			return &death->module[i];
	return NULL;
}

/* The instruction that frame `i` is in: a call returns to the one behind it. */
static uint64_t frame_address(const struct message_death *death, uint32_t i)
{
	bool exact = i == 0 && death->flags & MESSAGE_DEATH_FRAME_EXACT;

	return death->frame[i] && !exact ? death->frame[i] - 1 : death->frame[i];
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void place_print(struct frames *frames, const struct place *place, uint64_t address,
			bool inlined)
{
	const struct message_module *module = module_at(frames->death, address);

	fprintf(frames->to, "#%-2u %s", frames->number, place->function ? place->function : "?");
	if (place->file)
		fprintf(frames->to, " at %s:%d", place->file, place->line);
	if (inlined)
		fprintf(frames->to, " (inlined)\n");
	else if (!module)
		fprintf(frames->to, " (0x%" PRIx64 ", where nothing is loaded)\n", address);
	else
		fprintf(frames->to, " (%s+0x%" PRIx64 ")\n",
			module->kind == MESSAGE_MODULE_TA     ? "TA"
			: module->kind == MESSAGE_MODULE_HOST ? "ta-host"
							      : base_name(module->name),
			address - module->base);
	frames->number++;
}

static const char *die_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
}

static int number_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value = 0;

	if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) != 0)
		return 0;
	return (int)value;
}

/* Where the function that `die` is an inlined copy of was called. */
static void call_site(Dwarf_Die *unit, Dwarf_Die *die, struct place *place)
{
	Dwarf_Files *files;
	size_t count;

	place->file = NULL;
	place->line = number_of(die, DW_AT_call_line);
	if (dwarf_getsrcfiles(unit, &files, &count) == 0)
		place->file =
			dwarf_filesrc(files, (size_t)number_of(die, DW_AT_call_file), NULL, NULL);
}

/* Goes from the innermost function at the address outwards to the one that was compiled as such.
 * Returns false where debug information does not say. */
static bool functions_print(struct frames *frames, Dwfl_Module *module, uint64_t address,
			    struct place *place)
{
	Dwarf_Die *unit, *scopes = NULL, *around = NULL;
	Dwarf_Addr bias = 0;
	bool done = false;
	int count;

	unit = dwfl_module_addrdie(module, address, &bias);
	if (!unit)
		return false;
	count = dwarf_getscopes(unit, address - bias, &scopes);
	if (count > 0)
		count = dwarf_getscopes_die(&scopes[0], &around);
	for (int i = 0; i < count && !done; i++) {
		int tag = dwarf_tag(&around[i]);

		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
			continue;
		done = tag == DW_TAG_subprogram;
		place->function = die_name(&around[i]);
		place_print(frames, place, address, !done);
		if (!done)
			call_site(unit, &around[i], place);
	}
	free(scopes);
	free(around);
	return done;
}

static void frame_print(struct frames *frames, uint64_t address)
{
	Dwfl_Module *module = dwfl_addrmodule(frames->dwfl, address);
	struct place place = { 0 };
	Dwfl_Line *line;

	if (module) {
		line = dwfl_module_getsrc(module, address);
		if (line)
			place.file = dwfl_lineinfo(line, NULL, &place.line, NULL, NULL, NULL);
		if (functions_print(frames, module, address, &place))
			return;
		place.function = dwfl_module_addrname(module, address);
	}
	place_print(frames, &place, address, false);
}

/* The rest is how ta-host came to call the TA. */
static uint32_t frames_wanted(const struct message_death *death)
{
	for (uint32_t i = death->frames; i > 0; i--) {
		const struct message_module *module = module_at(death, frame_address(death, i - 1));

		if (module && (module->kind == MESSAGE_MODULE_TA ||
			       module->kind == MESSAGE_MODULE_TA_LIBRARY))
			return i;
	}
	return death->frames;
}

static void backtrace_print(struct frames *frames)
{
	const struct message_death *death = frames->death;
	uint32_t count = frames_wanted(death);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t same = 0;

		frame_print(frames, frame_address(death, i));
		while (i + 2 + same < count && death->frame[i + 1 + same] == death->frame[i])
			same++;
		/* A few are as quickly read as a line about them. */
		if (i > 0 && same > 2) {
			fprintf(frames->to, "    … the same %u times more\n", same);
			frames->number += same;
			i += same;
		}
	}
	/* The crash handler's own frames were taken out of the count. */
	if (count == death->frames && count > MESSAGE_DEATH_FRAMES - 8)
		fprintf(frames->to, "    … and more that were not looked at\n");
	if (!count)
		fprintf(frames->to, "no frames: the stack was not readable\n");
}

static void missing_print(const struct frames *frames, const char *ta)
{
	const char *name = base_name(ta);
	int stem = (int)strcspn(name, ".");

	if (!frames->ta_is_seen || frames->ta.has_lines)
		return;
	if (frames->ta.stale[0])
		fprintf(frames->to,
			"no lines of source: %s is of another build than the TA; build both "
			"again\n",
			frames->ta.stale);
	else
		fprintf(frames->to,
			"no lines of source: no debug information found; compile with -g and keep "
			"%.*s.elf, as the build makes it, beside %s\n",
			stem, name, ta);
}

/* Only those that are in the backtrace: reading the others takes time. */
static bool is_involved(const struct message_death *death, const struct message_module *module)
{
	uint32_t count = frames_wanted(death);

	for (uint32_t i = 0; i < count; i++)
		if (module_at(death, frame_address(death, i)) == module)
			return true;
	return false;
}

/* The file of a library of the TA, which is named after it; NULL when none was given. */
static const char *library_file(const struct frames *frames, const struct message_module *module)
{
	for (char *const *file = frames->files + 1; *file; file++)
		if (!strncasecmp(base_name(*file), module->name, strlen(module->name)))
			return *file;
	return NULL;
}

static void modules_report(struct frames *frames, const char *host)
{
	dwfl_report_begin(frames->dwfl);
	for (uint32_t i = 0; i < frames->death->modules; i++) {
		const struct message_module *module = &frames->death->module[i];
		struct debug_file file;

		if (!is_involved(frames->death, module))
			continue;
		if (module->kind == MESSAGE_MODULE_TA) {
			debug_file_of_ta(module, frames->files[0], &file);
			frames->ta = file;
			frames->ta_is_seen = true;
		} else if (module->kind == MESSAGE_MODULE_TA_LIBRARY) {
			const char *path = library_file(frames, module);

			debug_file_of_ta(module, path ? path : "", &file);
		} else {
			debug_file_of_library(module, host, &file);
		}
		/* Takes over the descriptor when it succeeds. */
		if (file.fd >= 0 && !dwfl_report_elf(frames->dwfl, file.path, file.path, file.fd,
						     module->base, true))
			close(file.fd);
	}
	(void)dwfl_report_end(frames->dwfl, NULL, NULL);
}

/* libdw's own search would load a library that asks servers. */
static int nothing_else(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			const char *file, const char *link, GElf_Word crc, char **found)
{
	(void)module;
	(void)data;
	(void)name;
	(void)base;
	(void)file;
	(void)link;
	(void)crc;
	(void)found;
	return -1;
}

static int no_other_image(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			  char **found, Elf **elf)
{
	(void)module;
	(void)data;
	(void)name;
	(void)base;
	(void)found;
	(void)elf;
	return -1;
}

int frames_print(const struct message_death *death, const char *host, char *const *files, FILE *to)
{
	/* debug_file.c has found what there is. */
	static const Dwfl_Callbacks callbacks = {
		.find_elf = no_other_image,
		.find_debuginfo = nothing_else,
		.section_address = dwfl_offline_section_address,
	};
	struct frames frames = {
		.death = death, .to = to, .files = files, .dwfl = dwfl_begin(&callbacks)
	};

	if (!frames.dwfl)
		return -ENOMEM;
	modules_report(&frames, host);
	backtrace_print(&frames);
	missing_print(&frames, files[0]);
	dwfl_end(frames.dwfl);
	return 0;
}
