#include "session/connecting.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "session/instance.h"
#include "session/network_rules.h"
#include "wire/result.h"

#define ADDRESSES_MAX 8

struct connecting {
	struct request request;
	char host[NETWORK_HOST_SIZE];
	uint16_t port;
	/* SOCK_STREAM or SOCK_DGRAM, and AF_INET, AF_INET6 or AF_UNSPEC for either. */
	int type;
	int family;
	/* The socket to connect anew; -1: a new one is to be made. */
	int given;

	struct sockaddr_storage address[ADDRESSES_MAX];
	unsigned int addresses;
	/* The next one to try, and how the last one failed. */
	unsigned int next;
	int error;

	uv_getaddrinfo_t lookup;
	uv_poll_t poll;
	/* On its way; -1 none. */
	int sock;
	bool looking_up;
	bool polling;
	/* Nobody waits for it any more. */
	bool over;
};

static struct connecting *connecting_of(struct request *request)
{
	return (struct connecting *)request;
}

/* Frees it when nothing of the loop's refers to it any more. */
static void connecting_free(struct connecting *connecting)
{
	if (connecting->looking_up || connecting->polling)
		return;
	if (connecting->sock >= 0)
		close(connecting->sock);
	if (connecting->given >= 0)
		close(connecting->given);
	free(connecting);
}

static void poll_closed(uv_handle_t *handle)
{
	struct connecting *connecting = handle->data;

	connecting->polling = false;
	connecting_free(connecting);
}

static void connecting_end(struct connecting *connecting)
{
	connecting->request.client->connecting = false;
	client_request_end(&connecting->request);
	connecting->over = true;
	if (connecting->looking_up)
		(void)uv_cancel((uv_req_t *)&connecting->lookup);
	if (connecting->polling && !uv_is_closing((uv_handle_t *)&connecting->poll))
		uv_close((uv_handle_t *)&connecting->poll, poll_closed);
	connecting_free(connecting);
}

/* Answers with `sock`, which is handed over, or without one (-1). */
static void connecting_answer(struct connecting *connecting, uint32_t result, int sock)
{
	client_answer(connecting->request.client, connecting->request.number, result, ORIGIN_TEE, 0,
		      sock);
	connecting_end(connecting);
}

static uint32_t result_of(int error)
{
	switch (error) {
	case ETIMEDOUT:
		return MESSAGE_CONNECT_TIMED_OUT;
	case ENOMEM:
	case ENOBUFS:
	case EMFILE:
	case ENFILE:
		return MESSAGE_CONNECT_NO_RESOURCES;
	case 0:
		return MESSAGE_CONNECT_NO_SUCH_HOST;
	default:
		return RESULT_COMMUNICATION;
	}
}

static void attempt(struct connecting *connecting);

static void poll_closed_go_on(uv_handle_t *handle)
{
	struct connecting *connecting = handle->data;

	connecting->polling = false;
	if (connecting->over)
		connecting_free(connecting);
	else
		attempt(connecting);
}

static void connected(uv_poll_t *poll, int status, int events)
{
	struct connecting *connecting = poll->data;
	socklen_t size = sizeof(connecting->error);
	int sock = connecting->sock;

	(void)status;
	(void)events;
	uv_poll_stop(poll);
	connecting->sock = -1;
	if (getsockopt(sock, SOL_SOCKET, SO_ERROR, &connecting->error, &size) < 0)
		connecting->error = errno;
	if (!connecting->error) {
		connecting_answer(connecting, RESULT_SUCCESS, sock);
		return;
	}
	/* The loop lets go of the number before it is used again. */
	uv_close((uv_handle_t *)poll, poll_closed_go_on);
	close(sock);
}

static socklen_t address_size(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
					     : sizeof(struct sockaddr_in6);
}

/* Returns 0 when it is connected, or errno: EINPROGRESS when it will be. */
static int address_connect(int sock, const struct sockaddr_storage *address)
{
	return connect(sock, (const struct sockaddr *)address, address_size(address)) < 0 ? errno
											  : 0;
}

/* Connects anew what the TA has: at once, for there is nobody to ask. */
static void attempt_given(struct connecting *connecting)
{
	connecting->error = 0;
	for (unsigned int i = 0; i < connecting->addresses; i++) {
		connecting->error = address_connect(connecting->given, &connecting->address[i]);
		if (connecting->error)
			continue;
		connecting_answer(connecting, RESULT_SUCCESS, -1);
		return;
	}
	connecting_answer(connecting, result_of(connecting->error), -1);
}

static int poll_start(struct connecting *connecting)
{
	uv_loop_t *loop = connecting->request.client->server->loop;
	int err = uv_poll_init(loop, &connecting->poll, connecting->sock);

	if (err < 0)
		return err;
	connecting->polling = true;
	connecting->poll.data = connecting;
	return uv_poll_start(&connecting->poll, UV_WRITABLE, connected);
}

