/* Whatever an address is: no crash, and what comes out is clean text inside the struct. */
#include "teep/tam/server/target.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct target *target, const char *text)
{
	if (!target_text_clean(text, strlen(text)))
		abort();
	if (*text && (text < target->text || text >= target->text + sizeof(target->text)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *values[TARGET_SEGMENTS_MAX];
	struct target target;
	char *raw = malloc(size + 1);

	if (!raw)
		return 0;
	memcpy(raw, data, size);
	raw[size] = 0;
	if (target_parse(raw, &target) == 0) {
		for (size_t i = 0; i < target.segment_count; i++)
			check(&target, target.segments[i]);
		for (size_t i = 0; i < target.member_count; i++) {
			check(&target, target.members[i].name);
			check(&target, target.members[i].value);
		}
		(void)target_fits(&target, "/api/v1/sps/{}/certificates/{}", values);
	}
	free(raw);
	return 0;
}
