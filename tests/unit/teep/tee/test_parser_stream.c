/* What goes between the TEE and a child of its parser. */
#include "otrp/parser_stream.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/socket.h"

static int ends[2];
static struct arena arena;

static void set_up(void)
{
	const int on = 1;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	cr_assert_eq(setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
}

static void tear_down(void)
{
	close(ends[0]);
	close(ends[1]);
	arena_clear(&arena);
}

TestSuite(otrp_parser_stream, .init = set_up, .fini = tear_down);

/* The kernel says who it was, and what follows is as ever. */
Test(otrp_parser_stream, a_child_is_known_by_its_first_word)
{
	const struct span job = span_of("a job", 5);
	const pid_t child = fork();
	struct span got;

	if (child == 0) {
		parser_stream_greet(ends[1]);
		_exit(parser_stream_write(ends[1], job) != 0);
	}
	cr_assert_eq(parser_stream_greeted(ends[0], 0), child);
	cr_assert_eq(parser_stream_read(ends[0], 5, &arena, &got), 0);
	cr_assert(span_equal(got, job));
	cr_assert_eq(waitpid(child, NULL, 0), child);
}

Test(otrp_parser_stream, one_that_ended_before_is_nobody)
{
	close(ends[1]);
	ends[1] = -1;
	cr_assert_eq(parser_stream_greeted(ends[0], 0), 0);
}

/* Where the receiver did not ask for it before, nobody is named. */
Test(otrp_parser_stream, who_was_not_asked_for_is_nobody)
{
	const int off = 0;

	cr_assert_eq(setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &off, sizeof(off)), 0);
	parser_stream_greet(ends[1]);
	cr_assert_eq(parser_stream_greeted(ends[0], 0), 0);
}

/* One that was taken over, which gives away what nobody asked for: it does not stay here. */
Test(otrp_parser_stream, descriptors_that_come_along_are_closed)
{
	const int off = 0, next = dup(ends[0]);
	struct packet_fds fds = { .count = 3, .fd = { ends[1], ends[1], ends[1] } };

	close(next);
	cr_assert_eq(setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &off, sizeof(off)), 0);
	cr_assert_eq(socket_send(ends[1], "g", 1, &fds, 0), 0);
	cr_assert_eq(parser_stream_greeted(ends[0], 0), 0);
	cr_assert_eq(dup(ends[0]), next);
	close(next);
}

Test(otrp_parser_stream, more_than_fits_is_refused)
{
	struct span got;

	cr_assert_eq(parser_stream_write(ends[1], span_of("a job", 5)), 0);
	cr_assert_eq(parser_stream_read(ends[0], 4, &arena, &got), -EBADMSG);
}

/* Before it has said it, nobody need wait for it. */
Test(otrp_parser_stream, a_word_that_is_not_said_yet_can_be_asked_for_later)
{
	cr_assert_eq(parser_stream_greeted(ends[0], MSG_DONTWAIT), -1);
	parser_stream_greet(ends[1]);
	cr_assert_eq(parser_stream_greeted(ends[0], MSG_DONTWAIT), getpid());
}

Test(otrp_parser_stream, one_that_ended_is_not_asked_later)
{
	close(ends[1]);
	ends[1] = -1;
	cr_assert_eq(parser_stream_greeted(ends[0], MSG_DONTWAIT), 0);
}

Test(otrp_parser_stream, patience_ends)
{
	cr_assert_eq(parser_stream_wait(ends[0], 0), -EAGAIN);
	cr_assert_eq(parser_stream_write(ends[1], span_of("a job", 5)), 0);
	cr_assert_eq(parser_stream_wait(ends[0], 0), 0);
}

/* There is nothing more to wait for, and reading tells why. */
Test(otrp_parser_stream, who_waits_is_told_that_the_other_end_is_gone)
{
	struct span got;

	close(ends[1]);
	ends[1] = -1;
	cr_assert_eq(parser_stream_wait(ends[0], -1), 0);
	cr_assert_eq(parser_stream_read(ends[0], 5, &arena, &got), -EPIPE);
	parser_stream_wait_end(ends[0]);
}
