/*
 * <trace.h> of the kit: messages of the TA, a line each, to descriptor 1, which is the log pipe
 * that teesimd reads. A line goes out in one write, so that lines never mix.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <trace.h>
#include <unistd.h>

#include "runtime.h"

/* Octets of dhex_dump() on a line. */
#define DUMP_WIDTH 16

void trace_ext_puts(const char *str)
{
	size_t left = strlen(str);

	while (left) {
		const ssize_t written = write(STDOUT_FILENO, str, left);

		if (written < 0) {
			if (errno == EINTR)
				continue;
			/* Nobody reads the log any more: not the TA's business. */
			return;
		}
		str += written;
		left -= (size_t)written;
	}
}

int trace_ext_get_thread_id(void)
{
	return -1;
}

int trace_ext_get_core_id(void)
{
	return -1;
}

void trace_set_level(int level)
{
	runtime.log_level = level >= TRACE_MIN && level <= TRACE_MAX ? level : TRACE_MAX;
}

int trace_get_level(void)
{
	return runtime.log_level;
}

static char trace_letter(int level, bool level_ok)
{
	/* M, as in message: of no level. */
	static const char letters[] = "MEIDF";

	if (!level_ok || level < TRACE_ERROR || level > TRACE_MAX)
		return 'M';
	return letters[level];
}

void trace_printf(const char *func, int line, int level, bool level_ok, const char *fmt, ...)
{
	char text[MAX_PRINT_SIZE];
	size_t used, room;
	va_list ap;
	int length;

	if (level_ok && level > runtime.log_level)
		return;
	length = snprintf(text, sizeof(text), "%c/TA:  ", trace_letter(level, level_ok));
	used = (size_t)length;
	if (func) {
		length = snprintf(text + used, sizeof(text) - used, "%.*s", MAX_FUNC_PRINT_SIZE,
				  func);
		used += (size_t)length;
		if (line) {
			length = snprintf(text + used, sizeof(text) - used, ":%d", line);
			used += (size_t)length;
		}
		text[used++] = ' ';
	}
	/* One octet stays for the newline. */
	room = sizeof(text) - 1 - used;
	va_start(ap, fmt);
	length = vsnprintf(text + used, room, fmt, ap);
	va_end(ap);
	if (length < 0)
		length = 0;
	used += (size_t)length < room ? (size_t)length : room - 1;
	if (text[used - 1] != '\n')
		text[used++] = '\n';
	text[used] = '\0';
	trace_ext_puts(text);
}

void dhex_dump(const char *function, int line, int level, const void *buf, int len)
{
	const uint8_t *octets = buf;
	char text[8 + DUMP_WIDTH * 3 + 2 + DUMP_WIDTH + 1];

	if (level > runtime.log_level || len <= 0)
		return;
	if (!buf) {
		trace_printf(function, line, level, true, "buffer to dump is NULL");
		return;
	}
	for (int at = 0; at < len; at += DUMP_WIDTH) {
		const int count = len - at < DUMP_WIDTH ? len - at : DUMP_WIDTH;
		char *next = text;

		next += sprintf(next, "%04x ", (unsigned int)at & 0xFFFF);
		for (int i = 0; i < DUMP_WIDTH; i++) {
			if (i < count)
				next += sprintf(next, " %02x", octets[at + i]);
			else
				next += sprintf(next, "   ");
		}
		*next++ = ' ';
		*next++ = ' ';
		for (int i = 0; i < count; i++)
			*next++ = isprint(octets[at + i]) ? (char)octets[at + i] : '.';
		*next = '\0';
		trace_printf(function, line, level, true, "%s", text);
	}
}
