#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/log.h"

static char dir[] = "/tmp/teesim-log.XXXXXX";
static char path[64], older[64];
static struct log log_;
static int copy[2];

static void setup(void)
{
	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(older, sizeof(older), "%s/log.1", dir);
	cr_assert_eq(pipe2(copy, O_NONBLOCK), 0);
	cr_assert_eq(log_open(&log_, path, copy[1], LOG_LEVEL_INFO), 0);
}

static void teardown(void)
{
	log_close(&log_);
	close(copy[0]);
	close(copy[1]);
	unlink(path);
	unlink(older);
	cr_expect_eq(rmdir(dir), 0);
}

TestSuite(log, .init = setup, .fini = teardown);

static const char *file_read(void)
{
	static char text[8192];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static const char *copy_read(void)
{
	static char text[8192];
	ssize_t n = read(copy[0], text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

Test(log, line_has_time_level_and_text_and_is_copied)
{
	struct stat st;

	log_write(&log_, LOG_LEVEL_ERROR, "number %d", 7);
	cr_expect(strstr(file_read(), "Z error number 7\n"), "%s", file_read());
	cr_expect_eq(file_read()[0], '2');
	cr_expect_str_eq(copy_read(), "teesimd: error: number 7\n");
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
}

Test(log, what_is_below_the_level_is_left_out)
{
	log_write(&log_, LOG_LEVEL_DEBUG, "small talk");
	cr_expect_str_eq(file_read(), "");
}

Test(log, lines_of_tas_cannot_forge_or_command)
{
	/* NOLINTNEXTLINE(misc-misleading-bidirectional): that is what must not come through */
	static const char line[] = "a\x1b[2Jb\nc\0d\xff caf\xc3\xa9 \xe2\x80\xae \xc2\x9b";

	log_relay(&log_, "hello", line, sizeof(line) - 1);
	cr_expect_str_eq(copy_read(),
			 "hello: a\\x1b[2Jb\\x0ac\\x00d\\xff caf\xc3\xa9 \\xe2\\x80\\xae "
			 "\\xc2\\x9b\n");
}

Test(log, long_lines_are_cut)
{
	static char line[LOG_LINE_MAX * 2];
	const char *text;

	memset(line, 7, sizeof(line));
	log_relay(&log_, "hello", line, sizeof(line));
	text = file_read();
	cr_expect_lt(strlen(text), LOG_LINE_MAX);
	cr_expect_eq(text[strlen(text) - 1], '\n');
}

Test(log, full_file_becomes_the_older_one)
{
	struct stat st;

	log_.limit = 100;
	for (int i = 0; i < 10; i++)
		log_write(&log_, LOG_LEVEL_INFO, "line %d of some length", i);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_leq(st.st_size, 200);
	cr_assert_eq(stat(older, &st), 0);
	cr_expect_leq(st.st_size, 200);
	cr_expect(strstr(file_read(), "line 9"));
}

Test(log, reader_that_does_not_read_is_not_waited_for)
{
	static char drained[1 << 20];

	/* More than a pipe holds; the test would hang here. */
	for (int i = 0; i < 5000; i++)
		log_write(&log_, LOG_LEVEL_INFO, "%0100d", i);
	cr_expect_gt(log_.lost, 0);
	cr_assert_gt(read(copy[0], drained, sizeof(drained)), 0);
	log_write(&log_, LOG_LEVEL_INFO, "after");
	cr_expect(strstr(copy_read(), " lines left out here\nteesimd: after\n"));
}

Test(log, levels_by_name_and_number)
{
	enum log_level level;

	cr_expect_eq(log_level_parse("debug", &level), 0);
	cr_expect_eq(level, LOG_LEVEL_DEBUG);
	cr_expect_eq(log_level_parse("4", &level), 0);
	cr_expect_eq(level, LOG_LEVEL_FLOW);
	cr_expect_lt(log_level_parse("loud", &level), 0);
	cr_expect_lt(log_level_parse("none", &level), 0);
	cr_expect_lt(log_level_parse("5", &level), 0);
}
