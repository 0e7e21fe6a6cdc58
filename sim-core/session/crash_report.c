#include "session/crash_report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "sandbox/spawn.h"
#include "wire/memory.h"

/* At most this much of a backtrace. */
#define BACKTRACE_SIZE 16384U
#define TEXT_SIZE      (BACKTRACE_SIZE + IMAGE_NAME_SIZE + 4096U)
#define OBITUARY_SIZE  640
/* A client that lets a TA crash over and over gets reports without source, and no more processes
 * than this at a time. */
#define SYMBOLIZERS_MAX 2U

struct crash_report {
	struct server *server;
	char label[sizeof(((struct image *)0)->label)];
	struct message_death death;
	/* Which one it is since teesimd started. */
	uint64_t number;
	/* Of those that wait for their backtrace. */
	LIST_ENTRY(crash_report) waiting;
	pid_t pid;
	int pidfd;
	int output_fd;
	uv_poll_t watch;
	uv_poll_t output;
	uv_timer_t patience;
	/* Why it was killed, or NULL. */
	const char *killed_because;
	unsigned int open_handles;
	char backtrace[BACKTRACE_SIZE];
	size_t backtrace_size;
	/* The whole report; its first line has been logged. */
	char text[TEXT_SIZE];
	size_t size;
	size_t logged;
};

__attribute__((format(printf, 2, 3))) static void line_add(struct crash_report *report,
							   const char *format, ...)
{
	size_t room = sizeof(report->text) - report->size;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(report->text + report->size, room, format, args);
	va_end(args);
	if (n < 0 || room < 2)
		return;
	report->size += (size_t)n < room - 1 ? (size_t)n : room - 2;
	report->text[report->size++] = '\n';
}

static const struct message_module *module_at(const struct message_death *death, uint64_t address)
{
	for (uint32_t i = 0; i < death->modules; i++)
		if (address - death->module[i].base < death->module[i].size)
			return &death->module[i];
	return NULL;
}

/* What stands at each address, without debug information; up to the outermost of the TA's own. */
static void raw_backtrace(struct crash_report *report)
{
	const struct message_death *death = &report->death;
	uint32_t count = death->frames;

	for (uint32_t i = 0; i < death->frames; i++) {
		const struct message_module *module = module_at(death, death->frame[i]);

		if (module && (module->kind == MESSAGE_MODULE_TA ||
			       module->kind == MESSAGE_MODULE_TA_LIBRARY))
			count = i + 1;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint64_t address = death->frame[i];
		const struct message_module *module = module_at(death, address);

		if (!module)
			line_add(report, "    #%-2u 0x%" PRIx64, i, address);
		else
			line_add(report, "    #%-2u %s+0x%" PRIx64, i,
				 module->kind == MESSAGE_MODULE_TA     ? "TA"
				 : module->kind == MESSAGE_MODULE_HOST ? "ta-host"
								       : module->name,
				 address - module->base);
	}
}

static void backtrace_add(struct crash_report *report)
{
	char *line = report->backtrace, *end;

	line_add(report, "  backtrace:");
	while ((end = memchr(line, '\n',
			     report->backtrace_size - (size_t)(line - report->backtrace)))) {
		line_add(report, "    %.*s", (int)(end - line), line);
		line = end + 1;
	}
}

/* Reading it back needs no more than the file's name, so it is never half a report. */
static int last_crash_write(const struct crash_report *report)
{
	char path[PATH_MAX + 16], fresh[PATH_MAX + 24];
	const char *directory = report->server->device->path;
	ssize_t written;
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/last-crash", directory);
	snprintf(fresh, sizeof(fresh), "%s/last-crash.new", directory);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	written = write(fd, report->text, report->size);
	if (written != (ssize_t)report->size)
		err = written < 0 ? -errno : -ENOSPC;
	close(fd);
	if (!err && rename(fresh, path) < 0)
		err = -errno;
	if (err)
		(void)unlink(fresh);
	return err;
}

