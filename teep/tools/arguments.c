#include "teep/tools/arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "device/paths.h"

#define INPUT_MAX (256U << 20)

int tool_refuse(const char *format, ...)
{
	va_list arguments;

	fputs("teesim: ", stderr);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return EXIT_REFUSED;
}

static const struct argument *argument_find(const struct argument *table, size_t count,
					    const char *name, size_t length)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0)
			return &table[i];
	return NULL;
}

/* What was wrong, and how it is to be: of the help, what is before the first empty line. */
__attribute__((format(printf, 2, 3))) static int not_understood(const char *help,
								const char *format, ...)
{
	const char *rest = strstr(help, "\n\n");
	va_list arguments;

	fputs("teesim: ", stderr);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fprintf(stderr, "\n%.*s\n--help tells more\n",
		      (int)(rest ? (size_t)(rest - help) : strcspn(help, "\n")), help);
	return EXIT_USAGE;
}

int arguments_parse(int argc, char **argv, const char *help, const struct argument *table,
		    size_t count, const char **words, size_t words_min, size_t words_max)
{
	size_t found = 0;

	for (int i = 1; i < argc; i++) {
		const char *text = argv[i], *equals;
		const struct argument *argument;

		if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
			fputs(help, stdout);
			return EXIT_DONE;
		}
		if (strncmp(text, "--", 2) != 0) {
			if (found == words_max)
				return not_understood(help, "what is \"%s\"?", text);
			words[found++] = text;
			continue;
		}
		equals = strchrnul(text, '=');
		argument = argument_find(table, count, text + 2, (size_t)(equals - text) - 2);
		if (!argument)
			return not_understood(help, "there is no option %s", text);
		if (argument->flag && *equals)
			return not_understood(help, "--%s takes no value", argument->name);
		if (argument->flag)
			*argument->flag = true;
		else if (*equals)
			*argument->value = equals + 1;
		else if (i + 1 < argc)
			*argument->value = argv[++i];
		else
			return not_understood(help, "%s needs a value", text);
	}
	if (found >= words_min)
		return -1;
	return not_understood(help, "%s needs %s", argv[0],
			      words_min > 1 ? "more than that" : "to be told what to work on");
}

bool argument_number(const char *name, const char *text, long otherwise, long least, long most,
		     long *out)
{
	char *end;

	*out = otherwise;
	if (!text)
		return true;
	errno = 0;
	*out = strtol(text, &end, 10);
	if (!errno && *end == '\0' && end != text && *out >= least && *out <= most)
		return true;
	(void)tool_refuse("--%s: \"%s\" is no number from %ld to %ld", name, text, least, most);
	return false;
}

int subcommand_run(int argc, char **argv, const char *help, const struct subcommand *table,
		   size_t count)
{
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	for (size_t i = 0; argc > 1 && i < count; i++)
		if (strcmp(argv[1], table[i].name) == 0)
			return table[i].run(argc - 1, argv + 1);
	if (argc > 1)
		return not_understood(help, "there is no command \"%s\"", argv[1]);
	fputs(help, stderr);
	return EXIT_USAGE;
}

unsigned char *input_read(const char *path, size_t *size)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	size_t room = 65536, used = 0, n;
	unsigned char *octets = file ? malloc(room) : NULL;

	while (octets && (n = fread(octets + used, 1, room - used, file)) > 0) {
		used += n;
		if (used == room && room < INPUT_MAX) {
			unsigned char *more = realloc(octets, room *= 2);

			if (!more)
				free(octets);
			octets = more;
		}
	}
	if (octets && (ferror(file) || used == INPUT_MAX)) {
		errno = used == INPUT_MAX ? EFBIG : EIO;
		free(octets);
		octets = NULL;
	}
	if (!octets)
		(void)tool_refuse("%s: %s", path, strerror(errno));
	if (file && file != stdin)
		(void)fclose(file);
	*size = used;
	return octets;
}

bool device_directory(const char *device, char *out, size_t size)
{
	int rc;

	if (device && strchr(device, '/')) {
		if (snprintf(out, size, "%s", device) < (int)size)
			return true;
		(void)tool_refuse("%s: %s", device, strerror(ENAMETOOLONG));
		return false;
	}
	rc = paths_device(device ? device : paths_default_device(), out, size);
	if (rc)
		(void)tool_refuse("device %s: %s", device ? device : paths_default_device(),
				  rc == -EINVAL
					  ? "a name is up to 32 letters, digits, dots, hyphens and "
					    "underscores"
					  : strerror(-rc));
	return rc == 0;
}

bool parser_find(char out[PATH_MAX])
{
	const ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 32);
	char *slash;

	if (n < 0)
		return false;
	out[n] = '\0';
	slash = strrchr(out, '/');
	strcpy(slash + 1, "teesim-otrp-parser");
	return access(out, X_OK) == 0;
}
