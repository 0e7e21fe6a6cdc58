/*
 * Public keys as numbers, to pass from the process that took them out of somebody's octets to the
 * one that uses them.
 *
 * Used by TEE and TAM on both sides of that boundary. The numbers are hostile; key_numbers_load()
 * looks at them before OpenSSL does arithmetic with them.
 */
#ifndef TEESIM_TEEP_OTRP_KEY_NUMBERS_H
#define TEESIM_TEEP_OTRP_KEY_NUMBERS_H

#include <openssl/evp.h>

#include "teep/otrp/arena.h"
#include "teep/otrp/record.h"
#include "teep/pki/key.h"

/* Numbers are big-endian: modulus and exponent without leading zeroes, or the coordinates of a
 * point, each as long as the curve's. */
struct key_numbers {
	uint32_t kind; /* enum key_kind; KEY_OTHER has no numbers */
	struct span modulus, exponent;
	struct span x, y;
};

/* Longest modulus and exponent that are taken, in octets. */
#define KEY_NUMBERS_MODULUS_MAX	 1024U
#define KEY_NUMBERS_EXPONENT_MAX 8U
#define KEY_NUMBERS_POINT_MAX	 48U

/* The numbers of a key, in the arena. 0 or -ENOMEM; a key of no known kind is KEY_OTHER. */
int key_numbers_of(const EVP_PKEY *key, struct arena *arena, struct key_numbers *out);

/* The caller's key (EVP_PKEY_free()), of the kind that is stated; NULL when the numbers are no key
 * of that kind. */
EVP_PKEY *key_numbers_load(const struct key_numbers *key);

/* How `type`.`member` crosses (record.h): entries of a layout. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type and the name of a member */
#define KEY_NUMBERS_LAYOUT_COUNT 5
#define KEY_NUMBERS_LAYOUT(type, member)                                                       \
	{ RECORD_NUMBER, offsetof(type, member.kind), KEY_OTHER, KEY_P384 },                   \
		{ RECORD_SPAN, offsetof(type, member.modulus), 1, KEY_NUMBERS_MODULUS_MAX },   \
		{ RECORD_SPAN, offsetof(type, member.exponent), 1, KEY_NUMBERS_EXPONENT_MAX }, \
		{ RECORD_SPAN, offsetof(type, member.x), 1, KEY_NUMBERS_POINT_MAX },           \
	{                                                                                      \
		RECORD_SPAN, offsetof(type, member.y), 1, KEY_NUMBERS_POINT_MAX                \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

/* A fresh pair on the curve of that kind, which need not be looked up by its name; the caller's.
 * NULL for what is no curve. */
EVP_PKEY *key_numbers_pair(uint32_t kind);

#endif
