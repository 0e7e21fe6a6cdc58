/*
 * A device's directory for one test: a key, and whatever the engine puts there. Gone afterwards.
 */
#ifndef TEESIM_TEST_DEVICE_DIRECTORY_H
#define TEESIM_TEST_DEVICE_DIRECTORY_H

#include "storage/storage.h"

#include <limits.h>

extern char device_directory[64];

/* A suite's .init and .fini. */
void device_directory_make(void);
void device_directory_remove(void);

/* Opens the storage there and asserts that it works; NULL: options that are all zero. */
struct storage *device_storage(const struct storage_options *options);

/* What opening says when it must not work. */
int device_storage_refused(char text[300]);

/* A partition of the development domain: a TA whose UUID has that last octet. */
struct storage_partition *ta_partition(struct storage *storage, uint8_t ta, uint32_t store);

/* All of it, asserting that it works. */
void object_create(struct storage_partition *partition, const char *name, const void *data,
		   size_t size);
/* Returns what is there, for the caller to free. */
uint8_t *object_content(struct storage_partition *partition, const char *name, size_t *size);

/* 0 or -errno. */
int object_create_try(struct storage_partition *partition, const char *name, const void *data,
		      size_t size, bool overwrite);
int object_write_try(struct storage_partition *partition, const char *name, uint64_t offset,
		     const void *data, size_t size);
int object_read_try(struct storage_partition *partition, const char *name, uint64_t offset,
		    void *out, size_t size, size_t *count);

/* Octets that differ from place to place and from seed to seed. */
void fill(uint8_t *out, size_t size, uint32_t seed);

/* A file of the device. */
void device_file(const char *name, char path[PATH_MAX]);
void device_copy(const char *from, const char *to);

#endif
