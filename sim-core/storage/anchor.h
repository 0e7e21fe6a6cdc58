/*
 * The monotonic counter, kept apart from the database that it anchors: the file <device>/rpmb, in
 * the place of a replay-protected memory block.
 *
 * It holds the number of the last commitment and the stamp of that state's root, under a MAC. Two
 * records take turns, so that one which was cut short leaves the other. Whoever can put back the
 * database but not this file can't turn back time; whoever can put back both can.
 *
 * Runs in tee-services and in the command line, for whoever holds the storage's lock.
 */
#ifndef TEESIM_STORAGE_ANCHOR_H
#define TEESIM_STORAGE_ANCHOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/seal.h"

struct anchor {
	int fd;
	bool durable;
	uint64_t counter;
	uint64_t stamp;
	/* The machine has been started anew since it was written. */
	bool other_boot;
};

#define ANCHOR_RECORD_SIZE 80U

/* Looks, once, which boot of the machine this is: for a process that will not be able to later. */
void anchor_prepare(void);

/* What one record says. */
struct anchor_record {
	uint64_t counter;
	uint64_t stamp;
	uint8_t boot[16];
};

/* -EBADMSG: nobody who holds the secret wrote that. */
int anchor_record_parse(const uint8_t *bytes, size_t size, const struct seal_secret *secret,
			struct anchor_record *out);

/*
 * Opens the file. Returns 0; -ENOENT when there is none, or an empty one (then, with `create`, it
 * is made and 0 is returned, the counter being 0); -EBADMSG when neither record is genuine; or
 * another -errno.
 */
int anchor_open(struct anchor *anchor, const char *path, bool create, bool durable,
		const struct seal_secret *secret);
void anchor_close(struct anchor *anchor);

/* Moves on to that state. Returns 0 or -errno, with the old state kept. */
int anchor_write(struct anchor *anchor, uint64_t counter, uint64_t stamp,
		 const struct seal_secret *secret);

/* Makes it outlast a loss of power. */
int anchor_sync(struct anchor *anchor);

#endif
