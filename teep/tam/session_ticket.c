#include "teep/tam/session_ticket.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#include "teep/otrp/encoding.h"

#define RANDOM_SIZE 8U
#define SINCE_SIZE  5U
#define TAG_SIZE    16U
#define TAGGED_SIZE (RANDOM_SIZE + SINCE_SIZE + 1U)

struct octets {
	uint8_t random[RANDOM_SIZE], since[SINCE_SIZE], key, tag[TAG_SIZE];
};

_Static_assert(SESSION_TICKET_SIZE == 2 * sizeof(struct octets) + 1, "as digits");
_Static_assert(COMMAND_ID_SIZE - 1 <= 2 * VAULT_TAG_SIZE, "a rid is a part of a tag");

static void rid_make(const struct vault *vault, struct session_ticket *ticket)
{
	uint8_t tag[VAULT_TAG_SIZE];

	vault_tag(vault, "rid", span_of_text(ticket->tid), tag);
	hex_encode(tag, (COMMAND_ID_SIZE - 1) / 2, ticket->rid);
}

int session_ticket_make(const struct vault *vault, time_t since, size_t key,
			struct session_ticket *out)
{
	uint8_t tag[VAULT_TAG_SIZE];
	struct octets octets;
	uint64_t rest = (uint64_t)since;

	if (key > UINT8_MAX || since < 0 || rest >> (8 * SINCE_SIZE))
		return -ERANGE;
	if (RAND_bytes(octets.random, RANDOM_SIZE) != 1)
		return -EIO;
	for (size_t i = SINCE_SIZE; i-- > 0; rest >>= 8)
		octets.since[i] = (uint8_t)rest;
	octets.key = (uint8_t)key;
	vault_tag(vault, "tid", span_of(&octets, TAGGED_SIZE), tag);
	memcpy(octets.tag, tag, TAG_SIZE);
	*out = (struct session_ticket) { .since = since, .key = key };
	hex_encode(&octets, sizeof(octets), out->tid);
	rid_make(vault, out);
	return 0;
}

int session_ticket_parse(const struct vault *vault, const char *tid, struct session_ticket *out)
{
	uint8_t tag[VAULT_TAG_SIZE];
	struct octets octets;

	if (hex_decode(span_of_text(tid), (uint8_t *)&octets, sizeof(octets)))
		return -EBADMSG;
	vault_tag(vault, "tid", span_of(&octets, TAGGED_SIZE), tag);
	if (CRYPTO_memcmp(octets.tag, tag, TAG_SIZE) != 0)
		return -EBADMSG;
	*out = (struct session_ticket) { .key = octets.key };
	/* As it is made, and no other writing of the same. */
	hex_encode(&octets, sizeof(octets), out->tid);
	if (strcmp(out->tid, tid) != 0)
		return -EBADMSG;
	for (size_t i = 0; i < SINCE_SIZE; i++)
		out->since = out->since << 8 | octets.since[i];
	rid_make(vault, out);
	return 0;
}
