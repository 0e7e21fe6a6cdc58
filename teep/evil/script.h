/*
 * What the attacker is told to do: a script, one statement a line, taken apart.
 *
 * Runs in teesim-evil-agent. A statement is words; what is in double quotes is one, and # begins a
 * comment. Rules ("on …") are checked here as well; whatever else a verb wants of its words is for
 * who executes it (theatre.h).
 */
#ifndef TEESIM_EVIL_SCRIPT_H
#define TEESIM_EVIL_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#define SCRIPT_WORDS_MAX 12U

struct statement {
	unsigned int line;
	unsigned int count;
	char *words[SCRIPT_WORDS_MAX]; /* words[0] is the verb */
};

struct script {
	struct statement *statements;
	size_t count;
	char *text; /* that the words are in */
};

/* Returns 0 with a script for script_clear(), -ENOMEM, or -EBADMSG with one line in `err`. */
int script_parse(const char *text, size_t size, struct script *out, char *err, size_t errlen);
void script_clear(struct script *script);

enum script_side {
	SIDE_TAM, /* from the TAM, for the TEE */
	SIDE_TEE, /* from the TEE, for the TAM */
};

/* on SIDE [MESSAGE] [#NUMBER] ACTION [ARGUMENT…] */
struct rule {
	enum script_side side;
	const char *message;  /* without Request or Response; NULL: any */
	unsigned long number; /* of those that fit in a session, from 1; 0: each */
	const char *action;
	unsigned int argument_count;
	char *const *arguments;
};

/* Of a statement with the verb "on". Returns 0, or -EBADMSG with one line in `err`. */
int script_rule_parse(const struct statement *statement, struct rule *out, char *err,
		      size_t errlen);

/* A number in decimal, with a sign where `least` is below 0. */
bool script_number(const char *text, long least, long most, long *out);

#endif
