#include "device/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "wire/utf8.h"

static const char *const level_names[] = { "none", "error", "info", "debug", "flow" };

static int log_reopen(struct log *log)
{
	struct stat st;

	log->fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (log->fd < 0)
		return -errno;
	log->size = fstat(log->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	return 0;
}

int log_open(struct log *log, const char *path, int extra_fd, enum log_level level)
{
	memset(log, 0, sizeof(*log));
	log->fd = -1;
	log->extra_fd = extra_fd;
	log->level = level;
	log->limit = LOG_FILE_MAX;
	if ((size_t)snprintf(log->path, sizeof(log->path), "%s", path) >= sizeof(log->path))
		return -ENAMETOOLONG;
	return log_reopen(log);
}

void log_close(struct log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
	log->extra_fd = -1;
}

static void log_rotate(struct log *log)
{
	char older[PATH_MAX + 4];

	snprintf(older, sizeof(older), "%s.1", log->path);
	(void)rename(log->path, older);
	close(log->fd);
	log->fd = -1;
	(void)log_reopen(log);
}

static void write_once(int fd, const char *data, size_t size)
{
	ssize_t n;

	do {
		n = write(fd, data, size);
	} while (n < 0 && errno == EINTR);
}

static bool has_room(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLOUT };

	return poll(&poller, 1, 0) == 1 && poller.revents & POLLOUT;
}

static void log_copy(struct log *log, const char *line, size_t size)
{
	char note[64];
	int n;

	if (log->extra_fd < 0)
		return;
	if (!has_room(log->extra_fd)) {
		log->lost++;
		return;
	}
	if (log->lost) {
		n = snprintf(note, sizeof(note), "teesimd: %lu lines left out here\n", log->lost);
		write_once(log->extra_fd, note, (size_t)n);
		log->lost = 0;
		if (!has_room(log->extra_fd)) {
			log->lost++;
			return;
		}
	}
	write_once(log->extra_fd, line, size);
}

/* How many octets of `text` make one character that can stand in a line; 0 when they don't. */
static size_t shown_size(const unsigned char *text, size_t left)
{
	const size_t size = utf8_size(text, left);

	if (utf8_is_control(text, size))
		return text[0] == '\t';
	/* Marks that change the direction of what follows. */
	if (size == 3 && text[0] == 0xE2 &&
	    ((text[1] == 0x80 && text[2] >= 0xA8 && text[2] <= 0xAE) ||
	     (text[1] == 0x81 && text[2] >= 0xA6 && text[2] <= 0xA9)))
		return 0;
	return size;
}

/* Appends `text`, escaped, as far as it fits; returns the new length. */
static size_t append_escaped(char *line, size_t at, size_t capacity, const char *text, size_t size)
{
	const unsigned char *octet = (const unsigned char *)text;

	for (size_t i = 0; i < size;) {
		const size_t length = shown_size(octet + i, size - i);

		if (length) {
			if (at + length > capacity)
				break;
			memcpy(line + at, octet + i, length);
			at += length;
			i += length;
			continue;
		}
		if (at + 4 > capacity)
			break;
		at += (size_t)snprintf(line + at, 5, "\\x%02x", octet[i]);
		i++;
	}
	return at;
}

/* `mark` is the word between the time and the text in the file, and before the text in the copy. */
static void log_line(struct log *log, const char *mark, const char *copy_mark, const char *text,
		     size_t size)
{
	char line[LOG_LINE_MAX];
	struct timespec now;
	struct tm utc;
	size_t length;

	/* One octet is kept for the line feed, one for snprintf's terminator. */
	const size_t capacity = sizeof(line) - 2;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	if (log->fd >= 0 && log->size >= log->limit)
		log_rotate(log);
	if (log->fd >= 0) {
		length = strftime(line, 32, "%Y-%m-%dT%H:%M:%S", &utc);
		length += (size_t)snprintf(line + length, 160, ".%03ldZ ", now.tv_nsec / 1000000);
		length = append_escaped(line, length, 160, mark, strlen(mark));
		line[length++] = ' ';
		length = append_escaped(line, length, capacity, text, size);
		line[length++] = '\n';
		write_once(log->fd, line, length);
		log->size += length;
	}
	length = append_escaped(line, 0, 128, copy_mark, strlen(copy_mark));
	line[length++] = ':';
	line[length++] = ' ';
	length = append_escaped(line, length, capacity, text, size);
	line[length++] = '\n';
	log_copy(log, line, length);
}

void log_write(struct log *log, enum log_level level, const char *text, ...)
{
	char line[LOG_LINE_MAX];
	va_list args;
	int n;

	if (level > log->level)
		return;
	va_start(args, text);
	n = vsnprintf(line, sizeof(line), text, args);
	va_end(args);
	if (n < 0)
		return;
	log_line(log, level_names[level], level == LOG_LEVEL_ERROR ? "teesimd: error" : "teesimd",
		 line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

void log_relay(struct log *log, const char *source, const char *line, size_t size)
{
	char mark[80];

	snprintf(mark, sizeof(mark), "TA %s", source);
	log_line(log, mark, source, line, size);
}

int log_level_parse(const char *text, enum log_level *level)
{
	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_FLOW; i++)
		if (!strcmp(text, level_names[i]) || (text[0] == '0' + i && !text[1])) {
			*level = (enum log_level)i;
			return 0;
		}
	return -EINVAL;
}