/* Tries one address after the other. */
static void attempt(struct connecting *connecting)
{
	while (connecting->next < connecting->addresses) {
		const struct sockaddr_storage *address = &connecting->address[connecting->next++];
		int sock = socket(address->ss_family,
				  connecting->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		connecting->error = sock < 0 ? errno : address_connect(sock, address);
		if (!connecting->error) {
			connecting_answer(connecting, RESULT_SUCCESS, sock);
			return;
		}
		if (connecting->error == EINPROGRESS) {
			connecting->sock = sock;
			if (poll_start(connecting) < 0)
				connecting_answer(connecting, MESSAGE_CONNECT_NO_RESOURCES, -1);
			return;
		}
		if (sock >= 0)
			close(sock);
	}
	connecting_answer(connecting, result_of(connecting->error), -1);
}

static void addresses_use(struct connecting *connecting)
{
	if (connecting->given >= 0)
		attempt_given(connecting);
	else
		attempt(connecting);
}

static void address_add(struct connecting *connecting, const struct sockaddr *address)
{
	struct sockaddr_storage *out = &connecting->address[connecting->addresses];

	if (connecting->addresses == ADDRESSES_MAX ||
	    (connecting->family != AF_UNSPEC && connecting->family != address->sa_family))
		return;
	memset(out, 0, sizeof(*out));
	if (address->sa_family == AF_INET) {
		memcpy(out, address, sizeof(struct sockaddr_in));
		((struct sockaddr_in *)out)->sin_port = htons(connecting->port);
	} else if (address->sa_family == AF_INET6) {
		memcpy(out, address, sizeof(struct sockaddr_in6));
		((struct sockaddr_in6 *)out)->sin6_port = htons(connecting->port);
	} else {
		return;
	}
	connecting->addresses++;
}

/* Needs nobody to be asked. */
static bool address_known(struct connecting *connecting)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

	if (!strcasecmp(connecting->host, "localhost")) {
		four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		six.sin6_addr = in6addr_loopback;
		address_add(connecting, (struct sockaddr *)&four);
		address_add(connecting, (struct sockaddr *)&six);
	} else if (inet_pton(AF_INET, connecting->host, &four.sin_addr) == 1) {
		address_add(connecting, (struct sockaddr *)&four);
	} else if (inet_pton(AF_INET6, connecting->host, &six.sin6_addr) == 1) {
		address_add(connecting, (struct sockaddr *)&six);
	} else {
		return false;
	}
	return true;
}

static void looked_up(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
	struct connecting *connecting = lookup->data;

	connecting->looking_up = false;
	for (struct addrinfo *one = status ? NULL : found; one; one = one->ai_next)
		address_add(connecting, one->ai_addr);
	uv_freeaddrinfo(found);
	if (connecting->over)
		connecting_free(connecting);
	else
		addresses_use(connecting);
}

static void lookup_start(struct connecting *connecting)
{
	const struct addrinfo hints = { .ai_family = connecting->family,
					.ai_socktype = connecting->type };
	uv_loop_t *loop = connecting->request.client->server->loop;

	connecting->lookup.data = connecting;
	if (uv_getaddrinfo(loop, &connecting->lookup, looked_up, connecting->host, NULL, &hints) <
	    0)
		connecting_answer(connecting, MESSAGE_CONNECT_NO_RESOURCES, -1);
	else
		connecting->looking_up = true;
}

static void connecting_refuse(struct connecting *connecting)
{
	const struct client *client = connecting->request.client;
	const bool six = strchr(connecting->host, ':');
	char name[IMAGE_NAME_SIZE];

	log_write(client->server->log, LOG_LEVEL_ERROR,
		  "%s was not connected to %s port %u: TAs reach this machine alone; allow it with "
		  "--allow-net %s%s%s:%u",
		  image_name(&client->ta->image, name), connecting->host, connecting->port,
		  six ? "[" : "", connecting->host, six ? "]" : "", connecting->port);
	connecting_answer(connecting, RESULT_ACCESS_DENIED, -1);
}

static int begin(struct client *client, const struct message *message, int given)
{
	const struct message_connect *connect = &message->connect;
	struct connecting *connecting = calloc(1, sizeof(*connecting));
	int err;

	if (!connecting) {
		if (given >= 0)
			close(given);
		return -ENOMEM;
	}
	connecting->given = given;
	connecting->sock = -1;
	connecting->port = (uint16_t)connect->port;
	connecting->type = connect->protocol == MESSAGE_CONNECT_TCP ? SOCK_STREAM : SOCK_DGRAM;
	connecting->family = connect->ip_version == 4	? AF_INET
			     : connect->ip_version == 6 ? AF_INET6
							: AF_UNSPEC;
	memcpy(connecting->host, message->host.octets, message->host.size);
	/* A TA waits for one before it asks for the next. */
	err = client->connecting ? -EBUSY
				 : client_request_begin(client, &connecting->request,
							REQUEST_CONNECT, connect->header.request);
	if (err < 0) {
		connecting_free(connecting);
		return err;
	}
	client->connecting = true;
	if (!network_host_valid(connecting->host))
		connecting_answer(connecting, MESSAGE_CONNECT_NO_SUCH_HOST, -1);
	else if (!network_rules_allow(&client->server->options->network, connecting->host,
				      connecting->port))
		connecting_refuse(connecting);
	else if (address_known(connecting))
		addresses_use(connecting);
	else
		lookup_start(connecting);
	return 0;
}

int connecting_begin(struct client *client, const struct message *message)
{
	return client->ta ? begin(client, message, -1) : -EPROTO;
}

/* What of a socket can be asked; -1: it is none. */
static int socket_tell(int sock, int option)
{
	socklen_t size = sizeof(int);
	int value;

	return getsockopt(sock, SOL_SOCKET, option, &value, &size) < 0 ? -1 : value;
}

int connecting_again(struct client *client, const struct message *message, int sock)
{
	const int domain = socket_tell(sock, SO_DOMAIN);
	struct message same_family = *message;

	/* Only such as were handed over from here; what else there is has no peers to choose. */
	if (!client->ta || (domain != AF_INET && domain != AF_INET6) ||
	    socket_tell(sock, SO_TYPE) != SOCK_DGRAM) {
		close(sock);
		return -EPROTO;
	}
	same_family.connect.ip_version = domain == AF_INET ? 4 : 6;
	return begin(client, &same_family, sock);
}

void connecting_cancel(struct request *request)
{
	connecting_answer(connecting_of(request), RESULT_CANCEL, -1);
}

void connecting_drop(struct request *request)
{
	connecting_end(connecting_of(request));
}