static void report_finish(struct crash_report *report)
{
	struct server *server = report->server;
	char *line = report->text + report->logged, *end;
	int err;

	while ((end = memchr(line, '\n', report->size - (size_t)(line - report->text)))) {
		log_relay(server->log, report->label, line, (size_t)(end - line));
		line = end + 1;
	}
	if (report->number < server->last_crash_stored)
		return;
	server->last_crash_stored = report->number;
	err = last_crash_write(report);
	if (err < 0)
		log_write(server->log, LOG_LEVEL_ERROR, "%s/last-crash: %s", server->device->path,
			  strerror(-err));
}

static void handle_closed(uv_handle_t *handle)
{
	struct crash_report *report = handle->data;

	if (--report->open_handles)
		return;
	close(report->pidfd);
	close(report->output_fd);
	report->server->symbolizers--;
	free(report);
}

static void output_take(struct crash_report *report)
{
	for (;;) {
		size_t room = sizeof(report->backtrace) - report->backtrace_size;
		ssize_t n = room ? read(report->output_fd,
					report->backtrace + report->backtrace_size, room)
				 : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0) {
			report->backtrace_size += (size_t)n;
			continue;
		}
		/* At its end, or it said more than anybody wants to read. */
		if (n == 0)
			uv_poll_stop(&report->output);
		return;
	}
}

static void output_ready(uv_poll_t *poll, int status, int events)
{
	(void)events;
	if (status < 0)
		uv_poll_stop(poll);
	else
		output_take(poll->data);
}

static void symbolizer_ended(uv_poll_t *poll, int status, int events)
{
	struct crash_report *report = poll->data;
	int how = 0;

	(void)status;
	(void)events;
	if (waitpid(report->pid, &how, WNOHANG) == 0)
		return;
	output_take(report);
	if (WIFEXITED(how) && !WEXITSTATUS(how) && report->backtrace_size) {
		backtrace_add(report);
	} else {
		line_add(report, "  backtrace, without source since teesim-symbolize %s:",
			 report->killed_because ? report->killed_because : "failed");
		raw_backtrace(report);
	}
	report_finish(report);
	LIST_REMOVE(report, waiting);
	uv_close((uv_handle_t *)&report->watch, handle_closed);
	uv_close((uv_handle_t *)&report->output, handle_closed);
	uv_close((uv_handle_t *)&report->patience, handle_closed);
}

static bool symbolizer_kill(struct crash_report *report, const char *because)
{
	if (report->killed_because)
		return false;
	report->killed_because = because;
	/* Not reaped yet, so the number is still its own. */
	kill(report->pid, SIGKILL);
	return true;
}

static void patience_over(uv_timer_t *timer)
{
	(void)symbolizer_kill(timer->data, "took too long");
}

bool crash_reports_hurry(struct server *server)
{
	struct crash_report *report;
	bool any = false;

	LIST_FOREACH(report, &server->crash_reports, waiting)
		any |= symbolizer_kill(report, "was not waited for");
	return any;
}

static int death_file(const struct message_death *death)
{
	int fd = block_create("teesim-death", sizeof(*death));

	if (fd >= 0 && pwrite(fd, death, sizeof(*death), 0) != (ssize_t)sizeof(*death)) {
		close(fd);
		return -EIO;
	}
	return fd;
}

