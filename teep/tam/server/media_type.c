#include "teep/tam/server/media_type.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static size_t media_length(const char *value)
{
	size_t length = strcspn(value, ";,");

	while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
		length--;
	return length;
}

bool media_type_is(const char *value, const char *media)
{
	if (!value)
		return false;
	value += strspn(value, " \t");
	return media_length(value) == strlen(media) &&
	       strncasecmp(value, media, strlen(media)) == 0;
}

/* Whether the parameters of a range say q=0. */
static bool range_excluded(const char *range, size_t length)
{
	for (const char *at = range; (at = memchr(at, ';', length - (size_t)(at - range)));) {
		at++;
		at += strspn(at, " \t");
		if ((at[0] == 'q' || at[0] == 'Q') && at[1] == '=') {
			const size_t zeros = strspn(at + 2, "0.");

			return zeros > 0 && at[2] == '0' &&
			       (at[2 + zeros] == 0 || strchr(",; \t", at[2 + zeros]));
		}
	}
	return false;
}

bool media_type_accepted(const char *accept, const char *media)
{
	char wide[64];
	const char *slash = strchr(media, '/');
	int best = 0; /* how near the range that decides is */
	bool accepted = false;

	if (!accept || accept[strspn(accept, " \t")] == 0)
		return true;
	(void)snprintf(wide, sizeof(wide), "%.*s/*", (int)(slash - media), media);
	while (*accept) {
		size_t length;
		int near = 0;

		accept += strspn(accept, " \t,");
		length = strcspn(accept, ",");
		if (media_type_is(accept, media))
			near = 3;
		else if (media_type_is(accept, wide))
			near = 2;
		else if (media_type_is(accept, "*/*"))
			near = 1;
		if (near > best) {
			best = near;
			accepted = !range_excluded(accept, length);
		}
		accept += length;
	}
	return accepted;
}
