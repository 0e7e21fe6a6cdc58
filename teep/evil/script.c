#include "teep/evil/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENTS_MAX 4096U

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts one word off *at and ends it with a zero octet. NULL at the end of the line, and for quotes
 * that do not close (*at is NULL then). */
static char *word_cut(char **at)
{
	char *start = *at;

	while (blank(*start))
		start++;
	if (!*start || *start == '#') {
		/* A number of a rule begins with that sign, too. */
		if (*start != '#' || start[1] < '0' || start[1] > '9') {
			*at = start + strlen(start);
			return NULL;
		}
	}
	if (*start == '"') {
		char *end = strchr(++start, '"');

		*at = end ? end + 1 : NULL;
		if (!end)
			return NULL;
		*end = '\0';
		return start;
	}
	*at = start;
	while (**at && !blank(**at))
		(*at)++;
	if (**at)
		*(*at)++ = '\0';
	return start;
}

/* Returns the number of words, or -1. */
static int line_cut(char *line, struct statement *statement)
{
	char *word;

	statement->count = 0;
	while ((word = word_cut(&line)) != NULL) {
		if (statement->count == SCRIPT_WORDS_MAX)
			return -1;
		statement->words[statement->count++] = word;
	}
	return line ? (int)statement->count : -1;
}

static int statement_add(struct script *script, const struct statement *statement)
{
	struct statement *grown;

	if (script->count == STATEMENTS_MAX)
		return -EBADMSG;
	grown = realloc(script->statements, (script->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	script->statements = grown;
	grown[script->count++] = *statement;
	return 0;
}

int script_parse(const char *text, size_t size, struct script *out, char *err, size_t errlen)
{
	struct statement statement = { .line = 0 };
	struct rule rule;
	char *line;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	out->text = malloc(size + 1);
	if (!out->text)
		return -ENOMEM;
	memcpy(out->text, text, size);
	out->text[size] = '\0';
	if (memchr(text, '\0', size)) {
		(void)snprintf(err, errlen, "it is no text");
		rc = -EBADMSG;
	}
	for (line = out->text; rc == 0 && line;) {
		char *end = strchr(line, '\n');
		int count;

		if (end)
			*end++ = '\0';
		statement.line++;
		count = line_cut(line, &statement);
		line = end;
		if (count < 0) {
			(void)snprintf(err, errlen,
				       "line %u: quotes that do not close, or more "
				       "than %u words",
				       statement.line, SCRIPT_WORDS_MAX);
			rc = -EBADMSG;
		} else if (count > 0) {
			if (strcmp(statement.words[0], "on") == 0)
				rc = script_rule_parse(&statement, &rule, err, errlen);
			if (rc == 0)
				rc = statement_add(out, &statement);
		}
	}
	if (rc)
		script_clear(out);
	return rc;
}

void script_clear(struct script *script)
{
	free(script->statements);
	free(script->text);
	memset(script, 0, sizeof(*script));
}

bool script_number(const char *text, long least, long most, long *out)
{
	char *end;

	if (!(*text >= '0' && *text <= '9') && !(*text == '-' && least < 0))
		return false;
	errno = 0;
	*out = strtol(text, &end, 10);
	return !errno && !*end && end > text && *out >= least && *out <= most;
}

/* What can be done to a message, and with how many arguments. */
static const struct {
	const char *name;
	unsigned int least, most;
} actions[] = {
	{ "drop", 0, 0 },     { "save", 1, 1 },	  { "keep", 1, 1 },    { "replace", 1, 1 },
	{ "text", 1, 1 },     { "repeat", 1, 1 }, { "delay", 1, 1 },   { "flip", 1, 2 },
	{ "truncate", 1, 1 }, { "rename", 1, 1 }, { "set", 2, 2 },     { "remove", 1, 1 },
	{ "resign", 0, 2 },   { "alg", 1, 1 },	  { "entries", 1, 2 }, { "error", 1, 1 },
};

#define ACTION_COUNT (sizeof(actions) / sizeof(actions[0]))

static bool message_name(const char *word)
{
	return word[0] >= 'A' && word[0] <= 'Z';
}

int script_rule_parse(const struct statement *statement, struct rule *out, char *err, size_t errlen)
{
	char *const *words = statement->words;
	unsigned int at = 1, count = statement->count;
	long number = 0;

	memset(out, 0, sizeof(*out));
	if (at < count && (strcmp(words[at], "tam") == 0 || strcmp(words[at], "tee") == 0)) {
		out->side = words[at][1] == 'a' ? SIDE_TAM : SIDE_TEE;
		at++;
	} else {
		(void)snprintf(err, errlen, "line %u: on tam or on tee", statement->line);
		return -EBADMSG;
	}
	if (at < count && message_name(words[at]))
		out->message = words[at++];
	if (at < count && words[at][0] == '#' && script_number(words[at] + 1, 1, 1000000, &number))
		at++;
	out->number = (unsigned long)number;
	out->action = at < count ? words[at++] : "";
	out->arguments = &words[at];
	out->argument_count = count - at;
	for (size_t i = 0; i < ACTION_COUNT; i++)
		if (strcmp(actions[i].name, out->action) == 0) {
			if (out->argument_count >= actions[i].least &&
			    out->argument_count <= actions[i].most)
				return 0;
			(void)snprintf(err, errlen, "line %u: %s takes other words",
				       statement->line, out->action);
			return -EBADMSG;
		}
	(void)snprintf(err, errlen, "line %u: nothing called \"%s\" can be done to a message",
		       statement->line, out->action);
	return -EBADMSG;
}
