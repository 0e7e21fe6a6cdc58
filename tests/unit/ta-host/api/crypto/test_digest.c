/*
 * Message digests: published vectors, chunks, extraction, states.
 */
#include <criterion/criterion.h>
#include <string.h>

#include <tee_api_defines_extensions.h>

#include "keys.h"
#include "runtime_double.h"
#include "vectors.h"

TestSuite(digest, .init = runtime_double_reset);

/* All of "abc", from FIPS 180-4, FIPS 202, RFC 1321 and GM/T 0004. */
static const struct {
	uint32_t algorithm;
	const char *hash;
} vectors[] = {
	{ TEE_ALG_MD5, "900150983cd24fb0d6963f7d28e17f72" },
	{ TEE_ALG_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ TEE_ALG_SHA224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
	{ TEE_ALG_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ TEE_ALG_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
			  "8086072ba1e7cc2358baeca134c825a7" },
	{ TEE_ALG_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
			  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	{ TEE_ALG_SHA3_224, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf" },
	{ TEE_ALG_SHA3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" },
	{ TEE_ALG_SHA3_384, "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2"
			    "98d88cea927ac7f539f1edf228376d25" },
	{ TEE_ALG_SHA3_512, "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
			    "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0" },
	{ TEE_ALG_SM3, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0" },
	{ TEE_ALG_MD5SHA1, "900150983cd24fb0d6963f7d28e17f72"
			   "a9993e364706816aba3e25717850c26c9cd0d89d" },
};

Test(digest, published_vectors)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		TEE_OperationHandle operation =
			operation_new(vectors[i].algorithm, TEE_MODE_DIGEST, 0);
		uint8_t hash[64];
		size_t size = sizeof(hash);

		cr_assert_eq(TEE_DigestDoFinal(operation, "abc", 3, hash, &size), TEE_SUCCESS);
		vector_expect(hash, size, vectors[i].hash, "in one");
		/* The same operation again, in pieces. */
		size = sizeof(hash);
		TEE_DigestUpdate(operation, "a", 1);
		TEE_DigestUpdate(operation, NULL, 0);
		TEE_DigestUpdate(operation, "b", 1);
		cr_assert_eq(TEE_DigestDoFinal(operation, "c", 1, hash, &size), TEE_SUCCESS);
		vector_expect(hash, size, vectors[i].hash, "in pieces");
		TEE_FreeOperation(operation);
	}
}

Test(digest, short_buffer_ends_nothing)
{
	TEE_OperationHandle operation = operation_new(TEE_ALG_SHA256, TEE_MODE_DIGEST, 0);
	uint8_t hash[32];
	size_t size = 31;

	TEE_DigestUpdate(operation, "ab", 2);
	cr_assert_eq(TEE_DigestDoFinal(operation, "c", 1, hash, &size), TEE_ERROR_SHORT_BUFFER);
	cr_assert_eq(size, 32);
	cr_assert_eq(TEE_DigestDoFinal(operation, "c", 1, hash, &size), TEE_SUCCESS);
	vector_expect(hash, size, vectors[3].hash, "after the short buffer");
}

/* FIPS 202's empty message, beginning of the output. */
Test(digest, shake_gives_as_much_as_is_asked_for)
{
	static const char shake128[] =
		"7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26";
	static const char shake256[] =
		"46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f";
	TEE_OperationHandle operation = operation_new(TEE_ALG_SHAKE128, TEE_MODE_DIGEST, 0);
	uint8_t hash[32];
	size_t size = 32;

	cr_assert_eq(TEE_DigestDoFinal(operation, NULL, 0, hash, &size), TEE_SUCCESS);
	vector_expect(hash, size, shake128, "SHAKE128");
	TEE_FreeOperation(operation);
	operation = operation_new(TEE_ALG_SHAKE256, TEE_MODE_DIGEST, 0);
	for (size_t at = 0; at < sizeof(hash); at += size) {
		size = at < 7 ? 7 : 1;
		cr_assert_eq(TEE_DigestExtract(operation, hash + at, &size), TEE_SUCCESS);
	}
	vector_expect(hash, sizeof(hash), shake256, "SHAKE256 in pieces");
	TEE_FreeOperation(operation);
}

Test(digest, extraction_of_a_fixed_digest_ends_at_its_end)
{
	TEE_OperationHandle operation = operation_new(TEE_ALG_SHA1, TEE_MODE_DIGEST, 0);
	TEE_OperationInfo info;
	uint8_t hash[40];
	size_t size = 15, total;

	TEE_DigestUpdate(operation, "abc", 3);
	cr_assert_eq(TEE_DigestExtract(operation, hash, &size), TEE_SUCCESS);
	total = size;
	TEE_GetOperationInfo(operation, &info);
	cr_assert(info.handleState & TEE_HANDLE_FLAG_EXTRACTING);
	size = 15;
	cr_assert_eq(TEE_DigestExtract(operation, hash + total, &size), TEE_SUCCESS);
	total += size;
	vector_expect(hash, total, vectors[1].hash, "extracted");
	size = 15;
	cr_assert_eq(TEE_DigestExtract(operation, hash, &size), TEE_SUCCESS);
	cr_assert_eq(size, 0);
	/* The end of it all, and then a new digest. */
	size = 20;
	cr_assert_eq(TEE_DigestDoFinal(operation, NULL, 0, hash, &size), TEE_SUCCESS);
	cr_assert_eq(size, 0);
	size = 20;
	cr_assert_eq(TEE_DigestDoFinal(operation, "abc", 3, hash, &size), TEE_SUCCESS);
	vector_expect(hash, size, vectors[1].hash, "the next");
}

Test(digest, copy_goes_its_own_way)
{
	TEE_OperationHandle first = operation_new(TEE_ALG_SHA256, TEE_MODE_DIGEST, 0);
	TEE_OperationHandle second = operation_new(TEE_ALG_SHA256, TEE_MODE_DIGEST, 0);
	uint8_t hash[32];
	size_t size = 32;

	TEE_DigestUpdate(first, "ab", 2);
	TEE_DigestUpdate(second, "something else", 14);
	TEE_CopyOperation(second, first);
	TEE_DigestUpdate(first, "xyz", 3);
	cr_assert_eq(TEE_DigestDoFinal(second, "c", 1, hash, &size), TEE_SUCCESS);
	vector_expect(hash, size, vectors[3].hash, "the copy");
}

static TEE_OperationHandle extracting;

static void update_while_extracting(void)
{
	TEE_DigestUpdate(extracting, "x", 1);
}

static void final_data_while_extracting(void)
{
	uint8_t hash[32];
	size_t size = 32;

	(void)TEE_DigestDoFinal(extracting, "x", 1, hash, &size);
}

Test(digest, data_while_extracting_panics)
{
	uint8_t hash[4];
	size_t size = 4;

	extracting = operation_new(TEE_ALG_SHA256, TEE_MODE_DIGEST, 0);
	cr_assert_eq(TEE_DigestExtract(extracting, hash, &size), TEE_SUCCESS);
	cr_assert(runtime_double_panics(update_while_extracting));
	cr_assert(runtime_double_panics(final_data_while_extracting));
	cr_assert(strstr(runtime_double.panic_reason, "TEE_DigestDoFinal: "));
}
