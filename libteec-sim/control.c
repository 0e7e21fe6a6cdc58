#include "control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct control_request {
	struct control_request *next;
	uint32_t number;
	uint32_t answer_type;
	void *answer;
	size_t answer_size;
	struct packet_fds *fds;
	int status;
	bool done;
};

void control_init(struct control *control, int sock)
{
	memset(control, 0, sizeof(*control));
	control->sock = sock;
	pthread_mutex_init(&control->lock, NULL);
	pthread_cond_init(&control->progress, NULL);
}

void control_fini(struct control *control)
{
	if (control->sock >= 0)
		close(control->sock);
	control->sock = -1;
	pthread_cond_destroy(&control->progress);
	pthread_mutex_destroy(&control->lock);
}

static void request_unlink(struct control *control, struct control_request *request)
{
	struct control_request **link = &control->waiting;

	while (*link && *link != request)
		link = &(*link)->next;
	if (*link)
		*link = request->next;
}

static void connection_lost(struct control *control)
{
	atomic_store(&control->dead, true);
	for (struct control_request *r = control->waiting; r; r = r->next) {
		r->status = -EPIPE;
		r->done = true;
	}
	control->waiting = NULL;
}

/* Hands a packet to whoever asked for it. Called with the lock held. */
static void packet_deliver(struct control *control, const void *packet, size_t size,
			   struct packet_fds *fds)
{
	struct message_header header;
	struct control_request *r;

	if (size < sizeof(header))
		goto drop;
	memcpy(&header, packet, sizeof(header));
	for (r = control->waiting; r; r = r->next)
		if (r->number == header.request)
			break;
	if (!r)
		goto drop;
	request_unlink(control, r);
	r->done = true;
	if (header.type != r->answer_type || size != r->answer_size) {
		r->status = -EPROTO;
		goto drop;
	}
	memcpy(r->answer, packet, size);
	if (r->fds) {
		*r->fds = *fds;
		return;
	}
drop:
	packet_fds_close(fds);
}

/* Reads one packet for all who wait. Called, and returns, with the lock held. */
static void read_one(struct control *control)
{
	/* No answer is larger than the largest fixed body. */
	union {
		struct message_opened opened;
		struct message_answer answer;
		uint8_t bytes[256];
	} packet;
	struct packet_fds fds;
	ssize_t n;

	control->reading = true;
	pthread_mutex_unlock(&control->lock);
	n = socket_receive(control->sock, &packet, sizeof(packet), &fds, 0);
	pthread_mutex_lock(&control->lock);
	control->reading = false;
	if (n > 0)
		packet_deliver(control, &packet, (size_t)n, &fds);
	else
		connection_lost(control);
	pthread_cond_broadcast(&control->progress);
}

static void cancel_send(struct control *control, uint32_t request)
{
	struct message_cancel message = { .header.type = MESSAGE_CANCEL, .target = request };

	(void)control_send(control, &message.header, sizeof(message));
}

void control_cancel(struct control *control, struct control_cancel *cancel, uint64_t purpose)
{
	uint32_t request;

	atomic_store(&cancel->unwanted, purpose);
	/* By now it may be another, for something else. */
	request = atomic_load(&cancel->request);
	if (request && atomic_load(&cancel->purpose) == purpose)
		cancel_send(control, request);
}

/* Sends what can be cancelled from then on. */
static int request_send(struct control *control, struct control_cancel *cancel,
			const struct message_header *message, size_t size,
			const struct packet_fds *fds)
{
	int err;

	if (cancel)
		atomic_store(&cancel->request, message->request);
	err = socket_send(control->sock, message, size, fds, 0);
	/* Whoever saw the number may have cancelled the request before it was sent. */
	if (!err && cancel && atomic_load(&cancel->unwanted) == atomic_load(&cancel->purpose))
		cancel_send(control, message->request);
	return err;
}

int control_call(struct control *control, struct control_cancel *cancel,
		 struct message_header *message, size_t size, const struct packet_fds *fds,
		 uint32_t answer_type, void *answer, size_t answer_size,
		 struct packet_fds *answer_fds)
{
	struct control_request request = { .answer_type = answer_type,
					   .answer = answer,
					   .answer_size = answer_size,
					   .fds = answer_fds };
	int err;

	if (answer_fds)
		answer_fds->count = 0;
	pthread_mutex_lock(&control->lock);
	if (atomic_load(&control->dead)) {
		err = -EPIPE;
		goto unlock;
	}
	if (++control->last_request == 0)
		control->last_request = 1;
	message->request = request.number = control->last_request;
	request.next = control->waiting;
	control->waiting = &request;
	pthread_mutex_unlock(&control->lock);

	err = request_send(control, cancel, message, size, fds);

	pthread_mutex_lock(&control->lock);
	if (err < 0 && !request.done) {
		request_unlink(control, &request);
		goto unlock;
	}
	while (!request.done) {
		if (control->reading)
			pthread_cond_wait(&control->progress, &control->lock);
		else
			read_one(control);
	}
	err = request.status;
unlock:
	if (cancel)
		atomic_store(&cancel->request, 0);
	pthread_mutex_unlock(&control->lock);
	return err;
}

int control_send(struct control *control, struct message_header *message, size_t size)
{
	message->request = 0;
	if (atomic_load(&control->dead))
		return -EPIPE;
	return socket_send(control->sock, message, size, NULL, 0);
}

bool control_alive(struct control *control)
{
	struct pollfd p = { .fd = control->sock, .events = 0 };

	if (atomic_load(&control->dead))
		return false;
	if (poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR | POLLNVAL)) {
		atomic_store(&control->dead, true);
		return false;
	}
	return true;
}
