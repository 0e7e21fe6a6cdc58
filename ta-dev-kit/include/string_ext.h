/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * String and memory functions beyond <string.h>, provided by the runtime.
 */
#ifndef STRING_EXT_H
#define STRING_EXT_H

#include <stddef.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * strlcpy(), strlcat() - copy, append @src so that @dst, with its terminator, fits @size bytes
 *
 * The length that the whole result would have: cut when it is @size or more.
 */
size_t strlcpy(char *dst, const char *src, size_t size);
size_t strlcat(char *dst, const char *src, size_t size);

/* buf_compare_ct() - 0 when @n bytes are equal, in a time that does not depend on them */
int buf_compare_ct(const void *s1, const void *s2, size_t n);

/* consttime_memcmp() - the same under its other name */
int consttime_memcmp(const void *s1, const void *s2, size_t n);

/* memzero_explicit() - set to zero, also when the compiler sees that nobody reads it again */
void memzero_explicit(void *s, size_t count);

#ifdef __cplusplus
}
#endif

#endif /* STRING_EXT_H */
