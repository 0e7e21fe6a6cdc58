#include "teep/agent/protocol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "otrp/tee_client.h"
#include "wire/socket.h"

int agent_packet_parse(const void *data, size_t size, int fd, struct agent_message *out)
{
	struct agent_packet head;
	const void *octets = (const char *)data + sizeof(head);
	bool apart;

	memset(out, 0, sizeof(*out));
	if (size < sizeof(head))
		return -EPROTO;
	memcpy(&head, data, sizeof(head));
	apart = head.size > AGENT_INLINE_MAX;
	if (head.magic != AGENT_MAGIC || head.kind < AGENT_PROCESS || head.kind > AGENT_STATUS ||
	    head.size > AGENT_OCTETS_MAX || head.status < -4095 || head.status > 4095 ||
	    size - sizeof(head) != (apart ? 0 : head.size) || apart != (fd >= 0))
		return -EPROTO;
	out->octets = malloc(head.size + 1U);
	if (!out->octets)
		return -ENOMEM;
	if (apart) {
		const int rc = tee_octets_map(fd, head.size, &octets);

		if (rc < 0) {
			agent_message_clear(out);
			return rc;
		}
	}
	memcpy(out->octets, octets, head.size);
	out->octets[head.size] = '\0';
	if (apart)
		(void)munmap((void *)octets, head.size);
	out->kind = (enum agent_kind)head.kind;
	out->status = head.status;
	out->size = head.size;
	return 0;
}

void agent_message_clear(struct agent_message *message)
{
	free(message->octets);
	memset(message, 0, sizeof(*message));
}

int agent_send(int sock, enum agent_kind kind, int status, const void *octets, size_t size)
{
	uint8_t packet[sizeof(struct agent_packet) + AGENT_INLINE_MAX];
	const struct agent_packet head = { AGENT_MAGIC, kind, status, (uint32_t)size };
	struct packet_fds fds = { .count = 0 };
	size_t length = sizeof(head);
	int rc;

	if (size > AGENT_OCTETS_MAX)
		return -EMSGSIZE;
	memcpy(packet, &head, sizeof(head));
	if (size > AGENT_INLINE_MAX) {
		fds.fd[0] = tee_octets_make(octets, size);
		if (fds.fd[0] < 0)
			return fds.fd[0];
		fds.count = 1;
	} else if (size) {
		memcpy(packet + sizeof(head), octets, size);
		length += size;
	}
	rc = socket_send(sock, packet, length, &fds, 0);
	packet_fds_close(&fds);
	return rc == -EPIPE ? -ECONNRESET : rc;
}

int agent_receive(int sock, struct agent_message *out)
{
	uint8_t packet[sizeof(struct agent_packet) + AGENT_INLINE_MAX];
	struct packet_fds fds = { .count = 0 };
	const ssize_t n = socket_receive(sock, packet, sizeof(packet), &fds, 0);
	int rc;

	memset(out, 0, sizeof(*out));
	if (n == 0)
		return -ECONNRESET;
	if (n < 0)
		return n == -EAGAIN || n == -EINTR || n == -ECONNRESET ? (int)n : -EPROTO;
	if (fds.count > 1)
		rc = -EPROTO;
	else
		rc = agent_packet_parse(packet, (size_t)n, fds.count ? fds.fd[0] : -1, out);
	packet_fds_close(&fds);
	return rc;
}

static bool taid_valid(const char *text)
{
	for (size_t i = 0; i < AGENT_TAID_LENGTH; i++) {
		const char c = text[i];

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (c != '-')
				return false;
		} else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
			return false;
		}
	}
	return true;
}

bool agent_uri_valid(const char *uri)
{
	if (strncmp(uri, "http://", 7) != 0 && strncmp(uri, "https://", 8) != 0)
		return false;
	for (const char *c = uri; *c; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return strlen(uri) <= AGENT_URI_MAX;
}

int agent_ta_request_parse(const char *text, size_t size, struct agent_ta_request *out)
{
	const size_t prefix = AGENT_TAID_LENGTH + 1;
	const char *newline = memchr(
		text, '\n', size < prefix + AGENT_URI_MAX + 1 ? size : prefix + AGENT_URI_MAX + 1);
	const size_t line = newline ? (size_t)(newline - text) : size;

	memset(out, 0, sizeof(*out));
	if (line < prefix || line > prefix + AGENT_URI_MAX || memchr(text, '\0', line) ||
	    !taid_valid(text) || text[AGENT_TAID_LENGTH] != ' ')
		return -EBADMSG;
	memcpy(out->taid, text, AGENT_TAID_LENGTH);
	memcpy(out->uri, text + prefix, line - prefix);
	if (newline) {
		out->package = newline + 1;
		out->package_size = size - line - 1;
	}
	return (!out->uri[0] || agent_uri_valid(out->uri)) && (!newline || out->package_size)
		       ? 0
		       : -EBADMSG;
}

int agent_path(const char *device, char *path, size_t size, char *err, size_t errlen)
{
	static const char from[] = ".otrp", to[] = ".agent";
	const int rc = tee_client_path(device, path, size, err, errlen);
	const size_t stem = rc ? 0 : strlen(path) - (sizeof(from) - 1);

	if (rc)
		return rc;
	if (stem + sizeof(to) > size) {
		snprintf(err, errlen, "%s: the path is too long", path);
		return -ENAMETOOLONG;
	}
	memcpy(path + stem, to, sizeof(to));
	return 0;
}
