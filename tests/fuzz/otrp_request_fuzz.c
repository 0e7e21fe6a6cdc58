/* Whatever comes in place of an OTrP request, its payload, its content, or a parsed one's record:
 * no crash, and numbers and sizes within their bounds. */
#include "teep/otrp/request.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void record_back(const struct otrp_request *request, struct arena *arena)
{
	struct otrp_request back;
	struct span octets;

	require(otrp_record_encode(request, otrp_request_layout, OTRP_REQUEST_LAYOUT_COUNT, arena,
				   &octets) == 0);
	require(otrp_record_parse(octets, otrp_request_layout, OTRP_REQUEST_LAYOUT_COUNT, &back) ==
		0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span octets = span_of(data, size);
	struct otrp_options options = { .lenient = size % 2, .extended = true };
	struct otrp_failure failure;
	struct otrp_envelope envelope;
	struct otrp_request request;
	struct otrp_content content;
	struct arena arena = { 0 };

	if (otrp_envelope_parse(octets, &options, &arena, &envelope, &failure) == 0) {
		require(envelope.message < OTRP_MESSAGE_COUNT && envelope.jws.algorithm);
		if (otrp_request_parse(envelope.jws.payload, &options, &arena, &request,
				       &failure) == 0)
			record_back(&request, &arena);
	}
	if (otrp_request_parse(octets, &options, &arena, &request, &failure) == 0)
		record_back(&request, &arena);
	for (unsigned i = 0; i < OTRP_MESSAGE_COUNT; i++)
		if (otrp_content_parse(octets, (enum otrp_message)i, &options, &arena, &content,
				       &failure) == 0)
			require(!content.did.data || content.did.size == OTRP_HASH_SIZE);
	if (otrp_record_parse(octets, otrp_request_layout, OTRP_REQUEST_LAYOUT_COUNT, &request) ==
	    0)
		require(request.message <= OTRP_MESSAGE_COUNT);
	arena_clear(&arena);
	return 0;
}
