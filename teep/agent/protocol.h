/*
 * What is spoken on the agent's socket: by client applications through libteesim-agent, and by
 * teesim-teep-http, which does the network's part for a session.
 *
 * SOCK_SEQPACKET; a packet is a struct agent_packet and its octets, which for more than
 * AGENT_INLINE_MAX are in a memory file that comes along, sealed against every change. One request
 * at a time for each connection; the answer has its kind, and AGENT_REQUEST_TA's comes after any
 * number of AGENT_PROGRESS. Closing the connection gives a request up. Neither side believes the
 * other: what arrives is used after agent_receive() alone. Depends on libc alone.
 */
#ifndef TEESIM_AGENT_PROTOCOL_H
#define TEESIM_AGENT_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENT_MAGIC	  0x50454554U /* "TEEP" */
#define AGENT_INLINE_MAX  16384U
#define AGENT_OCTETS_MAX  ((16U << 20) + 4096U) /* a TA package and who it is for */
#define AGENT_TAID_LENGTH 36U
#define AGENT_URI_MAX	  2048U

enum agent_kind {
	AGENT_PROCESS = 1,    /* an OTrP message; the answer to it */
	AGENT_TA_INFORMATION, /* {"TAQuery":…}; {"TAInformation":…} */
	AGENT_REQUEST_TA, /* struct agent_ta_request, as text; what the TAM signed, or nothing */
	AGENT_PROGRESS,	  /* one line of text; no answer */
	AGENT_STATUS,	  /* nothing; a JSON object for people */
};

struct agent_packet {
	uint32_t magic;
	uint32_t kind;
	/* Of an answer: 0; enum answer_error, where AGENT_PROCESS has the agent's own message; or a
	 * negative errno, and the octets are one line of text. Of AGENT_PROGRESS: its step. */
	int32_t status;
	uint32_t size;
};

_Static_assert(sizeof(struct agent_packet) == 16, "as it is sent");

/* A checked packet. `octets` is followed by a zero octet. */
struct agent_message {
	enum agent_kind kind;
	int status;
	size_t size;
	char *octets;
};

/*
 * Check a packet of `size` octets, and what came along with it: `fd`, or -1. Returns 0 with a
 * message for agent_message_clear(), -EPROTO, or -ENOMEM. `fd` stays the caller's.
 */
int agent_packet_parse(const void *data, size_t size, int fd, struct agent_message *out);

void agent_message_clear(struct agent_message *message);

/* Returns 0, or -errno: -EAGAIN where the socket is full and does not block. */
int agent_send(int sock, enum agent_kind kind, int status, const void *octets, size_t size);

/* Returns 0, -EAGAIN, -ECONNRESET for the end, or what agent_packet_parse() returns. */
int agent_receive(int sock, struct agent_message *out);

/* What AGENT_REQUEST_TA asks for: a UUID in its canonical lower-case form, a space, an http:// or
 * https:// URI of printable ASCII, or none, and behind a newline a TA package, or neither. */
struct agent_ta_request {
	char taid[AGENT_TAID_LENGTH + 1];
	char uri[AGENT_URI_MAX + 1]; /* empty: none */
	const char *package;	     /* within what was parsed; NULL: none */
	size_t package_size;
};

/* Returns 0 or -EBADMSG. */
int agent_ta_request_parse(const char *text, size_t size, struct agent_ta_request *out);

bool agent_uri_valid(const char *uri);

/* Where the agent of a device is reached: "<socket of its daemon>.agent", with the daemon's ".sock"
 * left out; `device` NULL as for tee_client_path(). Returns 0, or -errno with one line in `err`. */
int agent_path(const char *device, char *path, size_t size, char *err, size_t errlen);

#endif
