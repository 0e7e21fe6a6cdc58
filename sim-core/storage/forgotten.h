/*
 * What TAs that a TAM deleted have left in trusted storage, and how it goes.
 *
 * A TA that a TAM installed has its objects under a number that is the hash of a mark, which its
 * TEE keeps to itself and never gives to another installation. With the TA, in one transaction, the
 * TEE deletes that use of the number: nothing can be opened under it any more. Then it tells the
 * mark, in this file; whoever writes trusted storage next removes what is under its hash. A mark
 * can't be made up, and one that is told again has nothing left to remove.
 *
 *   <device>/domains.gone, domains-1.gone, …   records, one file for each TEE of the device,
 * written anew by it with each deletion and at its start
 *
 * Read in tee-services and in the command line. Functions return 0 or a negative errno.
 */
#ifndef TEESIM_STORAGE_FORGOTTEN_H
#define TEESIM_STORAGE_FORGOTTEN_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* TEEs of a device. */
#define FORGOTTEN_TEES	    8U
#define FORGOTTEN_MARK_SIZE 32
/* The file has no more: the TEE drops the oldest. */
#define FORGOTTEN_MAX 1024U

struct forgotten_record {
	uint8_t mark[FORGOTTEN_MARK_SIZE];
	uint8_t ta[16];
};

/* What a record means: whose objects. */
struct forgotten_owner {
	uint8_t domain[16];
	uint8_t ta[16];
};

/* Takes the record at the beginning of `size` octets, which may be none or torn: -EBADMSG. */
int forgotten_parse(const uint8_t *bytes, size_t size, struct forgotten_owner *out);

/* The file of that TEE. 0 or -ENAMETOOLONG. */
static inline int forgotten_path(const char *directory, unsigned int tee, char *path, size_t size)
{
	const int length = tee ? snprintf(path, size, "%s/domains-%u.gone", directory, tee)
			       : snprintf(path, size, "%s/domains.gone", directory);

	return (size_t)length < size ? 0 : -ENAMETOOLONG;
}

/* The files as they were seen last. */
struct forgotten_files {
	struct {
		int64_t size;
		struct timespec changed;
	} file[FORGOTTEN_TEES];
};

/* Is one of them another than when this was last asked? At first they were not there. */
bool forgotten_changed(const char *directory, struct forgotten_files *files);

/* Calls `each` for all records of all files. Its failure ends it. */
int forgotten_each(const char *directory,
		   int (*each)(void *context, const struct forgotten_owner *owner), void *context);

struct storage;

/* Removes the objects of all TAs that the file tells of. -EBUSY: somebody still has one of them
 * open; the others are gone. */
int storage_forget(struct storage *storage, const char *directory);

#endif
