/*
 * Where the attacker's script is played: between a TAM, by HTTP, and the TEEs of devices, by their
 * sockets, in the place of the agent. What happens goes to standard output, a line each.
 *
 * Runs in teesim-evil-agent, for tests: it holds nothing that a real attacker would not have.
 */
#ifndef TEESIM_EVIL_THEATRE_H
#define TEESIM_EVIL_THEATRE_H

#include <stdbool.h>

#include "teep/evil/message.h"
#include "teep/evil/script.h"

#define RULES_MAX 64U

struct theatre;

struct theatre_options {
	const char *tam;    /* until the script names another; NULL: none */
	const char *device; /* NULL: by default */
	const char *ca_file;
	bool quiet; /* tell only what went against expectation */
};

struct theatre *theatre_open(const struct theatre_options *options);
void theatre_close(struct theatre *theatre);

/* Plays it to its end. Returns 0 when all went as the script expects, 1 when not, -EBADMSG, after a
 * message, for a statement that makes no sense. */
int theatre_play(struct theatre *theatre, const struct script *script);

/* The script's rules alone, for the proxy. Returns 0, or -EBADMSG, after a message, for a statement
 * that is none. */
int theatre_rules_take(struct theatre *theatre, const struct script *script);

/* Changes to one message: what rules do, and the verb "change". */
struct stage_message {
	struct octets *octets;
	bool dropped;
	unsigned long extra; /* how often it is delivered once more */
	unsigned int line;   /* of the statement, for what is said */
};

/* How often each rule has met its message, in one session. */
struct rule_counts {
	unsigned long seen[RULES_MAX];
};

/* All rules in force that fit. `who` is the session's name, for what is said. */
int theatre_rules(struct theatre *theatre, const char *who, struct rule_counts *counts,
		  enum script_side side, struct stage_message *message);

/* One line of the transcript; `line` of the script, or 0. */
void theatre_tell(struct theatre *theatre, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
