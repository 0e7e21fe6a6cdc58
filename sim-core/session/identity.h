/*
 * Who a client is, as its TA sees it: the login method it asked for and a UUID that is made from
 * its user or group, so that a TA can tell users apart without knowing them.
 *
 * Runs in teesimd. Believes the kernel about the peer of a socket, never the peer.
 */
#ifndef TEESIM_SESSION_IDENTITY_H
#define TEESIM_SESSION_IDENTITY_H

#include <stdint.h>
#include <sys/types.h>

#include "wire/uuid.h"

struct identity {
	uint32_t login;
	struct uuid uuid;
};

/* For the peer of `sock`, whose effective user and group are `uid` and `gid`. `connection_data` is
 * the group of LOGIN_GROUP. Returns 0, -EINVAL for a login method that is not offered, -EACCES for
 * a group that the peer is not in, or another -errno. */
int identity_make(struct identity *identity, uint32_t login, uint32_t connection_data, int sock,
		  uid_t uid, gid_t gid);

#endif
