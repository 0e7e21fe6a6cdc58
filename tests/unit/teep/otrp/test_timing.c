/*
 * T-26: how long it takes to refuse a content key tells nothing about the block that it came in.
 *
 * No time is judged by itself. Refusals of three kinds are made in turn, in an order drawn for each
 * round, and what is compared is the order of all the times: for kinds that take the same time,
 * each rank is as likely as any other (Mann and Whitney's test). A machine that is busy makes all
 * kinds slower. The last kind is a refusal that comes early, as it would if it told: that one is
 * found, so the test can tell.
 */
#include "teep/otrp/jwe.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <time.h>

#include "teep/pki/openssl_auto.h"
#include "test_keys.h"

#define ROUNDS	   1500
#define CIPHERTEXT 65536

/* How improbable the order may be: for kinds that do not differ, beyond once in a million. */
#define FAR 5.0

enum kind {
	KIND_RANDOM,
	KIND_WRONG_LENGTH,
	KIND_WRONG_TAG,
	KIND_EARLY,
	KIND_COUNT,
};

struct sample {
	double time;
	enum kind kind;
};

static EVP_PKEY *key;
static struct jwe jwe;
static uint8_t ciphertext[CIPHERTEXT], zero[16];

static void block_make(enum kind kind, uint8_t block[256])
{
	PKEY_CTX_AUTO context = EVP_PKEY_CTX_new(key, NULL);
	uint8_t content_key[32] = { 1 };
	size_t size = 256;

	cr_assert(EVP_PKEY_encrypt_init(context) > 0);
	cr_assert(EVP_PKEY_CTX_set_rsa_padding(
			  context, kind == KIND_RANDOM ? RSA_NO_PADDING : RSA_PKCS1_PADDING) > 0);
	if (kind == KIND_RANDOM) {
		arc4random_buf(block, size);
		block[0] &= 0x3f;
		return;
	}
	cr_assert(EVP_PKEY_encrypt(context, block, &size, content_key,
				   kind == KIND_WRONG_LENGTH ? 16 : 32) > 0);
}

static double refuse(enum kind kind)
{
	struct arena arena = { 0 };
	struct timespec before, after;
	struct span plaintext;
	uint8_t block[256], chosen[32];
	int rc;

	block_make(kind, block);
	jwe.encrypted_key = span_of(block, sizeof(block));
	clock_gettime(CLOCK_MONOTONIC, &before);
	if (kind == KIND_EARLY)
		rc = jwe_rsa_unwrap(key, jwe.encrypted_key, chosen, sizeof(chosen)) ? 0 : -EBADMSG;
	else
		rc = jwe_decrypt(&jwe, key, &arena, &plaintext, NULL);
	clock_gettime(CLOCK_MONOTONIC, &after);
	cr_assert_eq(rc, -EBADMSG);
	arena_clear(&arena);
	return (double)(after.tv_sec - before.tv_sec) * 1e9 +
	       (double)(after.tv_nsec - before.tv_nsec);
}

static int by_time(const void *a, const void *b)
{
	const double x = ((const struct sample *)a)->time, y = ((const struct sample *)b)->time;

	return (x > y) - (x < y);
}

/* In deviations of what it would be by chance; equal times share their ranks. */
static double distance(const struct sample *samples, size_t count, enum kind a, enum kind b)
{
	struct sample *pair = malloc(count * sizeof(*pair));
	double rank_sum = 0, n[2] = { 0, 0 }, mean, deviation;
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		if (samples[i].kind == a || samples[i].kind == b)
			pair[size++] = samples[i];
	qsort(pair, size, sizeof(*pair), by_time);
	for (size_t i = 0, end; i < size; i = end) {
		for (end = i + 1; end < size && pair[end].time == pair[i].time;)
			end++;
		for (size_t k = i; k < end; k++) {
			n[pair[k].kind == b]++;
			if (pair[k].kind == a)
				rank_sum += (double)(i + end + 1) / 2;
		}
	}
	mean = n[0] * (n[0] + n[1] + 1) / 2;
	deviation = sqrt(n[0] * n[1] * (n[0] + n[1] + 1) / 12);
	free(pair);
	return fabs(rank_sum - mean) / deviation;
}

Test(otrp_timing, t26_no_refusal_of_a_content_key_is_known_by_its_time)
{
	static struct sample samples[ROUNDS * KIND_COUNT];
	size_t count = 0;

	key = test_key(KEY_RSA, 1);
	jwe = (struct jwe) { .algorithm = JWE_RSA1_5,
			     .encryption = ENC_A128CBC_HS256,
			     .protected_text = span_of_text("eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0"),
			     .iv = span_of(zero, sizeof(zero)),
			     .ciphertext = span_of(ciphertext, sizeof(ciphertext)),
			     .tag = span_of(zero, sizeof(zero)) };
	for (int i = 0; i < 20; i++)
		(void)refuse((enum kind)(i % KIND_COUNT));
	for (int round = 0; round < ROUNDS; round++) {
		enum kind order[KIND_COUNT];

		for (unsigned i = 0; i < KIND_COUNT; i++) {
			const unsigned at = arc4random_uniform(i + 1);

			order[i] = order[at];
			order[at] = (enum kind)i;
		}
		for (unsigned i = 0; i < KIND_COUNT; i++, count++)
			samples[count] = (struct sample) { refuse(order[i]), order[i] };
	}
	for (unsigned a = KIND_RANDOM; a < KIND_EARLY; a++) {
		for (unsigned b = a + 1; b < KIND_EARLY; b++)
			cr_assert_lt(distance(samples, count, (enum kind)a, (enum kind)b), FAR,
				     "%u and %u: %f", a, b,
				     distance(samples, count, (enum kind)a, (enum kind)b));
		cr_assert_gt(distance(samples, count, (enum kind)a, KIND_EARLY), FAR,
			     "the test sees nothing: %f",
			     distance(samples, count, (enum kind)a, KIND_EARLY));
	}
	EVP_PKEY_free(key);
}
