/*
 * The security domain of a TA on the command line of `teesim storage`: chosen, and told.
 *
 * Runs in `teesim`, on the developer's own device.
 */
#ifndef TEESIM_CLI_STORAGE_DOMAIN_H
#define TEESIM_CLI_STORAGE_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/storage.h"
#include "wire/uuid.h"

#define STORAGE_DOMAIN_SIZE sizeof(((struct partition_id *)0)->domain)

bool storage_domain_is_development(const struct partition_id *id);

/*
 * The TA's objects in that store. `domain` is what the user says: "development", or the beginning
 * of its number as `ls` has it; NULL for the development domain, unless the TA has objects in one
 * other alone. NULL, and a line on stderr, where that names none or more than one.
 */
struct storage_partition *storage_domain_partition(struct storage *storage, const char *domain,
						   const struct uuid *ta, uint32_t store);

/* Prints the line above the objects of a TA that a TAM installed, from the `device`'s directory. */
void storage_domain_print(const struct partition_id *id, const char *device);

#endif
