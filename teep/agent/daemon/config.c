#include "teep/agent/daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FILE_MAX_OCTETS (64U << 10)
#define WORDS_MAX	4

/* Splits at blanks, in place. Returns the number of words, WORDS_MAX for that many or more. */
static unsigned int words_split(char *line, char **words)
{
	unsigned int count = 0;
	char *save;

	for (char *word = strtok_r(line, " \t\r", &save); word && count < WORDS_MAX;
	     word = strtok_r(NULL, " \t\r", &save))
		words[count++] = word;
	return count;
}

/* Takes up one line; false for one that says nothing sensible. */
static bool line_take(char *line, const char *taid, struct agent_config *out, bool *chosen)
{
	char *words[WORDS_MAX];
	const unsigned int count = words_split(line, words);

	if (count == 0 || words[0][0] == '#')
		return true;
	if (count == 1 && strcmp(words[0], "plain-anywhere") == 0) {
		out->plain_anywhere = true;
		return true;
	}
	if (count == 2 && strcmp(words[0], "ca-file") == 0 && words[1][0] == '/' &&
	    strlen(words[1]) < sizeof(out->ca_file)) {
		strcpy(out->ca_file, words[1]);
		return true;
	}
	if (count == 2 && strcmp(words[0], "tam") == 0 && agent_uri_valid(words[1])) {
		if (!*chosen)
			strcpy(out->uri, words[1]);
		return true;
	}
	if (count != 3 || strcmp(words[0], "ta") != 0 || strlen(words[1]) != AGENT_TAID_LENGTH ||
	    !agent_uri_valid(words[2]))
		return false;
	if (strcasecmp(words[1], taid) == 0) {
		strcpy(out->uri, words[2]);
		*chosen = true;
	}
	return true;
}

int agent_config_parse(const char *text, size_t size, const char *taid, struct agent_config *out,
		       char *err, size_t errlen)
{
	unsigned int number = 0;
	bool chosen = false;

	memset(out, 0, sizeof(*out));
	while (size) {
		const char *end = memchr(text, '\n', size);
		const size_t length = end ? (size_t)(end - text) : size;
		char line[PATH_MAX + 64];

		number++;
		if (length < sizeof(line) && !memchr(text, '\0', length)) {
			memcpy(line, text, length);
			line[length] = '\0';
		}
		if (length >= sizeof(line) || memchr(text, '\0', length) ||
		    !line_take(line, taid, out, &chosen)) {
			(void)snprintf(err, errlen,
				       "line %u is none of: tam URI, ta UUID URI, ca-file "
				       "/PATH, plain-anywhere",
				       number);
			return -EBADMSG;
		}
		text += end ? length + 1 : length;
		size -= end ? length + 1 : length;
	}
	return 0;
}

int agent_config_read(const char *path, const char *taid, struct agent_config *out, char *err,
		      size_t errlen)
{
	static char text[FILE_MAX_OCTETS + 1];
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char why[256];
	size_t size = 0;
	ssize_t n = 0;
	int rc;

	memset(out, 0, sizeof(*out));
	if (fd < 0 && errno == ENOENT)
		return 0;
	while (fd >= 0 && size < sizeof(text) &&
	       (n = read(fd, text + size, sizeof(text) - size)) > 0)
		size += (size_t)n;
	rc = fd < 0 || n < 0 ? -errno : size == sizeof(text) ? -EFBIG : 0;
	if (fd >= 0)
		close(fd);
	if (rc)
		(void)snprintf(why, sizeof(why), "%s", strerror(-rc));
	else
		rc = agent_config_parse(text, size, taid, out, why, sizeof(why));
	if (rc)
		(void)snprintf(err, errlen, "%s: %s", path, why);
	return rc;
}
