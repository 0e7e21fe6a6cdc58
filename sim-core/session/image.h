/*
 * The verified image of a TA, with those of its libraries, on its way from a file into a host.
 *
 * Runs in teesimd. The registry finds, checks and copies; here its findings become what a client is
 * answered and what the developer reads. Whoever holds an image owns its descriptors.
 */
#ifndef TEESIM_SESSION_IMAGE_H
#define TEESIM_SESSION_IMAGE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "otrp/tee_socket.h"
#include "registry/ta_libraries.h"
#include "session/domain_image.h"
#include "wire/uuid.h"

struct client;
struct server;
struct opening_queue;

enum image_kind {
	IMAGE_TA,
	/* No TA, but the process of the TEE's services. */
	IMAGE_SERVICES,
	/* No TA, but the process of the client side's plugins. */
	IMAGE_PLUGINS,
};

struct image {
	enum image_kind kind;
	/* Its descriptor is closed once it has been sent to a host. Of what is no TA, it is the
	 * device's directory. */
	struct ta_image ta;
	/* The shared libraries for TAs that go with it; descriptors as above. */
	struct ta_libraries libraries;
	/* A TAM installed it, in that security domain. */
	bool in_domain;
	struct tee_image_record domain;
	uint8_t personal_hash[DOMAIN_PERSONAL_HASH_SIZE];
	/* Of the data that the TAM sent with it, domain.personal_size octets; -1: none, or it has
	 * been sent to a host. */
	int personal_fd;
	/* A word or two for log lines: "hello". */
	char label[32];
};

#define IMAGE_REASON_SIZE 1024

/* Finds, verifies and loads TA `uuid` as `client` sees it. Returns 0, or -1 with the answer in
 * `*result` (its origin is the TEE) and one line for the developer in `reason`. -EAGAIN: it is not
 * known yet, and *waiting is the queue of those who look again when it is. */
int image_load(struct image *image, const struct client *client, const struct uuid *uuid,
	       uint32_t *result, struct opening_queue **waiting, char reason[IMAGE_REASON_SIZE]);

/* Are all of its files still those that were loaded? */
bool image_is_current(const struct image *image);

/* How a TA that was started stands to what would be started now. */
enum image_standing {
	IMAGE_CURRENT,
	IMAGE_CHANGED,	  /* it is another version */
	IMAGE_REPLACED,	  /* it is another security domain's, or was deleted and installed again */
	IMAGE_DELETED,	  /* by the TAM that had installed it */
	IMAGE_UNREADABLE, /* what TAMs installed can't be read */
	IMAGE_UNKNOWN,	  /* not known yet: *waiting is the queue of those who want to know */
};

/* Asks the TEE about what a TAM installed, where anything changed since. Takes note of what it is
 * told. */
enum image_standing image_standing(struct image *image, struct server *server,
				   struct opening_queue **waiting);

/* Closes its descriptors. Harmless when done twice. */
void image_clear(struct image *image);

/* "TA hello (8aaaf200-…, /path/x.ta)"; returns `text`. */
#define IMAGE_NAME_SIZE (PATH_MAX + 96)
char *image_name(const struct image *image, char text[IMAGE_NAME_SIZE]);

#endif
