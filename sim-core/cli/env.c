/* `teesim env`: the shell variables that point existing projects at this build or installation. */
#include "cli/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/installation.h"

static const char help[] =
	"usage: eval \"$(teesim env)\"\n"
	"\n"
	"Prints shell commands that set what existing projects look for:\n"
	"  LD_LIBRARY_PATH   where client applications find libteec.so.2\n"
	"  PKG_CONFIG_PATH   where pkg-config finds teec\n"
	"  CMAKE_PREFIX_PATH where CMake's find_package() finds teec and TeesimTA\n"
	"  TEEC_EXPORT       where makefiles of clients find include/ and lib/\n"
	"  TA_DEV_KIT_DIR    where makefiles of trusted applications find the dev kit\n"
	"  NODE_PATH         where Node.js finds teesim-tizen-teec\n"
	"  PATH              where the teesim command is\n";

static void print_quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*text);
	putchar('\'');
}

/* Is `directory` a component of the list already? */
static bool listed(const char *list, const char *directory)
{
	size_t length = strlen(directory);

	for (; list && *list; list += *list == ':') {
		size_t part = strcspn(list, ":");

		if (part == length && !strncmp(list, directory, length))
			return true;
		list += part;
	}
	return false;
}

/* Puts `directory``suffix` before what the variable holds. */
static void print_prepended(const char *name, const char *directory, const char *suffix)
{
	const char *before = getenv(name);
	char *whole;

	if (!directory[0] || asprintf(&whole, "%s%s", directory, suffix) < 0)
		return;
	if (!listed(before, whole)) {
		printf("export %s=", name);
		print_quoted(whole);
		if (before && before[0])
			printf("${%s:+:$%s}", name, name);
		putchar('\n');
	}
	free(whole);
}

static void print_export(const char *name, const char *value)
{
	if (!value[0])
		return;
	printf("export %s=", name);
	print_quoted(value);
	putchar('\n');
}

/* Where that is so, make itself says something else. */
static void spaces_tell(const char *name, const char *directory)
{
	if (directory[strcspn(directory, " \t")])
		fprintf(stderr,
			"teesim env: %s has a space, and GNU make takes none: makefiles need "
			"teesim "
			"in a directory without (cmake --install BUILD --prefix DIR); CMake does "
			"not "
			"mind\n",
			name);
}

int cmd_env(int argc, char **argv)
{
	struct installation found;

	if (argc > 1) {
		if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
			fputs(help, stdout);
			return EXIT_OK;
		}
		fprintf(stderr, "teesim env: what is \"%s\"? `teesim env --help` tells more\n",
			argv[1]);
		return EXIT_USAGE;
	}
	if (installation_find(&found) < 0 || !found.library_dir[0]) {
		fprintf(stderr,
			"teesim env: there is no libteec.so.2 beside %s; build or install "
			"all of teesim\n",
			found.prefix);
		return EXIT_REFUSED;
	}
	print_prepended("PATH", found.prefix, "/bin");
	print_prepended("LD_LIBRARY_PATH", found.library_dir, "");
	print_prepended("PKG_CONFIG_PATH", found.library_dir, "/pkgconfig");
	print_prepended("CMAKE_PREFIX_PATH", found.prefix, "");
	print_prepended("NODE_PATH", found.node_modules, "");
	print_export("TEEC_EXPORT", found.client_export);
	print_export("TA_DEV_KIT_DIR", found.ta_dev_kit);
	spaces_tell("TA_DEV_KIT_DIR", found.ta_dev_kit);
	return EXIT_OK;
}
