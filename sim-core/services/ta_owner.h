/*
 * What the keys, the times and the objects of a TA belong to: its UUID, within its security domain.
 *
 * Runs in tee-services. The domain is what teesimd says that it is: all zero for TAs of the
 * developer's own directories, else a number that no other installation of a TA has ever had.
 */
#ifndef TEESIM_SERVICES_TA_OWNER_H
#define TEESIM_SERVICES_TA_OWNER_H

#include <stdint.h>

#include "wire/uuid.h"

#define TA_OWNER_DOMAIN_SIZE 16

struct ta_owner {
	uint8_t domain[TA_OWNER_DOMAIN_SIZE];
	struct uuid ta;
};

/* One number for both: the TA's own UUID in the development domain. */
struct uuid ta_owner_id(const struct ta_owner *owner);

#endif
