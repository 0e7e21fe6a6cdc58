#include "cli/ta_options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

int ta_usage_error(const char *help)
{
	fputs(help, stderr);
	return EXIT_USAGE;
}

int ta_options_parse(int argc, char **argv, const char *help, const char *accepted, int words,
		     struct ta_options *options)
{
	static const struct option known[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "client-dir", required_argument, NULL, 'c' },
		{ "require-signed", no_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	memset(options, 0, sizeof(*options));
	while ((c = getopt_long(argc, argv, "d:c:sjh", known, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return EXIT_OK;
		}
		if (!strchr(accepted, c)) {
			if (c != '?')
				fprintf(stderr, "%s: there is no option -%c here\n", argv[0], c);
			return ta_usage_error(help);
		}
		switch (c) {
		case 'd':
			options->device = optarg;
			break;
		case 'c':
			options->client_dir = optarg;
			break;
		case 's':
			options->require_signed = true;
			break;
		case 'j':
			options->json = true;
			break;
		}
	}
	return optind + words == argc ? -1 : ta_usage_error(help);
}
