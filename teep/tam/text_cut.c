#include "teep/tam/text_cut.h"

#include <stdio.h>
#include <string.h>

/* Octets of a character, by its first one. */
static size_t width_of(unsigned char first)
{
	return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

void text_cut_print(char *out, size_t size, const char *format, va_list arguments)
{
	const int whole = vsnprintf(out, size, format, arguments);
	size_t end, start;

	if (whole < 0)
		out[0] = '\0';
	if (whole < 0 || (size_t)whole < size)
		return;
	end = start = size - 1;
	while (start > 0 && ((unsigned char)out[start - 1] & 0xC0) == 0x80)
		start--;
	/* The last character that began. */
	if (start > 0 && start - 1 + width_of((unsigned char)out[start - 1]) > end)
		out[start - 1] = '\0';
}
