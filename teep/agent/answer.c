#include "teep/agent/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *answer_error_code(enum answer_error error)
{
	static const char *const codes[] = { [ANSWER_TEE_UNKNOWN] = "ERR_AGENT_TEE_UNKNOWN",
					     [ANSWER_TEE_BUSY] = "ERR_AGENT_TEE_BUSY",
					     [ANSWER_TEE_FAIL] = "ERR_AGENT_TEE_FAIL" };

	return codes[error];
}

char *answer_error_compose(enum answer_error error, size_t *size)
{
	char *text;
	const int n = asprintf(&text,
			       "{\"OTrPBrokerError\":{\"errcode\":\"%s\",\"rid\":\"\",\"tid\":\"\","
			       "\"ver\":\"1.0\"}}",
			       answer_error_code(error));

	if (n < 0)
		return NULL;
	*size = (size_t)n;
	return text;
}

char *answer_device_state_compose(const struct answer_part *parts, size_t count, size_t *size)
{
	static const char before[] = "{\"GetDeviceStateResponse\":[", after[] = "]}";
	size_t total = sizeof(before) + sizeof(after) + count;
	char *text, *at;

	for (size_t i = 0; i < count; i++)
		total += parts[i].size;
	text = malloc(total);
	if (!text)
		return NULL;
	at = mempcpy(text, before, sizeof(before) - 1);
	for (size_t i = 0; i < count; i++) {
		if (i)
			*at++ = ',';
		at = mempcpy(at, parts[i].data, parts[i].size);
	}
	at = mempcpy(at, after, sizeof(after));
	*size = (size_t)(at - text) - 1;
	return text;
}
