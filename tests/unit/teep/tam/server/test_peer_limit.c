#include <criterion/criterion.h>
#include <stdio.h>

#include "teep/tam/server/peer_limit.h"

static uint32_t seconds;

Test(peer_limit, a_burst_passes_and_then_only_the_rate)
{
	struct peer_limit *limit = peer_limit_open(2, 3);

	for (int i = 0; i < 3; i++)
		cr_assert(peer_limit_take(limit, "a", 1000, &seconds));
	cr_assert_not(peer_limit_take(limit, "a", 1000, &seconds));
	cr_assert_eq(seconds, 1);
	cr_assert(peer_limit_take(limit, "a", 1500, &seconds));
	cr_assert_not(peer_limit_take(limit, "a", 1500, &seconds));
	/* A long rest gives no more than a burst. */
	for (int i = 0; i < 3; i++)
		cr_assert(peer_limit_take(limit, "a", 1000000, &seconds));
	cr_assert_not(peer_limit_take(limit, "a", 1000000, &seconds));
	peer_limit_close(limit);
}

Test(peer_limit, peers_do_not_disturb_each_other)
{
	struct peer_limit *limit = peer_limit_open(1, 1);

	cr_assert(peer_limit_take(limit, "a", 5, &seconds));
	cr_assert(peer_limit_take(limit, "b", 5, &seconds));
	cr_assert_not(peer_limit_take(limit, "a", 5, &seconds));
	peer_limit_close(limit);
}

Test(peer_limit, being_refused_takes_nothing)
{
	struct peer_limit *limit = peer_limit_open(1, 1);

	cr_assert(peer_limit_take(limit, "a", 5, &seconds));
	for (int i = 0; i < 10; i++)
		cr_assert_not(peer_limit_take(limit, "a", 5, &seconds));
	cr_assert(peer_limit_take(limit, "a", 1005, &seconds));
	cr_assert_not(peer_limit_take(limit, "a", 1005, &seconds));
	peer_limit_close(limit);
}

Test(peer_limit, many_peers_do_not_free_the_one_that_goes_on)
{
	struct peer_limit *limit = peer_limit_open(0.001, 1);
	char peer[32];

	cr_assert(peer_limit_take(limit, "bad", 1, &seconds));
	for (int i = 0; i < 100000; i++) {
		(void)snprintf(peer, sizeof(peer), "p%d", i);
		(void)peer_limit_take(limit, peer, 2 + i, &seconds);
		if (i % 100 == 0)
			cr_assert_not(peer_limit_take(limit, "bad", 2 + i, &seconds), "%d", i);
	}
	peer_limit_close(limit);
}

Test(peer_limit, an_ipv6_peer_is_its_network)
{
	char one[PEER_NAME_SIZE], other[PEER_NAME_SIZE];

	peer_limit_name("2001:db8:1:2:3:4:5:6", one);
	peer_limit_name("2001:db8:1:2:ffff::1", other);
	cr_assert_str_eq(one, other);
	peer_limit_name("2001:db8:1:3::1", other);
	cr_assert_str_neq(one, other);
	peer_limit_name("::ffff:10.0.0.1", one);
	cr_assert_str_eq(one, "10.0.0.1");
	peer_limit_name("10.0.0.2", one);
	cr_assert_str_eq(one, "10.0.0.2");
}
