/*
 * base64 and hexadecimal digits as OTrP uses them (RFC 4648), in one strict form each.
 *
 * Used by every program that reads or writes OTrP. The text that is decoded is hostile.
 */
#ifndef TEESIM_TEEP_OTRP_ENCODING_H
#define TEESIM_TEEP_OTRP_ENCODING_H

#include "teep/otrp/arena.h"

enum base64_form {
	BASE64_JOSE, /* URL alphabet, no padding: members of JWS and JWE */
	BASE64_ANY,  /* either alphabet (one of them), with or without padding: all else */
};

/*
 * Decode into the arena. White space, characters behind the padding, trailing bits that are not
 * zero, and a length that no octets have are refused. Returns 0, -EBADMSG or -ENOMEM.
 */
int base64_decode(struct span text, enum base64_form form, struct arena *arena, struct span *out);

/* Returns the caller's string (free()), or NULL without memory. */
char *base64_encode(const void *data, size_t size);    /* standard, with padding */
char *base64url_encode(const void *data, size_t size); /* URL alphabet, without padding */

/* The same into a text that has room for it, without a zero octet. Return the place behind. */
#define BASE64_ROOM(size) (((size) + 2) / 3 * 4)
char *base64_put(char *at, const void *data, size_t size);
char *base64url_put(char *at, const void *data, size_t size);

/* Exactly `size` octets from twice as many digits of either case. 0 or -EBADMSG. */
int hex_decode(struct span text, uint8_t *out, size_t size);

/* Lower-case digits and a zero octet: 2 * size + 1 octets. Returns `out`. */
char *hex_encode(const void *data, size_t size, char *out);

#endif
