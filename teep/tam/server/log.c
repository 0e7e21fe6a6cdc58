#include "teep/tam/server/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static atomic_int wanted = TAM_LOG_INFO;

void log_level_set(enum tam_log_level level)
{
	atomic_store(&wanted, (int)level);
}

bool log_wants(enum tam_log_level level)
{
	return (int)level <= atomic_load(&wanted);
}

void log_line(enum tam_log_level level, const char *format, ...)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	char line[1024], stamp[32];
	struct timeval now;
	struct tm utc;
	va_list arguments;
	int start, size;

	if (!log_wants(level))
		return;
	(void)gettimeofday(&now, NULL);
	(void)gmtime_r(&now.tv_sec, &utc);
	(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	start = snprintf(line, sizeof(line), "%s.%03dZ %-7s ", stamp, (int)(now.tv_usec / 1000),
			 names[level]);
	va_start(arguments, format);
	size = vsnprintf(line + start, sizeof(line) - (size_t)start - 1, format, arguments);
	va_end(arguments);
	size += start;
	if (size > (int)sizeof(line) - 2)
		size = (int)sizeof(line) - 2;
	/* No text makes a second line. */
	for (int i = start; i < size; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[size] = '\n';
	/* One write, so that lines of several threads and processes stay whole. */
	(void)!write(STDERR_FILENO, line, (size_t)size + 1);
}
