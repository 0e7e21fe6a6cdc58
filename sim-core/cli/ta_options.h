/* The options that the commands of `teesim ta` share. Runs in `teesim`. */
#ifndef TEESIM_CLI_TA_OPTIONS_H
#define TEESIM_CLI_TA_OPTIONS_H

#include <stdbool.h>

struct ta_options {
	/* -d, --device: NULL for the default device. */
	const char *device;
	/* -c, --client-dir. */
	const char *client_dir;
	/* -s, --require-signed. */
	bool require_signed;
	/* -j, --json. */
	bool json;
};

/*
 * Parses the command line of a command that takes those options whose letters are in `accepted`,
 * and so many words besides, which begin at argv[optind] afterwards. --help prints `help`. Returns
 * -1 to go on, or the exit status to end with.
 */
int ta_options_parse(int argc, char **argv, const char *help, const char *accepted, int words,
		     struct ta_options *options);

/* What is wrong has been said: says how it is done. Returns the exit status. */
int ta_usage_error(const char *help);

#endif
