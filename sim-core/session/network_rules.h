/*
 * Whom TAs may reach over the network: this machine itself, and the hosts that the user has named.
 *
 * Linked into teesimd, which connects, and into the command line, which takes the names. A host is
 * judged by what it is called: no name that was not given is ever looked up.
 */
#ifndef TEESIM_SESSION_NETWORK_RULES_H
#define TEESIM_SESSION_NETWORK_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest name of a host, terminator included. */
#define NETWORK_HOST_SIZE 256

struct network_rule {
	char host[NETWORK_HOST_SIZE];
	/* 0: any. */
	uint16_t port;
};

struct network_rules {
	struct network_rule *rule;
	size_t count;
};

/*
 * Reads "HOST[:PORT],…". HOST is a name, an IPv4 address, or an IPv6 address, which stands in
 * brackets when a port follows. Returns 0, -ENOMEM, or -EINVAL with a few words in `*why`. What is
 * in `rules` is given back with network_rules_clear().
 */
int network_rules_parse(const char *text, struct network_rules *rules, const char **why);

void network_rules_clear(struct network_rules *rules);

/* Could `host` be the name or the address of one? */
bool network_host_valid(const char *host);

/* May a TA reach it? */
bool network_rules_allow(const struct network_rules *rules, const char *host, uint16_t port);

#endif
