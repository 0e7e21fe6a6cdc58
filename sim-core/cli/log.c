/* `teesim log`: what a device's daemon and its trusted applications said. */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/terminal.h"
#include "device/paths.h"

#define LINES_DEFAULT 50

static const char help[] =
	"usage: teesim log [-f] [-n N] [--device NAME] [--ta TEXT]\n"
	"       teesim log --last-crash [--device NAME]\n"
	"\n"
	"Shows the device's log: what its trusted applications print, and why one did not start "
	"or\n"
	"died. Works whether the device runs or not.\n"
	"\n"
	"  -f, --follow        go on with what is added, until Ctrl-C\n"
	"  -n, --lines N       the last N lines (default: 50; 0: none; all: all)\n"
	"  -d, --device NAME   the device (default: $TEESIM_DEVICE, else \"default\")\n"
	"      --ta TEXT       only lines that name this trusted application, by UUID or name\n"
	"      --last-crash    the report about the trusted application that died last\n";

struct reader {
	char directory[PATH_MAX];
	const char *ta;
	/* How that TA's own lines are marked, once a line of teesimd's has told; or empty. */
	char ta_mark[80];
	struct terminal_colours colour;
	FILE *file;
	/* The beginning of a line whose rest has not been written yet. */
	char *line;
	size_t capacity;
};

/* Lines are "TIME MARK text"; errors of teesimd's own are marked "error". */
static void line_print(const struct reader *reader, const char *line, size_t length)
{
	const char *mark = memchr(line, ' ', length);
	const char *colour = "", *plain = reader->colour.plain;

	if (mark && !strncmp(mark, " error ", 7))
		colour = reader->colour.red;
	else if (mark && strncmp(mark, " TA ", 4) != 0)
		colour = reader->colour.dim;
	if (length && line[length - 1] == '\n')
		length--;
	printf("%s%.*s%s\n", colour, (int)length, line, plain);
}

/* Lines of teesimd's name a TA as "TA LABEL (UUID, FILE)"; its own lines are marked "TA LABEL". */
static void mark_learn(struct reader *reader, const char *line, const char *uuid)
{
	const char *label = strstr(line, "TA ");
	int length;

	if (!label || uuid - label < 5 || strncmp(uuid - 2, " (", 2) != 0)
		return;
	length = (int)(uuid - 2 - label);
	snprintf(reader->ta_mark, sizeof(reader->ta_mark), " %.*s ", length, label);
}

static bool line_wanted(struct reader *reader, const char *line)
{
	const char *mark = strchr(line, ' ');
	const char *named;

	if (!reader->ta)
		return true;
	named = strcasestr(line, reader->ta);
	if (named) {
		mark_learn(reader, line, named);
		return true;
	}
	return mark && reader->ta_mark[0] &&
	       !strncmp(mark, reader->ta_mark, strlen(reader->ta_mark));
}

/* The last lines of both files, the older one first; `limit` < 0: all. */
struct tail {
	char **lines;
	long limit;
	size_t count;
	size_t next;
};

static int tail_add(struct tail *tail, const char *line)
{
	char *copy;

	if (tail->limit == 0)
		return 0;
	copy = strdup(line);
	if (!copy)
		return -ENOMEM;
	if (tail->limit < 0 || tail->count < (size_t)tail->limit) {
		char **grown = reallocarray(tail->lines, tail->count + 1, sizeof(*grown));

		if (!grown) {
			free(copy);
			return -ENOMEM;
		}
		tail->lines = grown;
		tail->lines[tail->count++] = copy;
		return 0;
	}
	free(tail->lines[tail->next]);
	tail->lines[tail->next] = copy;
	tail->next = (tail->next + 1) % tail->count;
	return 0;
}

static void tail_print(const struct reader *reader, struct tail *tail)
{
	for (size_t i = 0; i < tail->count; i++) {
		char *line = tail->lines[(tail->next + i) % tail->count];

		line_print(reader, line, strlen(line));
		free(line);
	}
	free(tail->lines);
}

/* Whole lines only: what follows the last line feed is left for the next look. */
static bool line_read(struct reader *reader)
{
	off_t at = ftello(reader->file);
	ssize_t length = getline(&reader->line, &reader->capacity, reader->file);

	if (length > 0 && reader->line[length - 1] == '\n')
		return true;
	clearerr(reader->file);
	(void)fseeko(reader->file, at, SEEK_SET);
	return false;
}

static FILE *log_open_file(const struct reader *reader, const char *name)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/%s", reader->directory, name);
	return fopen(path, "re");
}

/* The older file first. */
static const char *const names[] = { "log.1", "log" };

/* What a TA prints while it starts comes before the line that tells how it is called. */
static void learn_marks(struct reader *reader)
{
	for (size_t i = 0; reader->ta && i < 2; i++) {
		reader->file = log_open_file(reader, names[i]);
		if (!reader->file)
			continue;
		while (line_read(reader))
			(void)line_wanted(reader, reader->line);
		fclose(reader->file);
		reader->file = NULL;
	}
}

static int show_tail(struct reader *reader, long limit)
{
	struct tail tail = { .limit = limit };
	int rc = 0;

	learn_marks(reader);
	for (size_t i = 0; i < 2 && rc == 0; i++) {
		reader->file = log_open_file(reader, names[i]);
		if (!reader->file)
			continue;
		while (rc == 0 && line_read(reader))
			if (line_wanted(reader, reader->line))
				rc = tail_add(&tail, reader->line);
		/* The newer one stays open to be followed. */
		if (i == 0) {
			fclose(reader->file);
			reader->file = NULL;
		}
	}
	tail_print(reader, &tail);
	fflush(stdout);
	return rc;
}

