/*
 * <string_ext.h> and <printk.h> of the kit: what TAs expect of the trusted OS's C library and the
 * system's does not have.
 */
#include <printk.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <string_ext.h>

size_t strlcpy(char *dst, const char *src, size_t size)
{
	const size_t length = strlen(src);
	size_t copied;

	if (size) {
		copied = length < size ? length : size - 1;
		memcpy(dst, src, copied);
		dst[copied] = '\0';
	}
	return length;
}

size_t strlcat(char *dst, const char *src, size_t size)
{
	const size_t length = strnlen(dst, size);

	/* No terminator within size: dst is as full as it can be. */
	if (length == size)
		return size + strlen(src);
	return length + strlcpy(dst + length, src, size - length);
}

int consttime_memcmp(const void *s1, const void *s2, size_t n)
{
	const volatile uint8_t *a = s1;
	const volatile uint8_t *b = s2;
	uint8_t differing = 0;

	for (size_t i = 0; i < n; i++)
		differing |= a[i] ^ b[i];
	return differing;
}

int buf_compare_ct(const void *s1, const void *s2, size_t n)
{
	return consttime_memcmp(s1, s2, n);
}

void memzero_explicit(void *s, size_t count)
{
	explicit_bzero(s, count);
}

int vsnprintk(char *bf, size_t size, const char *fmt, va_list ap)
{
	return vsnprintf(bf, size, fmt, ap);
}

int snprintk(char *bf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int length;

	va_start(ap, fmt);
	length = vsnprintf(bf, size, fmt, ap);
	va_end(ap);
	return length;
}
