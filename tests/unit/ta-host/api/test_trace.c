/*
 * <trace.h>: lines of the TA in the log.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <trace.h>
#include <unistd.h>

#include "runtime_double.h"

static int read_end, write_end, stdout_kept;
static char written[4096];

static void init(void)
{
	int ends[2];

	runtime_double_reset();
	cr_assert_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	read_end = ends[0];
	write_end = ends[1];
	fflush(stdout);
	stdout_kept = dup(STDOUT_FILENO);
	dup2(write_end, STDOUT_FILENO);
}

static void fini(void)
{
	dup2(stdout_kept, STDOUT_FILENO);
	close(stdout_kept);
	close(read_end);
	close(write_end);
}

TestSuite(trace, .init = init, .fini = fini);

/* What has been written since the last call. */
static const char *log_text(void)
{
	ssize_t got = read(read_end, written, sizeof(written) - 1);

	written[got > 0 ? got : 0] = '\0';
	return written;
}

Test(trace, line_has_level_function_and_line)
{
	trace_printf("run", 42, TRACE_INFO, true, "%d apples", 3);
	cr_expect_str_eq(log_text(), "I/TA:  run:42 3 apples\n");
	trace_printf("run", 0, TRACE_ERROR, true, "no line");
	cr_expect_str_eq(log_text(), "E/TA:  run no line\n");
	trace_printf(NULL, 0, TRACE_DEBUG, true, "raw\n");
	cr_expect_str_eq(log_text(), "D/TA:  raw\n");
	trace_printf(NULL, 0, TRACE_FLOW, true, "%s", "flow");
	cr_expect_str_eq(log_text(), "F/TA:  flow\n");
}

Test(trace, level_decides_what_is_written)
{
	trace_set_level(TRACE_INFO);
	cr_expect_eq(trace_get_level(), TRACE_INFO);
	trace_printf("f", 1, TRACE_DEBUG, true, "hidden");
	cr_expect_str_eq(log_text(), "");
	trace_printf("f", 1, TRACE_INFO, true, "seen");
	cr_expect_str_eq(log_text(), "I/TA:  f:1 seen\n");
	trace_set_level(TRACE_MIN);
	trace_printf("f", 1, TRACE_ERROR, true, "hidden");
	cr_expect_str_eq(log_text(), "");
	trace_printf(NULL, 0, 0, false, "of no level");
	cr_expect_str_eq(log_text(), "M/TA:  of no level\n");
	trace_set_level(99);
	cr_expect_eq(trace_get_level(), TRACE_MAX);
}

Test(trace, long_message_is_cut_and_still_a_line)
{
	char message[600];
	const char *line;

	memset(message, 'm', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	trace_printf("a_function_whose_name_is_much_longer_than_what_a_line_shows_of_it", 1234567,
		     TRACE_ERROR, true, "%s", message);
	line = log_text();
	cr_expect_eq(strlen(line), MAX_PRINT_SIZE - 1);
	cr_expect_eq(line[strlen(line) - 1], '\n');
	cr_expect_eq(strncmp(line, "E/TA:  a_function_whose_name_is_much_lo:1234567 m", 48), 0,
		     "%s", line);
}

Test(trace, dump_shows_octets_and_characters)
{
	uint8_t octets[18];

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)('A' + i);
	octets[1] = 0xff;
	dhex_dump(NULL, 0, TRACE_DEBUG, octets, sizeof(octets));
	cr_expect_str_eq(log_text(),
			 "D/TA:  0000  41 ff 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50  "
			 "A.CDEFGHIJKLMNOP\n"
			 "D/TA:  0010  51 52                                            QR\n");
	dhex_dump(NULL, 0, TRACE_DEBUG, octets, 0);
	cr_expect_str_eq(log_text(), "");
	trace_set_level(TRACE_INFO);
	dhex_dump(NULL, 0, TRACE_DEBUG, octets, 4);
	cr_expect_str_eq(log_text(), "");
}

Test(trace, puts_writes_whatever_the_level)
{
	trace_set_level(TRACE_MIN);
	trace_ext_puts("as it is\n");
	cr_expect_str_eq(log_text(), "as it is\n");
	cr_expect_eq(trace_ext_get_thread_id(), -1);
	cr_expect_eq(trace_ext_get_core_id(), -1);
}
