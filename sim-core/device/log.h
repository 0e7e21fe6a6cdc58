/*
 * The log of a device: <device>/log, kept to a bounded size with one older file beside it
 * (log.1), and optionally a copy on a descriptor that somebody reads (`teesim run`: stderr).
 *
 * Runs in teesimd. Owns the file; the extra descriptor stays the caller's. What TAs and clients
 * say is escaped, so that no line can pass for another or command a terminal. Never blocks: lines
 * that the extra descriptor has no room for are counted and left out.
 */
#ifndef TEESIM_DEVICE_LOG_H
#define TEESIM_DEVICE_LOG_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/* The scale of the TAs' own trace macros. */
enum log_level {
	LOG_LEVEL_ERROR = 1,
	LOG_LEVEL_INFO = 2,
	LOG_LEVEL_DEBUG = 3,
	LOG_LEVEL_FLOW = 4,
};

/* No line is longer, terminator and escapes included. */
#define LOG_LINE_MAX 2048
/* When the file has grown to this many octets it becomes log.1. */
#define LOG_FILE_MAX (4U << 20)

struct log {
	char path[PATH_MAX];
	int fd;
	int extra_fd;
	enum log_level level;
	uint64_t size;
	uint64_t limit;
	/* Lines that the extra descriptor had no room for. */
	unsigned long lost;
};

/* Appends to the file `path`, mode 0600. `extra_fd` -1: no copy. Returns 0 or -errno. */
int log_open(struct log *log, const char *path, int extra_fd, enum log_level level);
void log_close(struct log *log);

/* One line of teesimd's own. */
__attribute__((format(printf, 3, 4))) void log_write(struct log *log, enum log_level level,
						     const char *text, ...);

/* One line that TA `source` printed, without its line feed; octets outside printable ASCII and
 * well-formed UTF-8 are escaped. */
void log_relay(struct log *log, const char *source, const char *line, size_t size);

/* "error" … "flow", or the number. Returns 0 or -EINVAL. */
int log_level_parse(const char *text, enum log_level *level);

#endif
