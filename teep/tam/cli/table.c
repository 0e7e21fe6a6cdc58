#include "teep/tam/cli/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "cli/terminal.h"

#define SHORT_DIGITS 12
#define COLUMNS_MAX  16

static const json_t *member_find(const json_t *object, const char *path)
{
	const json_t *at = object;

	while (at && *path) {
		char name[64];
		const size_t length = strcspn(path, ".");

		if (length >= sizeof(name))
			return NULL;
		memcpy(name, path, length);
		name[length] = '\0';
		at = json_object_get(at, name);
		path += length + (path[length] == '.');
	}
	return at;
}

void table_defuse(char *text)
{
	unsigned char *at = (unsigned char *)text;

	for (; *at; at++) {
		if (*at < 0x20 || *at == 0x7F)
			*at = '?';
		else if (at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0)
			at[0] = at[1] = '?';
		else if (at[0] == 0xE2 && at[1] == 0x80 && at[2] >= 0xAA && at[2] <= 0xAE)
			at[0] = at[1] = at[2] = '?';
		else if (at[0] == 0xE2 && at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9)
			at[0] = at[1] = at[2] = '?';
	}
}

static char *time_text(const json_t *value)
{
	const time_t seconds = (time_t)json_number_value(value);
	char text[32] = "-";
	struct tm parts;

	if (json_is_number(value) && localtime_r(&seconds, &parts))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
	return strdup(text);
}

static char *joined(const json_t *array)
{
	char *out = NULL;
	size_t size, i;
	const json_t *item;
	FILE *to = open_memstream(&out, &size);

	if (!to)
		return NULL;
	json_array_foreach(array, i, item) {
		if (json_is_string(item))
			fprintf(to, "%s%s", i ? ", " : "", json_string_value(item));
	}
	fclose(to);
	return out;
}

static char *plain_text(const json_t *value)
{
	if (json_is_string(value))
		return strdup(json_string_value(value));
	if (json_is_array(value))
		return joined(value);
	if (json_is_object(value))
		return json_dumps(value, JSON_COMPACT);
	if (json_is_boolean(value))
		return strdup(json_is_true(value) ? "yes" : "no");
	return value && !json_is_null(value) ? json_dumps(value, JSON_ENCODE_ANY) : strdup("");
}

char *table_text(const json_t *object, const struct column *column)
{
	const json_t *value = member_find(object, column->member);
	char *text, digits[24];

	switch (column->form) {
	case FORM_TIME:
		text = time_text(value);
		break;
	case FORM_YES:
		text = strdup(json_is_true(value) ? "yes" : "");
		break;
	case FORM_WANTED:
	case FORM_KNOWN:
		text = json_integer_value(value)     ? plain_text(value)
		       : column->form == FORM_WANTED ? strdup("latest")
						     : strdup("-");
		break;
	case FORM_COUNT:
		snprintf(digits, sizeof(digits), "%zu", json_array_size(value));
		text = strdup(digits);
		break;
	case FORM_SHORT:
		text = plain_text(value);
		if (text && isatty(STDOUT_FILENO) && strlen(text) > SHORT_DIGITS)
			strcpy(text + SHORT_DIGITS, "…");
		break;
	default:
		text = plain_text(value);
	}
	if (!text)
		text = strdup("");
	if (text)
		table_defuse(text);
	return text;
}

const char *table_colour(const char *state, FILE *stream)
{
	static const char *const good[] = { "trusted", "done", "pass", "good", "installed" };
	static const char *const bad[] = { "refused", "failed", "fail", "expired",
					   "missing", "stale",	"gone" };
	static const char *const odd[] = {
		"suspended", "lost", "soon", "running", "open", "waiting"
	};
	const struct terminal_colours colours = terminal_colours(stream);

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!strcmp(state, good[i]))
			return colours.green;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!strcmp(state, bad[i]))
			return colours.red;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (!strcmp(state, odd[i]))
			return colours.yellow;
	return "";
}

const char *table_plain(FILE *stream)
{
	return terminal_colours(stream).plain;
}

/* How many columns of a terminal the text takes. */
static size_t width_of(const char *text)
{
	mbstate_t state = { 0 };
	size_t width = 0, length = strlen(text);

	while (length) {
		wchar_t letter;
		const size_t n = mbrtowc(&letter, text, length, &state);
		int columns;

		if (n == 0 || n > length)
			return width + length;
		columns = wcwidth(letter);
		width += columns > 0 ? (size_t)columns : 0;
		text += n;
		length -= n;
	}
	return width;
}

static void cell_print(const char *text, const struct column *column, size_t width, bool last)
{
	const size_t own = width_of(text), pad = width > own ? width - own : 0;
	const char *colour = column->form == FORM_STATE ? table_colour(text, stdout) : "";
	const bool right = column->form == FORM_NUMBER || column->form == FORM_COUNT;

	printf("%*s%s%s%s%*s%s", right ? (int)pad : 0, "", colour, text,
	       *colour ? table_plain(stdout) : "", right || last ? 0 : (int)pad, "",
	       last ? "\n" : "  ");
}

void table_print(const json_t *items, const struct column *columns, size_t count, const char *none)
{
	const struct terminal_colours colours = terminal_colours(stdout);
	const size_t rows = json_array_size(items);
	size_t width[COLUMNS_MAX];
	char **cells = calloc(rows * count + 1, sizeof(*cells));

	if (!rows || !cells) {
		printf("%s\n", none);
		free(cells);
		return;
	}
	for (size_t c = 0; c < count; c++) {
		width[c] = width_of(columns[c].title);
		for (size_t r = 0; r < rows; r++) {
			char *text = table_text(json_array_get(items, r), &columns[c]);

			cells[r * count + c] = text ? text : strdup("");
			if (width_of(cells[r * count + c]) > width[c])
				width[c] = width_of(cells[r * count + c]);
		}
	}
	for (size_t c = 0; c < count; c++) {
		const struct column title = { .form = columns[c].form == FORM_NUMBER ||
								      columns[c].form == FORM_COUNT
							      ? FORM_NUMBER
							      : FORM_TEXT };

		fputs(colours.bold, stdout);
		cell_print(columns[c].title, &title, width[c], c + 1 == count);
		fputs(colours.plain, stdout);
	}
	for (size_t i = 0; i < rows * count; i++) {
		cell_print(cells[i], &columns[i % count], width[i % count], i % count + 1 == count);
		free(cells[i]);
	}
	free(cells);
}

void table_print_one(const json_t *object, const struct column *columns, size_t count)
{
	const struct terminal_colours colours = terminal_colours(stdout);
	size_t width = 0;

	for (size_t c = 0; c < count; c++)
		if (width_of(columns[c].title) > width)
			width = width_of(columns[c].title);
	for (size_t c = 0; c < count; c++) {
		const struct column *column = &columns[c];
		char *text;

		text = table_text(object, column);
		/* What is not known is left out. */
		if (text && *text && strcmp(text, "{}") != 0) {
			printf("%s%-*s%s  ", colours.dim, (int)width, column->title, colours.plain);
			cell_print(text, column, 0, true);
		}
		free(text);
	}
}

int json_print(const json_t *answer)
{
	if (answer)
		(void)json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	else
		fputs("{}", stdout);
	putchar('\n');
	return fflush(stdout) || ferror(stdout);
}
