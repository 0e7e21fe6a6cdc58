/*
 * The floor: what a round trip between two processes of this machine costs at best, waiting as the
 * command channel does; and what it costs when both park at once.
 */
#include <string.h>

#include "figures.h"
#include "pingpong.h"
#include "placement.h"

static void round_trip(struct bench *bench, const char *name, const char *title, long spin_us)
{
	struct pingpong pingpong;
	struct measurement m = {
		.name = name,
		.title = title,
		.thing = { .what = title,
			   .call = pingpong_call,
			   .renew = pingpong_renew,
			   .context = &pingpong },
	};
	int err = pingpong_start(&pingpong, spin_us, placement_peer_cpu());

	if (err < 0) {
		harness_fail(bench, name, title, "no peer: %s", strerror(-err));
		return;
	}
	(void)harness_measure(bench, &m);
	pingpong_stop(&pingpong);
}

void floor_pingpong_run(struct bench *bench)
{
	struct socket_peer peer;
	struct measurement m = {
		.name = "floor_socket",
		.title = "floor: round trip of a parked socket",
		.thing = { .what = "socket", .call = socket_peer_call, .context = &peer },
	};

	round_trip(bench, "floor_pingpong", "floor: two-process ping-pong",
		   wait_spin_from_environment());
	round_trip(bench, "floor_parked", "floor: the same, parking at once", 0);
	if (socket_peer_start(&peer) < 0)
		return;
	(void)harness_measure(bench, &m);
	socket_peer_stop(&peer);
}
