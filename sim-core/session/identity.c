#include "session/identity.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/result.h"

/* The namespace of client UUIDs: 58ac9ca0-2086-4683-a1b8-ec4bc08e01b6. */
static const uint8_t client_namespace[16] = { 0x58, 0xac, 0x9c, 0xa0, 0x20, 0x86, 0x46, 0x83,
					      0xa1, 0xb8, 0xec, 0x4b, 0xc0, 0x8e, 0x01, 0xb6 };

/* A version 5 UUID (RFC 4122, 4.3) of `name` in that namespace. */
static int uuid_of_name(const char *name, struct uuid *uuid)
{
	unsigned char input[sizeof(client_namespace) + 32], digest[EVP_MAX_MD_SIZE];
	size_t length = strlen(name);

	if (length > sizeof(input) - sizeof(client_namespace))
		return -EINVAL;
	memcpy(input, client_namespace, sizeof(client_namespace));
	memcpy(input + sizeof(client_namespace), name, length);
	if (EVP_Digest(input, sizeof(client_namespace) + length, digest, NULL, EVP_sha1(), NULL) !=
	    1)
		return -EIO;
	memcpy(uuid->octet, digest, sizeof(uuid->octet));
	uuid->octet[6] = (uint8_t)((uuid->octet[6] & 0x0F) | 0x50);
	uuid->octet[8] = (uint8_t)((uuid->octet[8] & 0x3F) | 0x80);
	return 0;
}

/* Returns 1, 0 or -errno. */
static int in_supplementary_groups(int sock, gid_t group)
{
	socklen_t size = 64 * sizeof(gid_t);
	gid_t *groups = malloc(size);
	int found = 0;

	if (groups && getsockopt(sock, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0) {
		gid_t *more = NULL;

		/* The kernel has put the size that it needs into `size`. */
		if (errno == ERANGE)
			more = realloc(groups, size);
		if (!more || getsockopt(sock, SOL_SOCKET, SO_PEERGROUPS, more, &size) < 0) {
			free(more ? more : groups);
			return -ENOMEM;
		}
		groups = more;
	}
	if (!groups)
		return -ENOMEM;
	for (size_t i = 0; i < size / sizeof(gid_t) && !found; i++)
		found = groups[i] == group;
	free(groups);
	return found;
}

int identity_make(struct identity *identity, uint32_t login, uint32_t connection_data, int sock,
		  uid_t uid, gid_t gid)
{
	char name[24];
	int member;

	memset(identity, 0, sizeof(*identity));
	identity->login = login;
	switch (login) {
	case LOGIN_PUBLIC:
		return 0;
	case LOGIN_USER:
		snprintf(name, sizeof(name), "uid=%x", uid);
		return uuid_of_name(name, &identity->uuid);
	case LOGIN_GROUP:
		member =
			connection_data == gid ? 1 : in_supplementary_groups(sock, connection_data);
		if (member < 0)
			return member;
		if (!member)
			return -EACCES;
		snprintf(name, sizeof(name), "gid=%x", connection_data);
		return uuid_of_name(name, &identity->uuid);
	default:
		return -EINVAL;
	}
}
