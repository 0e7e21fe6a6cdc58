/* Whatever is posted to a TAM, or comes out of what it decrypts: no crash, and what is accepted is
 * within its bounds. */
#include <stdlib.h>

#include "teep/tam/dsi.h"
#include "teep/tam/response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void responses_require(const struct responses *responses)
{
	require(responses->count <= RESPONSES_MAX);
	for (uint32_t i = 0; i < responses->count; i++) {
		const struct response *response = &responses->item[i];

		require(response->tid.size <= OTRP_ID_SIZE_MAX &&
			response->rid.size <= OTRP_ID_SIZE_MAX);
		if (response->kind == RESPONSE_OF_TEE)
			require(response->message < OTRP_MESSAGE_COUNT &&
				(!response->passed || response->encrypted));
		if (response->kind == RESPONSE_OF_AGENT)
			require(response->status >= OTRP_AGENT_TEE_UNKNOWN);
	}
}

static void dsi_require(const struct dsi *dsi)
{
	EVP_PKEY *key;

	require(dsi->name.size && dsi->name.size <= OTRP_NAME_SIZE_MAX && dsi->cert.size);
	for (size_t i = 0; i < dsi->sd_count; i++)
		require(dsi_sd_find(dsi, dsi->sds[i].spid, dsi->sds[i].name) == &dsi->sds[i]);
	for (size_t i = 0; i < dsi->aik_count; i++) {
		key = dsi_aik_key(dsi, dsi->aiks[i].spid);
		require(key);
		EVP_PKEY_free(key);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span octets = span_of(data, size);
	const struct otrp_options options = { .extended = true };
	struct otrp_failure failure;
	struct responses responses;
	struct response_content content;
	struct arena arena = { 0 };
	struct dsi dsi;

	if (responses_parse(octets, &options, &arena, &responses, &failure) == 0)
		responses_require(&responses);
	if (response_content_parse(octets, &arena, &content, &failure) == 0) {
		require(content.did.size == OTRP_HASH_SIZE);
		if (content.dsi.data && dsi_parse(content.dsi, &arena, &dsi, &failure) == 0)
			dsi_require(&dsi);
	}
	if (dsi_parse(octets, &arena, &dsi, &failure) == 0)
		dsi_require(&dsi);
	arena_clear(&arena);
	return 0;
}
