/* Whatever comes in place of an OTrP request: what is guessed of it lies in it, and no more of it
 * is read than there is. */
#include "otrp/request_guess.h"

#include <stdlib.h>

#include "teep/otrp/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool lies_behind(struct span found, const uint8_t *from, const uint8_t *end)
{
	return !found.data ||
	       (found.data > from && found.data < end && found.size < (size_t)(end - found.data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request_guess guess;
	struct arena arena = { 0 };
	struct request_guess_end last;

	request_guess_make(span_of(data, size), &guess);
	if (guess.payload.data) {
		const uint8_t *end = guess.payload.data + guess.payload.size;

		require(guess.header.data >= data && guess.header.size < size);
		require(guess.payload.data == guess.header.data + guess.header.size);
		require(guess.payload.size < (size_t)(data + size - guess.payload.data));
		require(lies_behind(guess.protected_text, end, data + size));
		require(lies_behind(guess.signature_text, end, data + size));
	}
	request_guess_end_read(&guess, &arena, &last);
	require(!last.tid.data || (last.tid.size > 0 && last.tid.size <= OTRP_ID_SIZE_MAX));
	(void)request_guess_encrypted_key(&guess, &arena);
	(void)request_guess_spid(span_of(data, size));
	arena_clear(&arena);
	return 0;
}
