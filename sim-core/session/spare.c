#include "session/spare.h"

#include <errno.h>
#include <string.h>

#include "session/host.h"
#include "session/server.h"

/* When the next one is started, after one was taken. */
#define REFILL_MS 2

static int unexpected_message(struct host *host, const struct message *message)
{
	(void)host;
	(void)message;
	return -EPROTO;
}

/* It is not started again before the next one is needed: whatever ended it may end them all. */
static void spare_exited(struct host *host)
{
	struct spare *spare = host->owner;

	spare->host = NULL;
}

static const struct host_events spare_events = {
	.message = unexpected_message,
	.exited = spare_exited,
};

static void refill(uv_timer_t *timer)
{
	struct spare *spare = timer->data;
	struct server *server = spare->server;
	const struct host_options options = {
		.path = server->options->host_path,
		.cage = &server->cage,
	};

	/* A failure shows, with its reason, when a TA is to be started. */
	if (!spare->host && host_spawn(&spare->host, server->loop, &options, server->log) == 0)
		host_assign(spare->host, spare, &spare_events, "ta-host");
}

static void refill_later(struct spare *spare, uint64_t ms)
{
	if (spare->wanted && !uv_is_active((uv_handle_t *)&spare->refill))
		uv_timer_start(&spare->refill, refill, ms, 0);
}

void spare_init(struct spare *spare, struct server *server, bool wanted)
{
	memset(spare, 0, sizeof(*spare));
	spare->server = server;
	spare->wanted = wanted;
	uv_timer_init(server->loop, &spare->refill);
	spare->refill.data = spare;
	refill_later(spare, 0);
}

struct host *spare_take(struct spare *spare)
{
	struct host *host = spare->host;

	spare->host = NULL;
	refill_later(spare, REFILL_MS);
	return host;
}

void spare_stop(struct spare *spare)
{
	spare->wanted = false;
	uv_close((uv_handle_t *)&spare->refill, NULL);
	if (spare->host)
		host_kill(spare->host, "teesimd stops");
}
