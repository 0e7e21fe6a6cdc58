/*
 * Answers of the TAM as people read them: tables, and single things as lines "name  value".
 *
 * Runs in teesim-tam-cli. Text comes from devices and from other people: whatever a terminal would
 * take for a command is replaced.
 */
#ifndef TEESIM_TEEP_TAM_CLI_TABLE_H
#define TEESIM_TEEP_TAM_CLI_TABLE_H

#include <jansson.h>
#include <stdio.h>

/* How a member becomes text. */
enum column_form {
	FORM_TEXT,
	FORM_NUMBER, /* to the right */
	FORM_WANTED, /* a version; 0 is the latest */
	FORM_KNOWN,  /* a version; 0 is none that is known */
	FORM_TIME,   /* seconds since 1970, in local time; "-" for null */
	FORM_SHORT,  /* a hash: the first twelve digits on a terminal, all of them elsewhere */
	FORM_STATE,  /* a word that has a colour */
	FORM_YES,    /* yes for true, otherwise nothing */
	FORM_COUNT,  /* of a list's items */
};

struct column {
	const char *title;
	const char *member; /* "tee.name" goes into an object */
	enum column_form form;
};

/* One row for each object of the array; `none` is what is printed for an empty one. */
void table_print(const json_t *items, const struct column *columns, size_t count, const char *none);

/* A line for each column. */
void table_print_one(const json_t *object, const struct column *columns, size_t count);

/* The text of one member of an object; the caller's (free()). */
char *table_text(const json_t *object, const struct column *column);

/* Replaces control characters, C1 among them, and what turns the direction of writing. */
void table_defuse(char *text);

/* The colour for a word of state on that stream, and the end of it. */
const char *table_colour(const char *state, FILE *stream);
const char *table_plain(FILE *stream);

/* The answer itself, for programs. Returns the exit status. */
int json_print(const json_t *answer);

#endif
