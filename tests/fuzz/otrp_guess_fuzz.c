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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request_guess guess;
	struct arena arena = { 0 };
	struct span tid;

	request_guess_make(span_of(data, size), &guess);
	if (guess.payload.data) {
		require(guess.header.data == data && guess.header.size < size);
		require(guess.payload.data == data + guess.header.size);
		require(guess.payload.size < size - guess.header.size);
	}
	tid = request_guess_tid(&guess, &arena);
	require(!tid.data || (tid.size > 0 && tid.size <= OTRP_ID_SIZE_MAX));
	arena_clear(&arena);
	return 0;
}
