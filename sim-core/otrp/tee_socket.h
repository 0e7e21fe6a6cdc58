/*
 * What is spoken with a device's TEE over sockets: by the TEEP agent and the command line on
 * <device>.otrp, and by teesimd, which starts the TEE, on a pair of its own.
 *
 * Sockets are SOCK_SEQPACKET. A packet is a struct tee_packet; its octets, where it has any, are in
 * a memory file that comes along, sealed against every change. One request at a time for each
 * connection; the answer has its kind. No side believes the other: what arrives is used after
 * tee_packet_parse() and tee_octets_map() alone. Depends on libc alone.
 */
#ifndef TEESIM_OTRP_TEE_SOCKET_H
#define TEESIM_OTRP_TEE_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#define TEE_PACKET_MAGIC 0x5052544fU /* "OTRP" */

/* The first TEE of a device is number 0, and this one the last that there can be. */
#define TEE_NUMBER_MAX 7

/* No request and no answer is longer, in octets. */
#define TEE_OCTETS_MAX (64U << 20)

enum tee_packet_kind {
	/* A client's. The answer to the first: a JSON array of the names of the device's TEEs, the
	 * first one being that to which a connection belongs until it says otherwise. */
	TEE_NAMES = 1,
	TEE_PROCESS,	    /* an OTrP request; the answer to it */
	TEE_TA_INFORMATION, /* {"TAQuery":…}; {"TAInformation":…} */
	TEE_TA_LIST,	    /* nothing; a JSON array of what TAMs installed */
	TEE_TRUST_UPDATE,   /* the administrator's signed list; nothing */
	TEE_SELECT,	    /* the name of a TEE, to which the connection belongs from then on */
	/* What tee_ta_request_parse() reads; nothing. TAMs are told of it in the device state until
	 * one of them installs the TA. EEXIST when there is such a TA, EPERM when the device's
	 * administrator does not allow it. */
	TEE_REQUEST_TA,
	TEE_CLIENT_KIND_LAST = TEE_REQUEST_TA,

	/* Between teesimd and the TEE. */
	TEE_CONNECTION = 64, /* to the TEE: a client's connection comes along */
	TEE_IMAGE,	     /* struct tee_image_packet: the image of an installed TA */
	TEE_CONNECTIONS,     /* to teesimd: `size` clients are connected now; no answer */
	TEE_TAKEN,	     /* to teesimd: has taken the connection that was sent first */
	/* To teesimd: TEE number `size`, below the first one, has ended and is wanted. */
	TEE_LOST,
	/* The answer: the control socket of its new process comes along; or `status` is why there
	 * is none. */
	TEE_BELOW,
};

struct tee_packet {
	uint32_t magic;
	uint32_t kind;	 /* enum tee_packet_kind */
	uint32_t status; /* of an answer: 0, or an errno; the octets are then one line of text */
	uint32_t size;	 /* octets in the memory file that comes along; 0: none does */
};

/* In the device's directory: another file, as its size and times tell, after each change of what
 * TAMs installed; empty or absent where they never installed anything. */
#define TEE_CHANGES_FILE    "domains.tas"

#define TEE_DOMAIN_KEY_SIZE 32
#define TEE_SIGNER_SIZE	    128

/* What belongs to an image. */
struct tee_image_record {
	/* What the TA's objects, keys and times belong to. Another security domain's differs, and
	 * so does that of a domain, or of a TA, that was deleted and made again. Updating the TA
	 * and renaming or moving the domain leave it. */
	uint8_t domain_key[TEE_DOMAIN_KEY_SIZE];
	uint32_t version;
	/* Octets of personalisation data, in a memory file that comes behind that of the image; 0:
	 * none does. */
	uint32_t personal_size;
	char signer[TEE_SIGNER_SIZE]; /* common name of who signed it; ends with a zero octet */
};

/* TEE_IMAGE: the question has the UUID alone; the answer, whose status is ENOENT where no TAM
 * installed such a TA, has all of it, and the image as its octets. EAGAIN: one that could have it
 * has ended; to be asked again when TEE_BELOW was sent for it. */
struct tee_image_packet {
	struct tee_packet head;
	uint8_t uuid[16];
	struct tee_image_record record;
};

_Static_assert(sizeof(struct tee_packet) == 16, "as it is sent");
_Static_assert(sizeof(struct tee_image_packet) == 200, "as it is sent");

#define TEE_PACKET_SIZE_MAX sizeof(struct tee_image_packet)

/*
 * Checks a packet of `size` octets that `descriptors` came along with, and copies it to `out`,
 * whose members behind the head are zero for kinds that have none. Returns 0 or -EPROTO.
 */
int tee_packet_parse(const void *data, size_t size, unsigned int descriptors,
		     struct tee_image_packet *out);

#define TEE_TAID_SIZE	 36 /* a UUID's text */
#define TEE_TA_NAME_SIZE 64

/* A TA that a client application wants, with a name for people, which may be empty. */
struct tee_ta_request {
	char taid[TEE_TAID_SIZE + 1];
	char name[TEE_TA_NAME_SIZE + 1];
};

/* Reads a UUID in lower case, and behind a space a name of up to TEE_TA_NAME_SIZE printable ASCII
 * characters, if there is one. Returns 0 or -EPROTO. */
int tee_ta_request_parse(const void *octets, size_t size, struct tee_ta_request *out);

/*
 * A memory file of these octets, sealed against every change. Returns the descriptor, the caller's,
 * or -errno. `size` is not 0.
 */
int tee_octets_make(const void *octets, size_t size);

/*
 * The octets of a memory file that somebody sent, who can't change them any more. Returns 0 with a
 * mapping to be given to munmap() with `size`, or -EPROTO for what is no such file, or -ENOMEM.
 * `size` is not 0.
 */
int tee_octets_map(int fd, size_t size, const void **octets);

#endif
