#include "storage/quota.h"

#include <errno.h>
#include <stdlib.h>

/* More would not be told from a mistake. */
#define MEBIBYTES_MAX (UINT64_C(1) << 30)

static int mebibytes_parse(const char **text, uint64_t *octets)
{
	unsigned long long value;
	char *end;

	if (**text < '0' || **text > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(*text, &end, 10);
	if (errno || value > MEBIBYTES_MAX)
		return -EINVAL;
	*text = end;
	*octets = (uint64_t)value << 20;
	return 0;
}

int storage_quota_parse(const char *text, uint64_t *ta, uint64_t *device)
{
	int err = mebibytes_parse(&text, ta);

	if (!err && *text == ':') {
		text++;
		err = mebibytes_parse(&text, device);
	}
	return !err && *text ? -EINVAL : err;
}
