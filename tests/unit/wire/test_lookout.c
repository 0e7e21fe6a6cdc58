/* Looking for a packet before sleeping: what came ends it, and what did not come is looked for less
 * often. */
#include "wire/lookout.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2];

static void setup(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
}

static void teardown(void)
{
	close(ends[0]);
	if (ends[1] >= 0)
		close(ends[1]);
}

TestSuite(wire_lookout, .init = setup, .fini = teardown);

/* Whether it has looked for something that does not come. */
static bool looks(struct lookout *lookout)
{
	lookout_wait(lookout, ends[0]);
	return !lookout->skipped;
}

Test(wire_lookout, who_looked_in_vain_looks_less_often)
{
	struct lookout lookout = { .most_ns = 1000 };
	unsigned int looked = 0;

	for (int i = 0; i < 1 + 2 + 4 + 8; i++)
		looked += looks(&lookout);
	cr_assert_eq(looked, 4);
	for (int i = 0; i < 1000; i++)
		looked += looks(&lookout);
	cr_assert_geq(looked, 4 + 1000 / 32);
}

Test(wire_lookout, what_comes_is_seen_and_stays_to_be_received)
{
	struct lookout lookout = { .most_ns = UINT32_MAX, .missed = 3, .skipped = 7 };
	char octet;

	cr_assert_eq(send(ends[1], "x", 1, 0), 1);
	lookout_wait(&lookout, ends[0]);
	cr_assert_eq(lookout.missed, 0);
	cr_assert_eq(recv(ends[0], &octet, 1, MSG_DONTWAIT), 1);
}

Test(wire_lookout, a_peer_that_is_gone_ends_it)
{
	struct lookout lookout = { .most_ns = UINT32_MAX };

	close(ends[1]);
	ends[1] = -1;
	lookout_wait(&lookout, ends[0]);
	cr_assert_eq(lookout.missed, 0);
}

Test(wire_lookout, nobody_looks_where_it_is_no_use)
{
	struct lookout lookout = { .most_ns = 0 };

	for (int i = 0; i < 10; i++)
		cr_assert_not(looks(&lookout));
	cr_assert_eq(lookout.missed, 0);
}
