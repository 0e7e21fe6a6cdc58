#include "teep/agent/daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FILE_MAX_OCTETS (64U << 10)
#define BLANKS		" \t\r"

/* Without its comment, and without blanks at both ends. */
static char *line_trim(char *line)
{
	char *at, *end;

	line += strspn(line, BLANKS);
	for (at = strchr(line, '#'); at && at > line && !strchr(BLANKS, at[-1]);)
		at = strchr(at + 1, '#');
	end = at ? at : line + strlen(line);
	while (end > line && strchr(BLANKS, end[-1]))
		end--;
	*end = '\0';
	return line;
}

/* The first word, in place; *rest is what comes behind it. */
static const char *word_take(char **rest)
{
	char *word = *rest;

	*rest += strcspn(*rest, BLANKS);
	if (**rest) {
		*(*rest)++ = '\0';
		*rest += strspn(*rest, BLANKS);
	}
	return word;
}

static bool ta_take(char *rest, const char *taid, struct agent_config *out, bool *chosen)
{
	const char *id = word_take(&rest);

	if (strlen(id) != AGENT_TAID_LENGTH || !agent_uri_valid(rest))
		return false;
	if (strcasecmp(id, taid) == 0) {
		strcpy(out->uri, rest);
		*chosen = true;
	}
	return true;
}

/* Takes up one line; false for one that says nothing sensible. */
static bool line_take(char *line, const char *taid, struct agent_config *out, bool *chosen)
{
	char *rest = line_trim(line);
	const char *word = word_take(&rest);

	if (!word[0])
		return true;
	if (strcmp(word, "plain-anywhere") == 0 && !rest[0]) {
		out->plain_anywhere = true;
		return true;
	}
	if (strcmp(word, "ca-file") == 0 && rest[0] == '/' && strlen(rest) < sizeof(out->ca_file)) {
		strcpy(out->ca_file, rest);
		return true;
	}
	if (strcmp(word, "tam") == 0 && agent_uri_valid(rest)) {
		if (!*chosen)
			strcpy(out->uri, rest);
		return true;
	}
	return strcmp(word, "ta") == 0 && ta_take(rest, taid, out, chosen);
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
