#include "teep/tools/arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
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

/* One form of a command in its help: a line "teesim … command …", with those that continue it. */
struct form {
	const char *text; /* from "teesim" on */
	size_t size;
	const char *rest; /* what follows the command's name */
};

static bool starts_word(const char *text, const char *end, const char *word, size_t length)
{
	return (size_t)(end - text) >= length && strncmp(text, word, length) == 0 &&
	       (text + length == end || strchr(" |\n", text[length]));
}

/* The last of the small words that a form begins with is the command; or several, with | between.
 */
static bool form_is_of(struct form *form, const char *command)
{
	const char *at = form->text, *end = form->text + form->size, *name = NULL;
	const size_t length = strlen(command);

	while (at < end && *at >= 'a' && *at <= 'z') {
		name = at;
		at += strcspn(at, " \n");
		form->rest = at;
		at += strspn(at, " ");
	}
	while (name && name < form->rest) {
		if (starts_word(name, form->rest, command, length))
			return true;
		name += strcspn(name, " |\n") + 1;
	}
	return false;
}

/* The next form of `command` at or after *at in its help. */
static bool form_next(const char **at, const char *command, struct form *form)
{
	const char *head = strstr(*at, "\n\n"), *end = head ? head : *at + strlen(*at);

	while (*at < end) {
		const char *line = *at + strspn(*at, " "), *next;

		if (strncmp(line, "usage: ", 7) == 0)
			line += 7;
		next = line + strcspn(line, "\n");
		while (next < end && strncmp(next + 1 + strspn(next + 1, " "), "teesim ", 7) != 0)
			next += 1 + strcspn(next + 1, "\n");
		if (next > end)
			next = end;
		*at = next < end ? next + 1 : end;
		*form = (struct form) { .text = line, .size = (size_t)(next - line) };
		if (form_is_of(form, command))
			return true;
	}
	return false;
}

static const struct argument *argument_find(const struct argument *table, size_t count,
					    const char *name, size_t length)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0)
			return &table[i];
	return NULL;
}

#define MISSING_MAX 200

/* What a form needs, and was not given: how many, and their names. */
static size_t form_missing(const struct form *form, const struct argument *table, size_t count,
			   size_t found, char names[MISSING_MAX])
{
	const char *at = form->rest, *end = form->text + form->size;
	size_t missing = 0, words = 0, used = 0;
	int optional = 0;

	names[0] = '\0';
	while (at < end) {
		const struct argument *argument;
		const size_t length = strcspn(at, " \n[](){}");
		bool given;

		if (length == 0) {
			optional += strchr("[({", *at) ? 1 : strchr("])}", *at) ? -1 : 0;
			at++;
			continue;
		}
		if (optional > 0) {
			at += length;
			continue;
		}
		if (strncmp(at, "--", 2) == 0) {
			argument = argument_find(table, count, at + 2, length - 2);
			given = !argument ||
				(argument->flag ? *argument->flag : *argument->value != NULL);
		} else {
			argument = NULL;
			given = words++ < found || *at < 'A' || *at > 'Z';
		}
		if (!given && used + length + 3 < MISSING_MAX) {
			used += (size_t)snprintf(names + used, MISSING_MAX - used, "%s%.*s",
						 missing ? ", " : "", (int)length, at);
			missing++;
		}
		at += length;
		if (argument && argument->value) {
			at += strspn(at, " \n");
			at += strcspn(at, " \n[](){}");
		}
	}
	return missing;
}

/* The forms of one command; of a help that has none, all before its first empty line. */
static int usage_show(const char *help, const char *command)
{
	const char *rest = strstr(help, "\n\n"), *at = help;
	bool first = true;
	struct form form;

	while (form_next(&at, command, &form)) {
		(void)fprintf(stderr, "%s%.*s\n", first ? "usage: " : "       ", (int)form.size,
			      form.text);
		first = false;
	}
	if (first)
		(void)fprintf(stderr, "%.*s\n",
			      (int)(rest ? (size_t)(rest - help) : strcspn(help, "\n")), help);
	fputs("--help tells more\n", stderr);
	return EXIT_USAGE;
}

/* What was wrong, and how it is to be. */
__attribute__((format(printf, 3, 4))) static int not_understood(const char *help,
								const char *command,
								const char *format, ...)
{
	va_list arguments;

	fputs("teesim: ", stderr);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return usage_show(help, command);
}

/* Returns -1 when some form of the command has all that it needs. */
static int complete(const char *help, const char *command, const struct argument *table,
		    size_t count, size_t found)
{
	char names[MISSING_MAX], fewest[MISSING_MAX] = "";
	size_t least = SIZE_MAX;
	const char *at = help;
	struct form form;

	while (least > 0 && form_next(&at, command, &form)) {
		const size_t missing = form_missing(&form, table, count, found, names);

		if (missing < least) {
			least = missing;
			memcpy(fewest, names, sizeof(fewest));
		}
	}
	if (least == 0 || least == SIZE_MAX)
		return -1;
	return not_understood(help, command, "%s: %s missing", command, fewest);
}

int arguments_parse(int argc, char **argv, const char *help, const struct argument *table,
		    size_t count, const char **words, size_t words_max)
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
				return not_understood(help, argv[0], "what is \"%s\"?", text);
			words[found++] = text;
			continue;
		}
		equals = strchrnul(text, '=');
		argument = argument_find(table, count, text + 2, (size_t)(equals - text) - 2);
		if (!argument)
			return not_understood(help, argv[0], "there is no option %s", text);
		if (argument->flag && *equals)
			return not_understood(help, argv[0], "--%s takes no value", argument->name);
		if (argument->flag)
			*argument->flag = true;
		else if (*equals)
			*argument->value = equals + 1;
		else if (i + 1 < argc)
			*argument->value = argv[++i];
		else
			return not_understood(help, argv[0], "%s needs a value", text);
	}
	return complete(help, argv[0], table, count, found);
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
		return not_understood(help, "", "there is no command \"%s\"", argv[1]);
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
