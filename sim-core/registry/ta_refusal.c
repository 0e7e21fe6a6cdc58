#include "registry/ta_refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *ta_refusal_name(enum ta_refusal refusal)
{
	static const char *const names[] = {
		[TA_ACCEPTED] = "accepted",
		[TA_NOT_FOUND] = "not-found",
		[TA_UNREADABLE] = "unreadable",
		[TA_NOT_TRUSTED_FILE] = "untrusted-file",
		[TA_BAD_FORMAT] = "bad-format",
		[TA_WRONG_ARCHITECTURE] = "wrong-architecture",
		[TA_FORBIDDEN_FEATURE] = "forbidden-feature",
		[TA_MISSING_SYMBOL] = "missing-symbol",
		[TA_WRONG_UUID] = "wrong-uuid",
		[TA_BAD_SIGNATURE] = "bad-signature",
		[TA_UNKNOWN_SIGNER] = "unknown-signer",
		[TA_NOT_SIGNED] = "not-signed",
		[TA_WRONG_KIND] = "wrong-kind",
		[TA_OUT_OF_RESOURCES] = "out-of-resources",
	};

	return names[refusal];
}

int refuse(int code, char *err, size_t errlen, const char *text, ...)
{
	va_list args;

	if (!err || errlen == 0)
		return code;
	va_start(args, text);
	vsnprintf(err, errlen, text, args);
	va_end(args);
	for (unsigned char *c = (unsigned char *)err; *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
	return code;
}

void text_printable(char *out, size_t size, const char *text, size_t length)
{
	size_t n = 0;

	for (; n < length && n + 1 < size && text[n]; n++)
		out[n] = text[n] >= 0x20 && text[n] < 0x7f ? text[n] : '?';
	out[n] = '\0';
}