static void show_added(struct reader *reader)
{
	while (line_read(reader))
		if (line_wanted(reader, reader->line))
			line_print(reader, reader->line, strlen(reader->line));
	fflush(stdout);
}

/* Has the file been put aside (log.1) or removed, and another one begun? */
static bool file_changed(const struct reader *reader)
{
	char path[PATH_MAX + 16];
	struct stat open_file, named_file;

	snprintf(path, sizeof(path), "%s/log", reader->directory);
	if (stat(path, &named_file) < 0)
		return false;
	return !reader->file || fstat(fileno(reader->file), &open_file) < 0 ||
	       open_file.st_ino != named_file.st_ino || open_file.st_dev != named_file.st_dev;
}

static int follow(struct reader *reader)
{
	char events[4096];
	int watch = inotify_init1(IN_CLOEXEC);

	if (watch < 0 || inotify_add_watch(watch, reader->directory,
					   IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF |
						   IN_ONLYDIR) < 0) {
		fprintf(stderr, "teesim log: cannot watch %s: %s\n", reader->directory,
			strerror(errno));
		if (watch >= 0)
			close(watch);
		return EXIT_REFUSED;
	}
	for (;;) {
		if (reader->file)
			show_added(reader);
		if (file_changed(reader)) {
			/* What came between the look and the change. */
			if (reader->file) {
				show_added(reader);
				fclose(reader->file);
			}
			reader->file = log_open_file(reader, "log");
			continue;
		}
		if (ferror(stdout) || access(reader->directory, F_OK) < 0)
			break;
		if (read(watch, events, sizeof(events)) < 0 && errno != EINTR)
			break;
	}
	close(watch);
	return EXIT_OK;
}

static int count_parse(const char *text, long *count)
{
	char *end;

	if (!strcmp(text, "all")) {
		*count = -1;
		return 0;
	}
	errno = 0;
	*count = strtol(text, &end, 10);
	return errno || end == text || *end || *count < 0 ? -EINVAL : 0;
}

static int reader_open(struct reader *reader, const char *device)
{
	struct stat st;

	if (paths_device(device, reader->directory, sizeof(reader->directory)) < 0) {
		fprintf(stderr, "teesim log: \"%s\" is no device name\n", device);
		return EXIT_REFUSED;
	}
	if (stat(reader->directory, &st) == 0)
		return EXIT_OK;
	fprintf(stderr,
		"teesim log: there is no device '%s' in %s: 'teesim device list' names those that "
		"exist%s\n",
		device, reader->directory,
		getenv("TEESIM_SOCKET") ? "; the log of a fresh device of 'teesim run' goes to its "
					  "stderr"
					: "");
	return EXIT_REFUSED;
}

/* What TAs can have a say in was not escaped when it was written. */
static void line_escaped_print(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char octet = (unsigned char)line[i];

		/* The second octet of UTF-8 characters that command terminals is below 0xA0. */
		if (octet < 0x20 || octet == 0x7F ||
		    (octet == 0xC2 && i + 1 < length && (unsigned char)line[i + 1] < 0xA0))
			printf("\\x%02x", octet);
		else
			putchar(octet);
	}
	putchar('\n');
}

static int last_crash_show(struct reader *reader)
{
	ssize_t length;

	reader->file = log_open_file(reader, "last-crash");
	if (!reader->file && errno == ENOENT) {
		fprintf(stderr, "teesim log: no trusted application of this device has died\n");
		return EXIT_REFUSED;
	}
	if (!reader->file) {
		fprintf(stderr, "teesim log: %s/last-crash: %s\n", reader->directory,
			strerror(errno));
		return EXIT_REFUSED;
	}
	while ((length = getline(&reader->line, &reader->capacity, reader->file)) > 0)
		line_escaped_print(reader->line, (size_t)length - 1);
	return EXIT_OK;
}

int cmd_log(int argc, char **argv)
{
	static const struct option options[] = {
		{ "follow", no_argument, NULL, 'f' },
		{ "lines", required_argument, NULL, 'n' },
		{ "device", required_argument, NULL, 'd' },
		{ "ta", required_argument, NULL, 't' },
		{ "last-crash", no_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct reader reader = { .colour = terminal_colours(stdout) };
	const char *device = paths_default_device();
	long count = LINES_DEFAULT;
	bool following = false, last_crash = false;
	int c, status;

	while ((c = getopt_long(argc, argv, "fn:d:h", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			following = true;
			break;
		case 'n':
			if (count_parse(optarg, &count) < 0) {
				fprintf(stderr,
					"teesim log: -n takes a number or \"all\", not \"%s\"\n",
					optarg);
				return EXIT_USAGE;
			}
			break;
		case 'd':
			device = optarg;
			break;
		case 't':
			reader.ta = optarg;
			break;
		case 'C':
			last_crash = true;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_OK;
		default:
			fputs("`teesim log --help` tells what there is\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (argv[optind]) {
		fprintf(stderr, "teesim log: what is \"%s\"? `teesim log --help` tells more\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	status = reader_open(&reader, device);
	if (status == EXIT_OK && last_crash)
		status = last_crash_show(&reader);
	else if (status == EXIT_OK && show_tail(&reader, count) < 0)
		status = EXIT_REFUSED;
	if (status == EXIT_OK && following && !last_crash)
		status = follow(&reader);
	if (reader.file)
		fclose(reader.file);
	free(reader.line);
	return status;
}