static int symbolizer_spawn(struct crash_report *report, const struct image *image)
{
	const struct server_options *options = report->server->options;
	char *argv[3 + TA_LIBRARIES_MAX + 1] = { (char *)options->symbolizer_path,
						 (char *)options->host_path,
						 (char *)image->ta.location.path };
	struct sandbox_spawn_options spawn = { .path = options->symbolizer_path, .argv = argv };
	struct sandbox_report unused = { 0 };
	struct sandbox_child child;
	int output[2];
	int err;

	for (unsigned int i = 0, at = 3; i < image->libraries.count; i++)
		if (image->libraries.library[i]->is_loaded)
			argv[at++] = image->libraries.library[i]->image.location.path;
	spawn.control_fd = death_file(&report->death);
	if (spawn.control_fd < 0)
		return spawn.control_fd;
	if (pipe2(output, O_CLOEXEC) < 0) {
		err = -errno;
		close(spawn.control_fd);
		return err;
	}
	spawn.log_fd = output[1];
	err = sandbox_spawn(&spawn, &child, &unused);
	close(spawn.control_fd);
	close(output[1]);
	if (!err && child.pidfd < 0) {
		kill(child.pid, SIGKILL);
		(void)waitpid(child.pid, NULL, 0);
		err = -ENOSYS;
	}
	if (err < 0) {
		close(output[0]);
		return err;
	}
	(void)fcntl(output[0], F_SETFL, O_NONBLOCK);
	report->pid = child.pid;
	report->pidfd = child.pidfd;
	report->output_fd = output[0];
	return 0;
}

/* Returns 0 when the report will finish from the loop. */
static int symbolizer_start(struct crash_report *report, const struct image *image)
{
	struct server *server = report->server;
	int err;

	if (server->symbolizers >= SYMBOLIZERS_MAX)
		return -EAGAIN;
	err = symbolizer_spawn(report, image);
	if (err < 0)
		return err;
	server->symbolizers++;
	LIST_INSERT_HEAD(&server->crash_reports, report, waiting);
	report->open_handles = 3;
	report->watch.data = report->output.data = report->patience.data = report;
	/* Both are descriptors that the loop can wait on, so these can't fail. */
	uv_poll_init(server->loop, &report->watch, report->pidfd);
	uv_poll_init(server->loop, &report->output, report->output_fd);
	uv_timer_init(server->loop, &report->patience);
	uv_poll_start(&report->watch, UV_READABLE, symbolizer_ended);
	uv_poll_start(&report->output, UV_READABLE, output_ready);
	uv_timer_start(&report->patience, patience_over, server->options->symbolize_ms, 0);
	return 0;
}

static void first_line_add(struct crash_report *report, const char *line)
{
	struct timespec now;
	struct tm utc;
	char time[32];

	/* The log has the time in front of each line; here it stands once. */
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &utc);
	line_add(report, "%s.%03ldZ %s", time, now.tv_nsec / 1000000, line);
	report->logged = report->size;
}

void crash_report(struct server *server, const struct image *image, const struct obituary *obituary,
		  const char *when)
{
	char name[IMAGE_NAME_SIZE], text[OBITUARY_SIZE], details[OBITUARY_DETAILS_SIZE];
	char line[IMAGE_NAME_SIZE + OBITUARY_SIZE + 128];
	struct crash_report *report;
	int err;

	obituary_write(obituary, text, sizeof(text));
	snprintf(line, sizeof(line), "%s %s%s", image_name(image, name), text, when);
	log_write(server->log, LOG_LEVEL_ERROR, "%s", line);
	report = calloc(1, sizeof(*report));
	if (!report)
		return;
	report->server = server;
	report->number = ++server->crashes;
	memcpy(report->label, image->label, sizeof(report->label));
	first_line_add(report, line);
	obituary_details_write(obituary, details, sizeof(details));
	for (char *rest, *at = strtok_r(details, "\n", &rest); at; at = strtok_r(NULL, "\n", &rest))
		line_add(report, "  %s", at);
	if (obituary->last_words && obituary->last_words->frames && !obituary->killed_because) {
		report->death = *obituary->last_words;
		err = symbolizer_start(report, image);
		if (!err)
			return;
		line_add(report, "  backtrace, without source since %s%s:",
			 err == -EAGAIN ? "" : "teesim-symbolize cannot be started: ",
			 err == -EAGAIN ? "many TAs crash at once" : strerror(-err));
		raw_backtrace(report);
	}
	report_finish(report);
	free(report);
}
