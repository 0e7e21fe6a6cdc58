/*
 * The attacker between an agent that is not his and a TAM: the agent is told that the TAM is here.
 *
 * Runs in teesim-evil-agent, for tests. Listens on this machine alone.
 */
#ifndef TEESIM_EVIL_PROXY_H
#define TEESIM_EVIL_PROXY_H

#include "teep/evil/theatre.h"

struct proxy_options {
	const char *tam;     /* whose scheme, host and port it stands for */
	const char *ca_file; /* NULL: whom the system trusts */
	unsigned int port;   /* 0: any that is free */
};

/* Says on standard output where it listens, and passes on, by the theatre's rules, until SIGTERM or
 * SIGINT. Returns 0, or -errno after a message. */
int proxy_run(struct theatre *theatre, const struct proxy_options *options);

#endif
