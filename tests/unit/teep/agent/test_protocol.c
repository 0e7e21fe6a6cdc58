#include "teep/agent/protocol.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "otrp/tee_socket.h"

#define TAID "8aaaf200-2450-11e4-abe2-0002a5d5c51b"

static void over_a_socket(size_t size)
{
	char *octets = malloc(size + 1);
	struct agent_message message;
	int ends[2];

	memset(octets, 'x', size);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	cr_assert_eq(agent_send(ends[0], AGENT_PROCESS, -7, octets, size), 0);
	cr_assert_eq(agent_receive(ends[1], &message), 0);
	cr_assert_eq(message.kind, AGENT_PROCESS);
	cr_assert_eq(message.status, -7);
	cr_assert_eq(message.size, size);
	cr_assert_eq(memcmp(message.octets, octets, size), 0);
	cr_assert_eq(message.octets[size], '\0');
	agent_message_clear(&message);
	close(ends[0]);
	cr_assert_eq(agent_receive(ends[1], &message), -ECONNRESET);
	close(ends[1]);
	free(octets);
}

Test(agent_protocol, octets_arrive_inside_and_apart)
{
	over_a_socket(0);
	over_a_socket(AGENT_INLINE_MAX);
	over_a_socket(AGENT_INLINE_MAX + 1);
	over_a_socket(3U << 20);
}

static int parsed(const struct agent_packet *packet, size_t size, int fd)
{
	char octets[sizeof(*packet) + AGENT_INLINE_MAX + 16] = { 0 };
	struct agent_message message;
	int rc;

	memcpy(octets, packet, sizeof(*packet));
	rc = agent_packet_parse(octets, size, fd, &message);
	if (rc == 0)
		agent_message_clear(&message);
	return rc;
}

Test(agent_protocol, a_packet_that_breaks_a_rule_is_refused)
{
	const struct agent_packet good = { AGENT_MAGIC, AGENT_PROCESS, 0, 4 };
	struct agent_packet bad;

	cr_assert_eq(parsed(&good, sizeof(good) + 4, -1), 0);
	cr_assert_eq(parsed(&good, sizeof(good) - 1, -1), -EPROTO);
	cr_assert_eq(parsed(&good, sizeof(good) + 3, -1), -EPROTO);
	cr_assert_eq(parsed(&good, sizeof(good) + 5, -1), -EPROTO);
	cr_assert_eq(parsed(&good, sizeof(good) + 4, 0), -EPROTO);
	bad = good;
	bad.magic++;
	cr_assert_eq(parsed(&bad, sizeof(bad) + 4, -1), -EPROTO);
	bad = good;
	bad.kind = 0;
	cr_assert_eq(parsed(&bad, sizeof(bad) + 4, -1), -EPROTO);
	bad.kind = AGENT_STATUS + 1;
	cr_assert_eq(parsed(&bad, sizeof(bad) + 4, -1), -EPROTO);
	bad = good;
	bad.status = 4096;
	cr_assert_eq(parsed(&bad, sizeof(bad) + 4, -1), -EPROTO);
	bad.status = INT32_MIN;
	cr_assert_eq(parsed(&bad, sizeof(bad) + 4, -1), -EPROTO);
}

Test(agent_protocol, memory_that_its_sender_could_change_is_refused)
{
	const struct agent_packet packet = { AGENT_MAGIC, AGENT_PROCESS, 0, AGENT_INLINE_MAX + 1 };
	const int open_file = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char octets[AGENT_INLINE_MAX + 1] = { 0 };
	const int sealed = tee_octets_make(octets, sizeof(octets));
	const int too_small = tee_octets_make(octets, 8);

	cr_assert_eq(ftruncate(open_file, sizeof(octets)), 0);
	cr_assert_eq(parsed(&packet, sizeof(packet), open_file), -EPROTO);
	cr_assert_eq(parsed(&packet, sizeof(packet), too_small), -EPROTO);
	cr_assert_eq(parsed(&packet, sizeof(packet), -1), -EPROTO);
	cr_assert_eq(parsed(&packet, sizeof(packet), sealed), 0);
	close(open_file);
	close(sealed);
	close(too_small);
}

static int request(const char *text)
{
	struct agent_ta_request out;

	return agent_ta_request_parse(text, strlen(text), &out);
}

Test(agent_protocol, a_ta_and_a_tam_are_asked_for_by_uuid_and_uri)
{
	struct agent_ta_request out;

	cr_assert_eq(request(TAID " "), 0);
	cr_assert_eq(request(TAID " http://127.0.0.1:8080/tam"), 0);
	cr_assert_eq(agent_ta_request_parse(TAID " https://[::1]/x?y", 36 + 18, &out), 0);
	cr_assert_str_eq(out.taid, TAID);
	cr_assert_str_eq(out.uri, "https://[::1]/x?y");
	cr_assert_eq(agent_ta_request_parse(TAID " \n\0p", 36 + 4, &out), 0);
	cr_assert_str_empty(out.uri);
	cr_assert_eq(out.package_size, 2);
	cr_assert_eq(memcmp(out.package, "\0p", 2), 0);
	cr_assert_eq(request(TAID " http://a\n"), -EBADMSG);
	cr_assert_eq(request(TAID "\nhttp://a"), -EBADMSG);
	cr_assert_eq(request(TAID), -EBADMSG);
	cr_assert_eq(request(TAID "  "), -EBADMSG);
	cr_assert_eq(request(TAID " ftp://x"), -EBADMSG);
	cr_assert_eq(request(TAID " http://x y"), -EBADMSG);
	cr_assert_eq(request(TAID " file:///etc/passwd"), -EBADMSG);
	cr_assert_eq(request("8AAAF200-2450-11e4-abe2-0002a5d5c51b "), -EBADMSG);
	cr_assert_eq(request("8aaaf200_2450-11e4-abe2-0002a5d5c51b "), -EBADMSG);
	cr_assert_eq(agent_ta_request_parse(TAID " http://a\0b", 36 + 11, &out), -EBADMSG);
}
