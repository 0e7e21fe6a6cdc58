/*
 * The agent's configuration: which TAM is asked for which TA.
 *
 * Runs in teesim-agent. The file is the user's own. PATH is the rest of its line and may have
 * blanks in it; a comment begins with a '#' at the line's beginning or behind a blank.
 *
 *	# comment
 *	tam URI            who is asked for a TA that nothing else is said of
 *	ta UUID URI        who is asked for this one
 *	ca-file PATH       whom HTTPS is trusted to, in PEM, in place of the system's list
 *	plain-anywhere     plain HTTP also to other machines
 */
#ifndef TEESIM_AGENT_CONFIG_H
#define TEESIM_AGENT_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "teep/agent/protocol.h"

struct agent_config {
	char ca_file[PATH_MAX]; /* empty: none */
	bool plain_anywhere;
	char uri[AGENT_URI_MAX + 1]; /* for the TA that was asked for; empty: none */
};

/* Reads text of `size` octets, for the TA with this UUID. Returns 0, or -EBADMSG with one line in
 * `err`. */
int agent_config_parse(const char *text, size_t size, const char *taid, struct agent_config *out,
		       char *err, size_t errlen);

/* The file at `path`; a missing one says nothing. Returns as agent_config_parse(), or -errno. */
int agent_config_read(const char *path, const char *taid, struct agent_config *out, char *err,
		      size_t errlen);

#endif
