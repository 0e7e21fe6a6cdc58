/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings of bits in arrays of bytes, with the names of the BSD header; bit 0 is the lowest bit of
 * the first byte.
 */
#ifndef _BITSTRING_H_
#define _BITSTRING_H_

#include <stddef.h>
#include <stdlib.h>

typedef unsigned char bitstr_t;

/* Bytes for @nbits bits. */
#define bitstr_size(nbits) (((size_t)(nbits) + 7) / 8)

/* An array for @nbits bits: on the heap, zeroed, the caller's to free(), or as a variable. */
#define bit_alloc(nbits)      ((bitstr_t *)calloc(bitstr_size(nbits), sizeof(bitstr_t)))
#define bit_decl(name, nbits) ((name)[bitstr_size(nbits)])

#define __bit_mask(bit)	      ((bitstr_t)(1U << ((bit)&7)))
#define bit_test(name, bit)   (!!((name)[(bit) / 8] & __bit_mask(bit)))
#define bit_set(name, bit)    ((void)((name)[(bit) / 8] |= __bit_mask(bit)))
#define bit_clear(name, bit)  ((void)((name)[(bit) / 8] &= (bitstr_t)~__bit_mask(bit)))

/* Bits @start to @stop, both included. */
static inline void __bit_fill(bitstr_t *name, int start, int stop, int value)
{
	int bit;

	for (bit = start; bit <= stop; bit++) {
		if (value)
			bit_set(name, bit);
		else
			bit_clear(name, bit);
	}
}

/* Index of the first of @nbits bits that is @value, -1 when there is none. */
static inline int __bit_find(const bitstr_t *name, int nbits, int value)
{
	int bit;

	for (bit = 0; bit < nbits; bit++)
		if (bit_test(name, bit) == value)
			return bit;

	return -1;
}

#define bit_nset(name, start, stop)   __bit_fill((name), (start), (stop), 1)
#define bit_nclear(name, start, stop) __bit_fill((name), (start), (stop), 0)
#define bit_ffs(name, nbits, value)   ((void)(*(value) = __bit_find((name), (nbits), 1)))
#define bit_ffc(name, nbits, value)   ((void)(*(value) = __bit_find((name), (nbits), 0)))

#endif /* _BITSTRING_H_ */
