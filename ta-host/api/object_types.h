/*
 * What kinds of objects there are: their sizes and attributes (Internal Core API 6.10 and 6.11).
 * Runs in ta-host, on the TA's thread. Tables alone; nothing is allocated.
 */
#ifndef TEESIM_TA_HOST_API_OBJECT_TYPES_H
#define TEESIM_TA_HOST_API_OBJECT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum attribute_form {
	/* Octets, kept as they are given. */
	ATTRIBUTE_SECRET,
	/* A big-endian number, kept without leading zeros. */
	ATTRIBUTE_NUMBER,
	/* A big-endian number, kept as long as the curve's field. */
	ATTRIBUTE_COORDINATE,
	/* Octets, exactly as many as the type has. */
	ATTRIBUTE_EXACT,
	/* Two words. */
	ATTRIBUTE_VALUE
};

enum attribute_rule {
	/* TEE_PopulateTransientObject() wants it. */
	ATTRIBUTE_NEEDED = 1,
	/* It wants all of these or none. */
	ATTRIBUTE_GROUP = 2,
	/* TEE_GenerateKey() wants it, or takes it. */
	ATTRIBUTE_TO_GENERATE = 4,
	ATTRIBUTE_MAY_GENERATE = 8,
	/* It tells the object's size. */
	ATTRIBUTE_SIZE = 16
};

#define ATTRIBUTES_MAX 9U

struct attribute_type {
	uint32_t id;
	uint8_t form;
	uint8_t rules;
};

enum object_family {
	OBJECT_SECRET,
	OBJECT_RSA,
	OBJECT_DSA,
	OBJECT_DH,
	OBJECT_EC,
	/* Ed25519, Ed448, X25519 and X448: an octet string for each half of a key. */
	OBJECT_OCTETS
};

struct object_type {
	uint32_t type;
	/* Of a key pair: its public half alone; otherwise 0. */
	uint32_t public_type;
	/* Sizes in bits: from, to, and in steps of. */
	uint16_t least;
	uint16_t most;
	uint16_t step;
	uint8_t family;
	/* OBJECT_OCTETS: how long each half is, and what the library calls it (NID_…). */
	uint8_t octets;
	int nid;
	uint8_t attribute_count;
	const struct attribute_type *attribute;
};

/* NULL when there is none of that number. */
const struct object_type *object_type_find(uint32_t type);

bool object_type_has_size(const struct object_type *type, uint32_t bits);

/* Index among the type's attributes, or -1. */
int object_type_attribute(const struct object_type *type, uint32_t id);

/* DES keys whose size was given without the parity bits, as version 1.0 of the API had it. */
bool object_size_lacks_parity(uint32_t type, uint32_t bits);

#endif
